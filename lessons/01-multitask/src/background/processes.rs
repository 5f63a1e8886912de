//! All processes that are listed in /proc: proc(5).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use recorder::now;

/// What one process was doing at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The id of its parent.
    parent: u32,
    /// When it was started: an id may be used again.
    started: u64,
    /// Its name, at most 15 bytes of it.
    pub name: String,
    /// The state of its main thread: `R` if it runs or could run, `S` if it sleeps.
    pub state: char,
    /// How many threads it has.
    pub threads: u64,
    /// The CPU time it has used, in clock ticks.
    pub ticks: u64,
}

/// All processes, at a time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub time: Duration,
    /// The processes in sight.
    pub processes: Vec<Process>,
    /// How often a CPU has switched from one thread to another since the start
    /// of the system.
    pub switches: u64,
}

impl Process {
    /// Reads the text of /proc/PID/stat.
    fn read(stat: &str) -> Option<Self> {
        // A name may hold spaces and parentheses. The last one is not part of it.
        let (pid, rest) = stat.split_once(" (")?;
        let (name, fields) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        // proc(5) counts from 1, and the state is the third.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            parent: fields.get(1)?.parse().ok()?,
            started: field(22)?,
            name: name.replace(|c: char| c.is_control() || c == '"', "?"),
            state: fields.first()?.chars().next()?,
            threads: field(20)?,
            ticks: field(14)? + field(15)?,
        })
    }
}

impl Snapshot {
    /// Looks at all processes.
    ///
    /// # Errors
    /// If there is no /proc to look into.
    pub fn take() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("/proc/stat")?;
        let switches = stat.lines().find_map(|line| line.strip_prefix("ctxt "));
        let switches = switches.and_then(|number| number.parse().ok());
        let entries = fs::read_dir("/proc").context("/proc")?.flatten();
        // A process is a folder named after its id. It may end before it is read.
        let folders = entries.filter(|entry| is_number(&entry.file_name()));
        let stats = folders.filter_map(|folder| fs::read(folder.path().join("stat")).ok());
        let processes = stats.filter_map(|stat| Process::read(&String::from_utf8_lossy(&stat)));
        Ok(Self {
            time: now()?,
            processes: processes.collect(),
            switches: switches.context("/proc/stat: no line 'ctxt'")?,
        })
    }

    /// How many processes are in a state for which `is` returns true.
    pub fn count(&self, is: impl Fn(char) -> bool) -> usize {
        self.processes.iter().filter(|process| is(process.state)).count()
    }

    /// The processes with the clock ticks that each has used since `before`, the
    /// busiest first.
    pub fn busiest_since(&self, before: &Snapshot) -> Vec<(u64, &Process)> {
        let key = |process: &Process| (process.pid, process.started);
        let used: HashMap<_, _> = before.processes.iter().map(|p| (key(p), p.ticks)).collect();
        let used = |process: &Process| used.get(&key(process)).copied().unwrap_or(0);
        let since = self.processes.iter().map(|p| (p.ticks.saturating_sub(used(p)), p));
        let mut busiest: Vec<_> = since.collect();
        // Those that have used nothing since then are sorted by what they used before.
        busiest.sort_by_key(|(ticks, process)| std::cmp::Reverse((*ticks, process.ticks)));
        busiest
    }

    /// The process that has the most processes of its own program below it, its children and
    /// theirs, and how many they are; among the processes whose program this user may know.
    pub fn largest_program(&self) -> Option<(&Process, usize)> {
        // Threads of the kernel have no program.
        let program = |process: &Process| fs::read_link(format!("/proc/{}/exe", process.pid)).ok();
        let programs = self.processes.iter().filter_map(|p| Some((p.pid, (p, program(p)?))));
        largest(&programs.collect())
    }
}

/// Finds the largest program among processes, by their ids, with the file of each program.
fn largest<'a, P: PartialEq>(
    processes: &HashMap<u32, (&'a Process, P)>,
) -> Option<(&'a Process, usize)> {
    let first_of_its_program = |mut pid: u32| {
        // As many steps as there are processes at most: ids that are used again while they
        // are read could make a circle.
        for _ in processes {
            let (process, program) = &processes[&pid];
            match processes.get(&process.parent) {
                Some((_, same)) if same == program => pid = process.parent,
                _ => break,
            }
        }
        pid
    };
    let mut counts = HashMap::new();
    for &pid in processes.keys() {
        *counts.entry(first_of_its_program(pid)).or_insert(0) += 1;
    }
    let (first, count) = counts.into_iter().max_by_key(|&(_, count)| count)?;
    Some((processes[&first].0, count - 1))
}

fn is_number(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
