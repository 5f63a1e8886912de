//! Jobs that run at the same time, and whose results come in order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// How many jobs to run at once: three times as many as there are CPUs, since most of what the
/// lessons do is waiting. With fewer, a CPU is idle now and then; with more, they get in each
/// other's way and nothing is gained.
pub fn usual() -> usize {
    3 * thread::available_parallelism().map_or(1, NonZero::get)
}

/// Starts the jobs in order, `at_once` of them at a time, and hands over the result of
/// each when it and those of all jobs before it have come.
///
/// # Panics
/// If `work` panics.
pub fn run<J: Sync, R: Send>(
    jobs: &[J],
    at_once: usize,
    work: impl Fn(usize, &J) -> R + Sync,
    mut hand_over: impl FnMut(usize, R),
) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        let (next, work) = (&next, &work);
        for _ in 0..at_once.min(jobs.len()) {
            let sender = sender.clone();
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    // The receiver is gone only if `hand_over` panicked.
                    let _ = sender.send((index, work(index, job)));
                }
            });
        }
        drop(sender);
        let (mut early, mut expected) = (BTreeMap::new(), 0);
        for (index, result) in receiver {
            early.insert(index, result);
            while let Some(result) = early.remove(&expected) {
                hand_over(expected, result);
                expected += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::run;

    #[test]
    fn each_result_comes_once_and_in_order() {
        for count in [0, 1, 2, 100] {
            let jobs: Vec<usize> = (0..count).collect();
            let mut results = Vec::new();
            run(&jobs, 3, |_, job| job * 2, |index, result| results.push((index, result)));
            assert_eq!(results, jobs.iter().map(|job| (*job, job * 2)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn as_many_run_at_once_as_asked_for() {
        let meeting = Barrier::new(3);
        run(&[(); 3], 3, |_, ()| meeting.wait(), |_, _| ());
    }
}
