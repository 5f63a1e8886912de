//! Two threads that run at the same time: each on a CPU of its own, and in many short rounds, for
//! which they wait for each other.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use anyhow::{Context, Result};
use common::{Unsupported, cpus};
use crossbeam::utils::{Backoff, CachePadded};
use nix::unistd::gettid;

/// The CPUs of the two threads.
pub type Cpus = [usize; 2];

/// Two CPUs that this process may use.
///
/// # Errors
/// [`Unsupported`] if it has one; `what` happens only with two.
pub fn two_cpus(what: &str) -> Result<Cpus> {
    match cpus::allowed()?[..] {
        [first, second, ..] => Ok([first, second]),
        _ => {
            let why = format!("{what} between two CPUs, and this process may use one");
            Err(Unsupported(why).into())
        }
    }
}

/// For tests: on one CPU, too, what counts is the same.
#[cfg(test)]
pub fn any_cpus() -> Cpus {
    let cpus = cpus::allowed().unwrap();
    [cpus[0], cpus[cpus.len() - 1]]
}

/// This thread and a second one, each on a CPU of its own, begin each round at the same time.
/// Returns what they saw in it.
///
/// # Errors
/// If a thread cannot be started, or not choose its CPU.
pub fn side_by_side<A, B: Send>(
    cpus: Cpus,
    rounds: u32,
    first: impl Fn(u32) -> A,
    second: impl Fn(u32) -> B + Send,
) -> Result<Vec<(A, B)>> {
    let arrivals = CachePadded::new(AtomicU32::new(0));
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("second".to_owned());
        let thread = thread.spawn_scoped(scope, || each_round(cpus[1], rounds, &arrivals, second));
        let thread = thread.context("start a thread")?;
        let firsts = each_round(cpus[0], rounds, &arrivals, first);
        let seconds = thread.join().ok().context("join: the thread panicked")?;
        Ok(firsts?.into_iter().zip(seconds?).collect())
    })
}

/// Takes a step in each round, as soon as both threads have come to it.
fn each_round<T>(
    cpu: usize,
    rounds: u32,
    arrivals: &AtomicU32,
    step: impl Fn(u32) -> T,
) -> Result<Vec<T>> {
    // Otherwise they may take turns on one CPU. If it fails, the other thread waits all the same.
    let pinned = cpus::pin(gettid(), &[cpu]);
    let round = |n| {
        // Not a `Barrier`: to wake a thread that sleeps takes longer than a round.
        arrivals.fetch_add(1, SeqCst);
        let backoff = Backoff::new();
        while arrivals.load(SeqCst) < 2 * n {
            backoff.snooze();
        }
        step(n)
    };
    let seen = (1..=rounds).map(round).collect();
    pinned?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use testing::{start, test};

    use super::*;

    #[test]
    fn both_are_in_the_same_round_on_different_cpus() {
        let Ok(cpus) = two_cpus("it happens") else {
            start::pass_over("this process may use one CPU");
            return;
        };
        start::must_choose_cpus();
        let (numbers, meeting) = ([(); 2].map(|()| AtomicU32::new(0)), Barrier::new(2));
        let step = |me: usize, n| {
            numbers[me].store(n, SeqCst);
            meeting.wait();
            assert_eq!(numbers[1 - me].load(SeqCst), n);
            assert_eq!(cpus::allowed().unwrap(), [cpus[me]]);
            meeting.wait();
            10 * n + me as u32
        };
        let seen = side_by_side(cpus, 3, |n| step(0, n), |n| step(1, n)).unwrap();
        assert_eq!(seen, [(10, 11), (20, 21), (30, 31)]);
    }
}
