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
    println!("        all there     each    reserved       used page tables   parts");
    let crowds = [(Kind::Threads, threads), (Kind::Processes, processes)];
    for (kind, most) in crowds.into_iter().filter(|&(_, most)| most > 0) {
        println!("{}", kind.name());
        let more = |&n: &usize| (n < most).then(|| most.min(if n == 1 { 100 } else { 10 * n }));
        let mut parts_each = 0.0;
        for count in successors(Some(1), more) {
            let (leader, parts) = gather(kind, count, room, parts_each)?;
            parts_each = parts as f64 / count as f64;
            if count == most {
                thread::sleep(paced(Duration::from_millis(200)));
            }
            end(leader)?;
        }
    }
    Ok(())
}

/// Starts `count`, and prints what they took once all of them are there. Also returns into how
/// many parts the memory of a process was divided; `parts_each` is what a smaller crowd needed.
fn gather(kind: Kind, count: usize, room: Option<u64>, parts_each: f64) -> Result<(Leader, usize)> {
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
        let limit = limits::met(pid, (after as f64 * parts_each) as usize);
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
    let parts = memory.parts;
    println!(
        "{count:>7} {all:>9} {each:>8} {reserved:>11} {used:>10} {tables:>11} ≈ {parts:>5}  pid {pid}"
    );
    Ok((leader, parts))
}

/// Lets all of them end, and waits for that.
fn end(leader: Leader) -> Result<()> {
    let (pid, end) = (leader.pid(), leader.end()?);
    ensure!(end == WaitStatus::Exited(pid, 0), "pid {pid} ended badly: {}", describe(end));
    Ok(())
}
