//! A barrier: nobody continues before all have arrived. The threads work in rounds, and no thread may
//! read what another has already changed in this round. What if one of them never comes?

mod meeting;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use common::{paced, text};
use explorer::sync::Barrier as ExploredBarrier;
use explorer::{Atomic, Explorer, Program};
use meeting::{BrokenBarrier, Meeting};

use crate::found::{show_simplest, try_all};

const CELLS: usize = 4;

pub fn run(options: &Options) -> Result<()> {
    let rounds = options.number("--rounds", 1..=40)?.unwrap_or(3);
    println!("{CELLS} threads, each has a number, which becomes the sum of its neighbours:");
    let numbers = grow(rounds)?;
    ensure!(numbers == alone(rounds), "a thread has read what was of another round");

    let (explorer, source) = (Explorer::default(), include_str!("barrier.rs"));
    println!("two threads, each adds the other's number to its own, without a barrier:");
    try_all(explorer, |program: &mut Program| two_add(program, 1))?;
    println!("with a barrier between load and store:");
    let report = try_all(explorer, |program: &mut Program| two_add(program, 2))?;
    ensure!(report.failures == 0, "it went wrong, and is right");
    println!("a barrier for three, and the third never comes:");
    show_simplest(explorer, |program: &mut Program| two_add(program, 3), source)?;

    println!("a barrier that can be broken, for three:");
    let broken = meet(Duration::MAX, |meeting| meeting.abort())?;
    println!("  the third aborts: {broken} threads get an error");
    let (limit, begin) = (paced(Duration::from_secs(1)), Instant::now());
    let broken = meet(limit, |_| ())?;
    let [limit, time] = [limit, begin.elapsed()].map(text::time);
    println!(
        "  the third never comes: with a limit of {limit}, {broken} threads get an error after {time}"
    );
    Ok(())
}

/// A thread for each number.
fn grow(rounds: u32) -> Result<[u64; CELLS]> {
    let shared = Arc::new((Barrier::new(CELLS), [1, 0, 0, 0].map(AtomicU64::new)));
    let mut threads = Vec::new();
    for cell in 0..CELLS {
        let shared = shared.clone();
        let thread = thread::Builder::new().name(format!("cell {cell}"));
        let thread =
            thread.spawn(move || (1..=rounds).for_each(|round| grow_cell(cell, round, &shared)));
        threads.push(thread.context("start a thread")?);
    }
    for thread in threads {
        thread.join().ok().context("join: the thread panicked")?;
    }
    Ok(shared.1.each_ref().map(|number| number.load(Relaxed)))
}

/// One round of a thread.
fn grow_cell(cell: usize, round: u32, (barrier, numbers): &(Barrier, [AtomicU64; CELLS])) {
    let neighbours = [(cell + CELLS - 1) % CELLS, (cell + 1) % CELLS];
    let sum = neighbours.map(|neighbour| numbers[neighbour].load(Relaxed)).iter().sum();
    // Now all have read, and may write.
    barrier.wait();
    numbers[cell].store(sum, Relaxed);
    // Now all have written, and may read.
    if barrier.wait().is_leader() {
        println!("  round {round}: {numbers:?}");
    }
}

/// The same without threads.
fn alone(rounds: u32) -> [u64; CELLS] {
    let round = |old: [u64; CELLS], _| {
        std::array::from_fn(|cell| old[(cell + CELLS - 1) % CELLS] + old[(cell + 1) % CELLS])
    };
    (0..rounds).fold([1, 0, 0, 0], round)
}

/// For the explorer, with a barrier for a number of threads: 1 holds nobody.
fn two_add(program: &mut Program, parties: usize) {
    let numbers = [Atomic::new("x", 1), Atomic::new("y", 2)];
    let barrier = Arc::new(ExploredBarrier::new(parties));
    for (me, name) in ["t1", "t2"].into_iter().enumerate() {
        let [mine, other] = [me, 1 - me].map(|number| numbers[number].clone());
        let barrier = barrier.clone();
        program.thread(name, move || {
            let sum = mine.load() + other.load();
            barrier.wait();
            mine.store(sum);
        });
    }
    program.at_the_end(move || match numbers.each_ref().map(Atomic::load) {
        [3, 3] => Ok(()),
        wrong => Err(format!("the numbers are {wrong:?}, not [3, 3]")),
    });
}

/// Two threads wait at the barrier, and this one does something else; returns how many of them
/// are told that it is broken.
fn meet(limit: Duration, third: fn(&Meeting)) -> Result<usize> {
    let meeting = Arc::new(Meeting::new(3));
    let mut threads = Vec::new();
    for _ in 0..2 {
        let meeting = meeting.clone();
        let thread = thread::Builder::new().name("waits".to_owned());
        let thread = thread.spawn(move || meeting.wait(limit));
        threads.push(thread.context("start a thread")?);
    }
    third(&meeting);
    let mut broken = 0;
    for thread in threads {
        let met = thread.join().ok().context("join: the thread panicked")?;
        broken += usize::from(met == Err(BrokenBarrier));
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn those_are_counted_that_are_told() {
        let hour = Duration::from_secs(3600);
        let third: fn(&Meeting) = |meeting| assert_eq!(meeting.wait(Duration::MAX), Ok(()));
        assert_eq!(meet(hour, third).unwrap(), 0);
        assert_eq!(meet(hour, Meeting::abort).unwrap(), 2);
        assert_eq!(meet(Duration::ZERO, |_| ()).unwrap(), 2);
    }

    #[test]
    fn a_thread_that_does_not_wait_for_the_others_is_noticed() {
        // All of its rounds, before the others begin.
        let shared = (Barrier::new(1), [1, 0, 0, 0].map(AtomicU64::new));
        printed::lines("0", || {
            (1..=3).for_each(|round| (0..CELLS).for_each(|cell| grow_cell(cell, round, &shared)));
            assert_ne!(shared.1.each_ref().map(|number| number.load(Relaxed)), alone(3));
        });
        assert_eq!([alone(0), alone(1), alone(2)], [[1, 0, 0, 0], [0, 1, 0, 1], [2, 0, 2, 0]]);
    }
}
