//! The ways to run tasks that `speed` compares, and what it measures of each.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use crossbeam::channel::unbounded;
use process_pool::{Function, ProcessPool};
use serde_bytes::ByteBuf;
use threadpool::ThreadPool;

use crate::TASKS;

/// The sizes of arguments and results, in bytes.
pub const SIZES: [usize; 3] = [64 << 10, 1 << 20, 16 << 20];

const WORKERS: usize = 2;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    /// How many empty tasks.
    pub tasks: usize,
}

impl Effort {
    /// How many tasks of this length: together about as long as the empty ones.
    fn of(self, length: Duration) -> usize {
        let time = Duration::from_micros(10) * self.tasks as u32;
        (time.div_duration_f64(length) as usize).max(4 * WORKERS)
    }

    /// How many arguments of `size` bytes.
    fn of_size(self, size: usize) -> usize {
        ((self.tasks << 12) / size).clamp(WORKERS, 64)
    }
}

/// What was measured.
#[derive(Debug, PartialEq)]
pub struct Measured {
    /// Empty tasks in a second, each handed out by itself, and as the way likes it.
    pub one_by_one: f64,
    pub in_chunks: f64,
    /// The share of what two CPUs can do, with tasks of 10 µs and of 1 ms.
    pub short: f64,
    pub long: f64,
    /// As `short`, with each task handed out by itself.
    pub short_one_by_one: f64,
    /// The time for one argument and a result of each of [`SIZES`], with many under way.
    pub sizes: [Duration; 3],
    /// From nothing to the first result.
    pub start: Duration,
}

/// The tasks. The same functions for processes and threads.
pub static NUMBER: Function<u64, u64> = Function::new("number", |number| number);
pub static BUSY: Function<Duration, Duration> = Function::new("busy", busy);
pub static BYTES: Function<ByteBuf, ByteBuf> = Function::new("bytes", |bytes| bytes);

/// Returns how long it was busy.
fn busy(time: Duration) -> Duration {
    let start = Instant::now();
    loop {
        let elapsed = start.elapsed();
        if elapsed >= time {
            return elapsed;
        }
    }
}

const SHORT: Duration = Duration::from_micros(10);
const LONG: Duration = Duration::from_millis(1);

/// What a way is to run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Empty { count: usize },
    Busy { count: usize, length: Duration },
    Bytes { count: usize, size: usize },
}

/// How many tasks are handed out at once: one, or as many as the way likes.
type ChunkSize = Option<usize>;
const ONE_BY_ONE: ChunkSize = Some(1);
const IN_CHUNKS: ChunkSize = None;

/// All figures of a way, of which `run` runs some work and returns how long that took.
fn measure(
    effort: Effort,
    start: Duration,
    mut run: impl FnMut(Work, ChunkSize) -> Result<Duration>,
) -> Result<Measured> {
    let mut rate = |chunk_size| -> Result<f64> {
        let count = effort.tasks;
        let mut time = || run(Work::Empty { count }, chunk_size);
        let median = median([time()?, time()?, time()?, time()?, time()?]);
        Ok(count as f64 / median.as_secs_f64())
    };
    let (one_by_one, in_chunks) = (rate(ONE_BY_ONE)?, rate(IN_CHUNKS)?);

    let mut share = |length: Duration, chunk_size| -> Result<f64> {
        let count = effort.of(length);
        let ideal = length * count as u32 / WORKERS as u32;
        Ok(ideal.div_duration_f64(run(Work::Busy { count, length }, chunk_size)?))
    };
    let short = share(SHORT, IN_CHUNKS)?;
    let long = share(LONG, IN_CHUNKS)?;
    let short_one_by_one = share(SHORT, ONE_BY_ONE)?;

    let mut each = |size| -> Result<Duration> {
        let count = effort.of_size(size);
        Ok(run(Work::Bytes { count, size }, ONE_BY_ONE)? / count as u32)
    };
    let sizes = [each(SIZES[0])?, each(SIZES[1])?, each(SIZES[2])?];
    Ok(Measured { one_by_one, in_chunks, short, long, short_one_by_one, sizes, start })
}

fn median(mut times: [Duration; 5]) -> Duration {
    times.sort_unstable();
    times[2]
}

