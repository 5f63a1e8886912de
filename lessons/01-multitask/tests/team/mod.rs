//! What the tasks of a team handed over to their parent, read from the record of their
//! calls; and what follows from it, computed in the most simple way.

use std::time::Duration;

use testing::strace::{Call, Record};

/// Tasks that were started together.
#[derive(Debug)]
pub struct Team {
    /// Their ids.
    pub ids: Vec<i64>,
    /// The instant that the parent gave them as their start.
    pub start: u64,
    /// What each handed over.
    pub words: Vec<Vec<u64>>,
    /// The time from a moment before the start until the first of them handed it over.
    pub time: Duration,
}

/// What a task recorded: slices are start, end and CPU.
#[derive(Debug)]
pub struct Recording {
    pub gaps: u64,
    pub stretches: Vec<[u64; 3]>,
}

/// The teams that a demo started, one after the other.
pub fn teams(record: &Record) -> Vec<Team> {
    let mut teams = Vec::new();
    let mut ids = Vec::new();
    let calls = &record.first().calls;
    for (number, call) in calls.iter().enumerate() {
        if let Some(id) = call.starts() {
            ids.push(id);
        } else if call.name == "write" && call.descriptor() > Some(2) && !ids.is_empty() {
            let starts = words(call.bytes());
            // All of them are told at once, and the same.
            assert_eq!(starts, vec![starts[0]; ids.len()]);
            let words = ids.iter().map(|id| handed_over(record, *id)).collect();
            let ends = ids.iter().map(|id| record.caller(*id).calls("write").last().unwrap().begin);
            let time = ends.min().unwrap() - calls[number - 1].begin;
            teams.push(Team { ids: std::mem::take(&mut ids), start: starts[0], words, time });
        }
    }
    assert!(ids.is_empty(), "started, but not told to begin: {ids:?}");
    teams
}

/// The numbers of CPUs that tasks may use, as their parent has told the kernel.
pub fn cpus(record: &Record, team: &Team) -> Vec<usize> {
    let cpus = team.ids.iter().map(|id| {
        let mut calls = record.first().calls("sched_setaffinity");
        let call = calls.find(|call| call.descriptor() == Some(*id)).expect("it is bound");
        call.arguments.split(['[', ']']).nth(1).unwrap().split_whitespace().count()
    });
    cpus.collect()
}

/// The words that a task wrote last, to one descriptor.
fn handed_over(record: &Record, id: i64) -> Vec<u64> {
    let writes: Vec<&Call> = record.caller(id).calls("write").collect();
    let Some(last) = writes.last() else { panic!("task {id} handed over nothing") };
    let same = writes.iter().filter(|call| call.descriptor() == last.descriptor());
    words(&same.flat_map(|call| call.bytes()).copied().collect::<Vec<_>>())
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let (words, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "a torn word");
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

impl Team {
    /// The recordings, after this many words of another kind. What the kernel counted is not
    /// taken from them.
    pub fn recordings(&self, skip: usize) -> Vec<Recording> {
        let recordings = self.words.iter().map(|words| {
            let (stretches, []) = words[skip + 2..].as_chunks() else { panic!("torn") };
            Recording { gaps: words[skip], stretches: stretches.to_vec() }
        });
        recordings.collect()
    }

    /// Holds that no task says that it ran for longer than the kernel let it run.
    #[track_caller]
    pub fn assert_ran(&self, record: &Record, recordings: &[Recording]) {
        for (id, recording) in self.ids.iter().zip(recordings) {
            let ran = recording.stretches.iter().map(|[start, end, _]| end - start).sum();
            let ran = Duration::from_nanos(ran);
            let counted: Vec<_> = record.caller(*id).calls("getrusage").map(cpu_time).collect();
            let counted = counted[counted.len() - 1] - counted[0];
            assert!(ran <= counted + Duration::from_millis(1), "{ran:?} of {counted:?}");
        }
    }

    /// The CPU time that its tasks used, from the first time that each asked to the last.
    pub fn cpu_time(&self, record: &Record) -> Duration {
        let used = self.ids.iter().map(|id| {
            let counted: Vec<_> = record.caller(*id).calls("getrusage").map(cpu_time).collect();
            counted[counted.len() - 1] - counted[0]
        });
        used.sum()
    }

    /// By how much a field of getrusage grew from the first time that a task asked to the last.
    pub fn used(&self, record: &Record, field: &str) -> Vec<u64> {
        let used = self.ids.iter().map(|id| {
            let calls = record.caller(*id).calls("getrusage");
            let numbers: Vec<_> = calls.map(|call| call.field(field).unwrap()).collect();
            (numbers[numbers.len() - 1] - numbers[0]) as u64
        });
        used.collect()
    }
}

/// The CPU time in a result of getrusage.
fn cpu_time(call: &Call) -> Duration {
    call.times().iter().sum()
}

/// The slices of each task: stretches, joined where the pause between them is short and none
/// of the tasks ran on that CPU.
pub fn slices(tasks: &[Recording]) -> Vec<Vec<[u64; 3]>> {
    let all: Vec<_> = tasks.iter().flat_map(|task| &task.stretches).collect();
    let is_free = |cpu, from, to| !all.iter().any(|it| it[2] == cpu && it[0] < to && from < it[1]);
    let of_task = |task: &Recording| {
        let mut slices: Vec<[u64; 3]> = Vec::new();
        for &[start, end, cpu] in &task.stretches {
            match slices.last_mut() {
                Some(last)
                    if last[2] == cpu
                        && start - last[1] <= 100_000
                        && is_free(cpu, last[1], start) =>
                {
                    last[1] = end;
                }
                _ => slices.push([start, end, cpu]),
            }
        }
        slices
    };
    tasks.iter().map(of_task).collect()
}

/// For how long the task ran between two instants.
pub fn time_between(slices: &[[u64; 3]], from: f64, to: f64) -> f64 {
    let common = |slice: &[u64; 3]| (slice[1] as f64).min(to) - (slice[0] as f64).max(from);
    slices.iter().map(|slice| common(slice).max(0.0)).sum()
}

/// The most tasks that ran at one instant: it must be one at which one of them began.
pub fn most_at_once(tasks: &[Vec<[u64; 3]>]) -> usize {
    let all = tasks.concat();
    let at = |instant| all.iter().filter(|it| it[0] <= instant && instant < it[1]).count();
    all.iter().map(|slice| at(slice[0])).max().unwrap_or(0)
}

/// The numbers of a line, in order, whatever stands around them.
pub fn numbers(line: &str) -> Vec<f64> {
    let parts = line.split(|c: char| !c.is_ascii_digit() && c != '.');
    parts.filter_map(|part| part.trim_end_matches('.').parse().ok()).collect()
}
