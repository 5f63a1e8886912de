//! What Relaxed, Acquire, Release and SeqCst promise: two small programs, run again and again
//! by two threads at the same time. Compare with `atomic`, where Relaxed is enough.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicI64, AtomicU32};

use anyhow::{Result, ensure};
use common::menu::Options;
use crossbeam::utils::CachePadded;
use explorer::{Atomic, Explorer, Orders, Program};

use crate::found::report;
use crate::side_by_side::{Cpus, side_by_side, two_cpus};

/// Stores `n` in its own variable, then loads the other thread's.
type Announce = fn(mine: &AtomicU32, other: &AtomicU32, n: u32) -> u32;

fn announce_relaxed(mine: &AtomicU32, other: &AtomicU32, n: u32) -> u32 {
    mine.store(n, Relaxed);
    other.load(Relaxed)
}

fn announce_release(mine: &AtomicU32, other: &AtomicU32, n: u32) -> u32 {
    mine.store(n, Release);
    other.load(Acquire)
}

fn announce_seq_cst(mine: &AtomicU32, other: &AtomicU32, n: u32) -> u32 {
    mine.store(n, SeqCst);
    other.load(SeqCst)
}

/// Stores a message, then a flag that says that it is there.
type Sender = fn(message: &AtomicU32, flag: &AtomicU32, n: u32);
/// Loads the flag, then the message.
type Receiver = fn(message: &AtomicU32, flag: &AtomicU32) -> [u32; 2];

fn send_relaxed(message: &AtomicU32, flag: &AtomicU32, n: u32) {
    message.store(n, Relaxed);
    flag.store(n, Relaxed);
}

fn receive_relaxed(message: &AtomicU32, flag: &AtomicU32) -> [u32; 2] {
    [flag.load(Relaxed), message.load(Relaxed)]
}

fn send_release(message: &AtomicU32, flag: &AtomicU32, n: u32) {
    message.store(n, Relaxed);
    flag.store(n, Release);
}

fn receive_acquire(message: &AtomicU32, flag: &AtomicU32) -> [u32; 2] {
    [flag.load(Acquire), message.load(Relaxed)]
}

pub fn run(options: &Options) -> Result<()> {
    let rounds = options.number("--rounds", 1..=10_000_000)?.unwrap_or(100_000);
    println!("neither thread sees the other, one step at a time in the explorer:");
    report(Explorer::default(), Orders::All, announce_explored)?;

    let cpus = two_cpus("the orderings make a difference")?;
    announce(cpus, rounds, [announce_relaxed, announce_release, announce_seq_cst])?;
    let ways =
        [(send_relaxed as Sender, receive_relaxed as Receiver), (send_release, receive_acquire)];
    send(cpus, rounds, ways)
}

fn announce(cpus: Cpus, rounds: u32, ways: [Announce; 3]) -> Result<()> {
    let [relaxed, release, seq_cst] = ways;
    println!("neither thread sees the other, {rounds} rounds on two CPUs:");
    println!("  Relaxed:             ≈ {}", count_missed(cpus, rounds, relaxed)?);
    println!("  Release and Acquire: ≈ {}", count_missed(cpus, rounds, release)?);
    let missed = count_missed(cpus, rounds, seq_cst)?;
    println!("  SeqCst:              {missed}");
    ensure!(missed == 0, "SeqCst forbids it");
    Ok(())
}

fn send(cpus: Cpus, rounds: u32, ways: [(Sender, Receiver); 2]) -> Result<()> {
    let [relaxed, release] = ways;
    println!("the flag is seen, and not the message, {rounds} rounds on two CPUs:");
    let (seen, early) = count_early(cpus, rounds, relaxed)?;
    println!("  Relaxed:             ≈ {early}, of ≈ {seen} flags seen");
    let (seen, early) = count_early(cpus, rounds, release)?;
    println!("  Release and Acquire: {early}, of ≈ {seen} flags seen");
    ensure!(early == 0, "Release and Acquire forbid it");
    Ok(())
}

/// The explorer's threads do the same.
fn announce_explored(program: &mut Program) {
    let variables = [Atomic::new("x", 0), Atomic::new("y", 0)];
    // To remember what was seen is not a step.
    let seen = Arc::new([AtomicI64::new(0), AtomicI64::new(0)]);
    for (me, name) in ["t1", "t2"].into_iter().enumerate() {
        let [mine, other] = [me, 1 - me].map(|number| variables[number].clone());
        let seen = seen.clone();
        program.thread(name, move || {
            mine.store(1);
            seen[me].store(other.load(), Relaxed);
        });
    }
    program.at_the_end(move || match seen.each_ref().map(|seen| seen.load(Relaxed)) {
        [0, 0] => Err("neither sees the other".to_owned()),
        _ => Ok(()),
    });
}

