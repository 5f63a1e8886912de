//! How many threads can a process have, and how many processes can there be? What it
//! takes to start them, how much memory they need, and which limit they meet.

mod leader;
mod limits;

use std::io::{IsTerminal, stderr};
use std::iter::successors;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::child::in_words;
use common::{NotHere, paced, proc, text};
use leader::{Kind, Leader, News};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

/// `room`: how much memory a process may reserve, in MiB.
pub fn run(threads: usize, processes: usize, room: Option<u64>) -> Result<()> {
    println!("          all there       each    reserved        used  page tables");
    for (kind, most) in [(Kind::Threads, threads), (Kind::Processes, processes)] {
        println!("{}", kind.name());
        let more = |&n: &usize| (n < most).then(|| most.min(if n == 1 { 100 } else { 10 * n }));
        for count in successors((most > 0).then_some(1), more) {
            let leader = gather(kind, count, room)?;
            if count == most {
                thread::sleep(paced(Duration::from_millis(200)));
            }
            end(leader)?;
        }
    }
    Ok(())
}

/// Starts so many, and tells what they took once all of them are there.
fn gather(kind: Kind, count: usize, room: Option<u64>) -> Result<Leader> {
    let mut leader = Leader::fork(kind, count, room)?;
    let pid = leader.pid();
    let start = Instant::now();
    leader.begin()?;
    let mut progress = Progress::new(start);
    let mut members = Vec::new();
    while members.len() < count {
        let (after, why) = match leader.next_news() {
            Some(News::IsThere(member)) => {
                members.push(member);
                progress.tell(members.len(), count);
                continue;
            }
            Some(News::Refused { why, after }) => (after, format!("{why:?}")),
            None => (members.len(), "their process has ended".to_owned()),
        };
        drop(progress);
        let limit = limits::met(pid, kind, after);
        let after = format!("after ≈ {after} {}", kind.name());
        return Err(NotHere(format!("no room {after}: {why} ({limit})")).into());
    }
    let time = start.elapsed();
    drop(progress);

    let memory = match kind {
        // They are all in one process.
        Kind::Threads => Memory::of([pid].into_iter())?,
        Kind::Processes => Memory::of(members.into_iter().chain([pid]))?,
    };
    let (all, each) = (text::time(time), text::time(time / count as u32));
    let [reserved, used, tables] = [memory.reserved, memory.used, memory.tables].map(mib);
    println!("{count:>7} {all:>11} {each:>10} {reserved:>11} {used:>11} {tables:>12}  pid {pid}");
    Ok(leader)
}

/// Lets all of them end, and waits for that.
fn end(leader: Leader) -> Result<()> {
    let (pid, end) = (leader.pid(), leader.end()?);
    ensure!(end == WaitStatus::Exited(pid, 0), "pid {pid} ended badly: {}", in_words(end));
    Ok(())
}

/// In KiB.
#[derive(Default)]
struct Memory {
    reserved: u64,
    /// A page that several processes use counts as a part for each.
    used: u64,
    tables: u64,
}

impl Memory {
    /// Of these processes together.
    fn of(processes: impl Iterator<Item = Pid>) -> Result<Memory> {
        let mut memory = Memory::default();
        for pid in processes {
            let status = format!("/proc/{pid}/status");
            memory.reserved += proc::kib(&status, "VmSize")?;
            memory.tables += proc::kib(&status, "VmPTE")?;
            memory.used += proc::kib(format!("/proc/{pid}/smaps_rollup"), "Pss")?;
        }
        Ok(memory)
    }
}

fn mib(kib: u64) -> String {
    let mib = kib as f64 / 1024.0;
    if mib < 99.95 { format!("≈ {mib:.1} MiB") } else { format!("≈ {mib:.0} MiB") }
}

/// Says on a terminal how far it is, after a second.
struct Progress {
    next: Option<Instant>,
    told: bool,
}

impl Progress {
    fn new(start: Instant) -> Progress {
        let next = stderr().is_terminal().then_some(start + Duration::from_secs(1));
        Progress { next, told: false }
    }

    fn tell(&mut self, done: usize, all: usize) {
        let now = Instant::now();
        if self.next.is_some_and(|next| next <= now) {
            eprint!("\r{done} of {all} ...");
            *self = Progress { next: Some(now + Duration::from_millis(200)), told: true };
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.told {
            eprint!("\r{:40}\r", "");
        }
    }
}
