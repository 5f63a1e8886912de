//! Tasks that make tasks: nobody could hand these out in advance, so a thread with an empty
//! queue steals from another. Rayon works like this.

use std::iter::repeat_with;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, ensure};
use crossbeam::deque::{Steal, Stealer, Worker};

/// The numbers to add up, and how many of them make one task.
const NUMBERS: Range<u64> = 0..1 << 20;
const FEW: u64 = 1 << 10;

/// What a thread has done.
#[derive(Default)]
struct Done {
    tasks: usize,
    stolen: usize,
    sum: u64,
}

pub fn run() -> Result<()> {
    let threads = 4;
    let queues: Vec<Worker<Range<u64>>> = repeat_with(Worker::new_lifo).take(threads).collect();
    let stealers: Vec<_> = queues.iter().map(Worker::stealer).collect();
    // All of the work is in the first queue.
    queues[0].push(NUMBERS);
    let open = AtomicUsize::new(1);

    let done: Vec<Done> = thread::scope(|scope| {
        let start = |queue| {
            let (stealers, open) = (&stealers, &open);
            scope.spawn(move || work(&queue, stealers, open))
        };
        let running: Vec<_> = queues.into_iter().map(start).collect();
        running.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    let sum = report(&done);
    ensure!(sum == NUMBERS.sum::<u64>(), "a task was lost, or done twice");
    Ok(())
}

/// Prints what each thread has done, and what all of them; returns the sum.
fn report(done: &[Done]) -> u64 {
    for (number, Done { tasks, stolen, .. }) in (1..).zip(done) {
        println!("thread {number}: ≈ {tasks} tasks, ≈ {stolen} of them stolen");
    }
    let tasks: usize = done.iter().map(|done| done.tasks).sum();
    let sum: u64 = done.iter().map(|done| done.sum).sum();
    println!("together: {tasks} tasks, and the sum {sum}");
    sum
}

/// Runs tasks until no thread has one left. A thread that finds nothing to steal tries again at
/// once, which keeps a CPU busy; rayon's threads go to sleep instead.
fn work(own: &Worker<Range<u64>>, others: &[Stealer<Range<u64>>], open: &AtomicUsize) -> Done {
    let mut done = Done::default();
    while open.load(Ordering::Acquire) > 0 {
        let task = own.pop().or_else(|| {
            let stolen = steal(others);
            done.stolen += usize::from(stolen.is_some());
            stolen
        });
        let Some(task) = task else {
            thread::yield_now();
            continue;
        };
        done.tasks += 1;
        if task.end - task.start <= FEW {
            done.sum += task.sum::<u64>();
        } else {
            let middle = task.start.midpoint(task.end);
            open.fetch_add(2, Ordering::Relaxed);
            own.push(task.start..middle);
            own.push(middle..task.end);
        }
        open.fetch_sub(1, Ordering::Release);
    }
    done
}

/// The oldest task of another thread, which is also its largest.
fn steal(others: &[Stealer<Range<u64>>]) -> Option<Range<u64>> {
    let attempt: Steal<_> = others.iter().map(Stealer::steal).collect();
    attempt.success()
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn what_each_has_done_is_told() {
        let lines = printed::lines("0", || {
            let done = |tasks, stolen, sum| Done { tasks, stolen, sum };
            assert_eq!(report(&[done(700, 5, 1000), done(30, 30, 234)]), 1234);
        });
        assert_eq!(
            lines,
            [
                "thread 1: ≈ 700 tasks, ≈ 5 of them stolen",
                "thread 2: ≈ 30 tasks, ≈ 30 of them stolen",
                "together: 730 tasks, and the sum 1234",
            ]
        );
    }

    /// What a thread does alone, with all work in the first of two queues or in the second.
    fn done_alone(number: usize) -> Done {
        let queues = [Worker::new_lifo(), Worker::new_lifo()];
        queues[0].push(NUMBERS);
        let stealers: Vec<_> = queues.iter().map(Worker::stealer).collect();
        work(&queues[number], &stealers, &AtomicUsize::new(1))
    }

    #[test]
    fn what_is_in_another_queue_is_stolen() {
        for (number, stolen) in [(0, 0), (1, 1)] {
            let done = done_alone(number);
            // Halved ten times, and all that were on the way.
            assert_eq!((done.tasks, done.stolen), (2 * 1024 - 1, stolen));
            assert_eq!(done.sum, NUMBERS.sum::<u64>());
        }
    }

    #[test]
    fn the_oldest_is_stolen_and_the_newest_taken() {
        let queue = Worker::new_lifo();
        [0..4, 4..6, 6..7].into_iter().for_each(|task| queue.push(task));
        assert_eq!(steal(&[queue.stealer()]), Some(0..4));
        assert_eq!(queue.pop(), Some(6..7));
    }
}
