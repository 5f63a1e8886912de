//! How many threads can a process have, and how many processes can there be? How long they
//! take to start, how much memory they need, and which limit they meet.

mod lead;
mod leader;
mod limits;
mod memory;

use std::iter::successors;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::child::describe;
use common::progress::Progress;
use common::{Unsupported, paced, text};
use leader::{Leader, News};
use memory::{Memory, mib};
use nix::sys::wait::WaitStatus;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Threads,
    Processes,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Threads => "threads",
            Kind::Processes => "processes",
        }
    }
}

/// `room`: how much memory a process may reserve, in MiB.
pub fn run(threads: usize, processes: usize, room: Option<u64>) -> Result<()> {
    println!("          all there       each    reserved        used  page tables");
    let crowds = [(Kind::Threads, threads), (Kind::Processes, processes)];
    for (kind, most) in crowds.into_iter().filter(|&(_, most)| most > 0) {
        println!("{}", kind.name());
        let more = |&n: &usize| (n < most).then(|| most.min(if n == 1 { 100 } else { 10 * n }));
        for count in successors(Some(1), more) {
            let leader = gather(kind, count, room)?;
            if count == most {
                thread::sleep(paced(Duration::from_millis(200)));
            }
            end(leader)?;
        }
    }
    Ok(())
}

/// Starts `count`, and prints what they took once all of them are there.
fn gather(kind: Kind, count: usize, room: Option<u64>) -> Result<Leader> {
    let mut leader = Leader::fork(kind, count, room)?;
    let pid = leader.pid();
    let start = Instant::now();
    leader.begin()?;
    let progress = Progress::new();
    let mut members = Vec::new();
    while members.len() < count {
        let (after, why) = match leader.next_news() {
            Some(News::Started(member)) => {
                members.push(member);
                if members.len() % 100 == 0 {
                    progress.show(&format!("{} of {count} ...", members.len()));
                }
                continue;
            }
            Some(News::Refused { why, after }) => (after, format!("{why:?}")),
            None => (members.len(), "their process has ended".to_owned()),
        };
        drop(progress);
        let limit = limits::met(pid, kind, after);
        let after = format!("after ≈ {after} {}", kind.name());
        return Err(Unsupported(format!("no room {after}: {why} ({limit})")).into());
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
    ensure!(end == WaitStatus::Exited(pid, 0), "pid {pid} ended badly: {}", describe(end));
    Ok(())
}