/// Two variables, each on a cache line of its own. In round n, n is stored in them.
#[derive(Default)]
struct Variables {
    x: CachePadded<AtomicU32>,
    y: CachePadded<AtomicU32>,
}

/// In how many rounds neither thread saw the other.
fn count_missed(cpus: Cpus, rounds: u32, announce: Announce) -> Result<usize> {
    let Variables { x, y } = &Variables::default();
    let seen = side_by_side(cpus, rounds, |n| announce(x, y, n), |n| announce(y, x, n))?;
    Ok(seen.into_iter().zip(1..).filter(|&((first, second), n)| first < n && second < n).count())
}

/// In how many rounds the flag was seen, and in how many of these the message was not.
fn count_early(
    cpus: Cpus,
    rounds: u32,
    (send, receive): (Sender, Receiver),
) -> Result<(usize, usize)> {
    let Variables { x: message, y: flag } = &Variables::default();
    let seen = side_by_side(cpus, rounds, |n| send(message, flag, n), |_| receive(message, flag))?;
    let seen = seen.into_iter().zip(1..).filter(|&((_, [flag, _]), n)| flag == n);
    let early = seen.clone().filter(|&((_, [_, message]), n)| message < n);
    Ok((seen.count(), early.count()))
}

#[cfg(test)]
mod tests {
    use testing::{printed, start, test};

    use super::*;
    use crate::side_by_side::any_cpus;

    #[test]
    fn the_rounds_are_counted_in_which_neither_saw_the_other() {
        let lines = printed::lines("0", || {
            let some: Announce = |_, _, n| if n <= 30 { n - 1 } else { n };
            announce(any_cpus(), 100, [|_, _, _| 0, some, |_, _, n| n]).unwrap();
        });
        let counted: Vec<_> = lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(counted, ["CPUs:", "100", "30", "0"], "{lines:#?}");
        let one_sees: Announce = |mine, _, n| mine.swap(n, SeqCst) + 1;
        assert_eq!(count_missed(any_cpus(), 100, one_sees).unwrap(), 0);
        let error = announce(any_cpus(), 1, [|_, _, _| 0; 3]).unwrap_err();
        assert_eq!(error.to_string(), "SeqCst forbids it");
    }

    #[test]
    fn the_flags_are_counted_that_came_without_their_message() {
        static ROUND: AtomicU32 = AtomicU32::new(0);
        let receive: Receiver = |_, _| {
            let n = ROUND.fetch_add(1, SeqCst) % 100 + 1;
            match n {
                ..=20 => [n, n - 1],
                21..=50 => [n, n],
                _ => [n - 1, n - 1],
            }
        };
        let lines = printed::lines("0", || {
            let error = send(any_cpus(), 100, [(|_, _, _| (), receive); 2]).unwrap_err();
            assert_eq!(error.to_string(), "Release and Acquire forbid it");
        });
        assert_eq!(lines[1], "  Relaxed:             ≈ 20, of ≈ 50 flags seen");
        assert_eq!(lines[2], "  Release and Acquire: 20, of ≈ 50 flags seen");
    }

    #[test]
    fn the_message_and_the_flag_are_those_that_were_sent() {
        for (send, receive) in
            [(send_relaxed as Sender, receive_relaxed as Receiver), (send_release, receive_acquire)]
        {
            let Variables { x: message, y: flag } = &Variables::default();
            assert_eq!(receive(message, flag), [0, 0]);
            send(message, flag, 7);
            assert_eq!([message.load(SeqCst), flag.load(SeqCst)], [7, 7]);
            message.store(8, SeqCst);
            assert_eq!(receive(message, flag), [7, 8]);
        }
    }

    #[test]
    fn on_x86_a_load_overtakes_a_store_unless_both_are_seq_cst() {
        let Ok(cpus) = two_cpus("it makes a difference") else {
            start::pass_over("this process may use one CPU");
            return;
        };
        let missed = |rounds, announce| count_missed(cpus, rounds, announce).unwrap();
        for (announce, is_seq_cst) in [
            (announce_relaxed as Announce, false),
            (announce_release, false),
            (announce_seq_cst, true),
        ] {
            let Variables { x, y } = &Variables::default();
            assert_eq!([announce(x, y, 1), announce(y, x, 2)], [0, 1]);
            if is_seq_cst {
                assert_eq!(missed(10_000, announce), 0);
            } else if cfg!(target_arch = "x86_64") {
                // Ever more, for a machine so busy that the two never run at the same time.
                let mut rounds = [10_000, 100_000, 1_000_000, 10_000_000].into_iter();
                assert!(rounds.any(|rounds| missed(rounds, announce) > 0));
            }
        }
    }
}