/// Measures the pool of processes.
pub fn measure_pool(effort: Effort) -> Result<Measured> {
    let begin = Instant::now();
    let pool = ProcessPool::with_workers(TASKS, WORKERS)?;
    pool.apply(&NUMBER, 1)?;
    let start = begin.elapsed();
    measure(effort, start, |work, chunk_size| match work {
        Work::Empty { count } => {
            time(count, || Ok(pool.map(&NUMBER, 0..count as u64, chunk_size)?.len()))
        }
        Work::Busy { count, length } => time(count, || {
            let results = pool.map(&BUSY, vec![length; count], chunk_size)?;
            Ok(results.iter().flatten().filter(|time| **time >= length).count())
        }),
        Work::Bytes { count, size } => {
            let arguments = vec![ByteBuf::from(vec![1; size]); count];
            // The results are taken as they come, and none is kept.
            time(count, || {
                let mut results = pool.imap_unordered(&BYTES, arguments, 1)?;
                results.try_fold(0, |done, (_, result)| {
                    ensure_length(&result?, size)?;
                    Ok(done + 1)
                })
            })
        }
    })
}

fn ensure_length(result: &[u8], size: usize) -> Result<()> {
    ensure!(result.len() == size, "{} bytes came back, not {size}", result.len());
    Ok(())
}

/// How long the work took, which returns how many results came of `count` tasks.
fn time(count: usize, work: impl FnOnce() -> Result<usize>) -> Result<Duration> {
    let start = Instant::now();
    let done = work()?;
    let time = start.elapsed();
    ensure!(done == count, "{done} of {count} tasks were done");
    Ok(time)
}

/// A task for threads: it sends its result itself.
pub type Job = Box<dyn FnOnce() + Send>;

/// Measures threads that `start` starts, and returns as what gives them a task. They have no
/// chunks.
pub fn measure_threads<Submit: Fn(Job)>(start: fn() -> Submit, effort: Effort) -> Result<Measured> {
    let begin = Instant::now();
    let submit = start();
    run_all(&submit, 1, |number| number);
    let start = begin.elapsed();
    measure(effort, start, |work, _| {
        Ok(match work {
            Work::Empty { count } => run_all(&submit, count, |number| number).0,
            Work::Busy { count, length } => {
                let (time, results) = run_all(&submit, count, move |_| busy(length));
                ensure!(results.iter().all(|it| *it >= length), "not busy for {length:?}");
                time
            }
            // Threads share their memory: no argument is copied, and a result is handed over.
            Work::Bytes { count, size } => {
                let (time, results) = run_all(&submit, count, move |_| vec![1_u8; size]);
                results.iter().try_for_each(|result| ensure_length(result, size))?;
                time
            }
        })
    })
}

/// Runs `count` tasks, waits for all results, and returns how long that took, and the results.
fn run_all<R: Send + 'static>(
    submit: &impl Fn(Job),
    count: usize,
    task: impl Fn(usize) -> R + Copy + Send + 'static,
) -> (Duration, Vec<R>) {
    let start = Instant::now();
    let (tx, rx) = unbounded();
    for number in 0..count {
        let tx = tx.clone();
        submit(Box::new(move || tx.send(task(number)).expect("the results are waited for")));
    }
    drop(tx);
    let results: Vec<R> = rx.iter().collect();
    assert_eq!(results.len(), count);
    (start.elapsed(), results)
}

/// The crate threadpool.
pub fn threadpool() -> impl Fn(Job) {
    let pool = ThreadPool::with_name("threadpool".to_owned(), WORKERS);
    move |job| pool.execute(job)
}

/// Threads that take tasks from a channel.
pub fn channels() -> impl Fn(Job) {
    let (tx, rx) = unbounded::<Job>();
    for _ in 0..WORKERS {
        let rx = rx.clone();
        let thread = thread::Builder::new().name("channels".to_owned());
        // They end when the sender is dropped.
        thread.spawn(move || rx.iter().for_each(|job| job())).expect("start a thread");
    }
    move |job| tx.send(job).expect("the threads run as long as the sender exists")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Barrier};

    use super::*;

    const EFFORT: Effort = Effort { tasks: 800 };
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn figures_are_those_of_the_work() {
        let mut empty = [1, 50, 4, 2, 9, 200, 1000, 80, 10, 100].map(|n| n * MS).into_iter();
        let mut asked = Vec::new();
        let figures = measure(EFFORT, 7 * MS, |work, chunk_size| {
            asked.push((work, chunk_size));
            Ok(match (work, chunk_size) {
                (Work::Empty { .. }, _) => empty.next().expect("five each"),
                (Work::Busy { length: SHORT, .. }, ONE_BY_ONE) => 40 * MS,
                (Work::Busy { length: SHORT, .. }, _) => 8 * MS,
                (Work::Busy { .. }, _) => 5 * MS,
                (Work::Bytes { size, .. }, _) => Duration::from_nanos(size as u64),
            })
        });
        assert_eq!(
            figures.unwrap(),
            Measured {
                one_by_one: 800.0 / 0.004,
                in_chunks: 800.0 / 0.1,
                // 8 ms of work for two.
                short_one_by_one: 0.1,
                short: 0.5,
                long: 0.8,
                sizes: SIZES.map(|size| {
                    Duration::from_nanos(size as u64) / EFFORT.of_size(size) as u32
                }),
                start: 7 * MS,
            }
        );
        let empty = Work::Empty { count: 800 };
        assert_eq!(asked[..5], [(empty, ONE_BY_ONE); 5]);
        assert_eq!(asked[5..10], [(empty, IN_CHUNKS); 5]);
        let short = Work::Busy { count: 800, length: SHORT };
        let long = Work::Busy { count: 8, length: LONG };
        assert_eq!(asked[10..13], [(short, IN_CHUNKS), (long, IN_CHUNKS), (short, ONE_BY_ONE)]);
        assert_eq!(
            asked[13..],
            [(50, SIZES[0]), (3, SIZES[1]), (2, SIZES[2])]
                .map(|(count, size)| (Work::Bytes { count, size }, ONE_BY_ONE))
        );
    }

    #[test]
    fn all_tasks_are_run_and_waited_for() {
        // In place of threads: each task takes a millisecond to hand out.
        let slow = |job: Job| {
            thread::sleep(MS);
            thread::spawn(job);
        };
        let begin = Instant::now();
        let (time, mut results) = run_all(&slow, 5, |number| number);
        assert!((5 * MS..=begin.elapsed()).contains(&time), "{time:?}");
        results.sort_unstable();
        assert_eq!(results, [0, 1, 2, 3, 4]);
        // A task that is the last to be done.
        assert!(run_all(&slow, 1, |_| thread::sleep(3 * MS)).0 >= 4 * MS);
    }

    #[test]
    fn threads_are_measured_from_the_start_of_the_first() {
        let slow_to_start = || {
            thread::sleep(3 * MS);
            |job: Job| {
                thread::sleep(MS);
                job();
            }
        };
        let begin = Instant::now();
        let it = measure_threads(slow_to_start, Effort { tasks: 10 }).unwrap();
        let most = begin.elapsed();
        assert!((4 * MS..most).contains(&it.start), "{it:?}");
        // No task takes less than a millisecond, and none more than all of them.
        let rates = 10.0 / most.as_secs_f64()..=1000.0;
        assert!(rates.contains(&it.one_by_one) && rates.contains(&it.in_chunks), "{it:?}");
        let (short, long) = (SHORT.div_duration_f64(MS) / 2.0, 0.25);
        assert!(it.short <= short && it.short_one_by_one <= short && it.long <= long, "{it:?}");
        assert!(it.sizes.iter().all(|each| (MS..most).contains(each)), "{it:?}");
    }

    #[test]
    fn busy_is_busy_for_the_time() {
        let start = Instant::now();
        let told = busy(3 * MS);
        assert!((3 * MS..=start.elapsed()).contains(&told), "{told:?}");
    }

    /// Two tasks that wait for each other need two threads. Then which threads run a few tasks?
    fn threads_of(submit: impl Fn(Job)) -> usize {
        let both = Arc::new(Barrier::new(2));
        let (tx, rx) = unbounded();
        for _ in 0..20 {
            let (both, tx) = (both.clone(), tx.clone());
            submit(Box::new(move || {
                both.wait();
                tx.send(thread::current().id()).expect("it is waited for");
            }));
        }
        let thread = |_| rx.recv_timeout(Duration::from_secs(60)).expect("two tasks run at a time");
        (0..20).map(thread).collect::<HashSet<_>>().len()
    }

    #[test]
    fn two_threads_share_the_tasks() {
        assert_eq!([threads_of(threadpool()), threads_of(channels())], [WORKERS; 2]);
    }

    #[test]
    fn the_crate_replaces_a_thread_that_panics() {
        let submit = threadpool();
        // As a panic, without its message.
        (0..WORKERS).for_each(|_| submit(Box::new(|| std::panic::resume_unwind(Box::new(())))));
        let (tx, rx) = unbounded();
        submit(Box::new(move || tx.send(()).expect("it is waited for")));
        rx.recv().unwrap();
    }
}
