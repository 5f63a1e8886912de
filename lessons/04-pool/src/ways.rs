//! The ways to run tasks that `speed` compares, and what it measures of each.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
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
pub static BUSY: Function<Duration, ()> = Function::new("busy", busy);
pub static BYTES: Function<ByteBuf, ByteBuf> = Function::new("bytes", |bytes| bytes);

fn busy(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

const SHORT: Duration = Duration::from_micros(10);
const LONG: Duration = Duration::from_millis(1);

/// Measures the pool of processes.
pub fn measure_pool(effort: Effort) -> Result<Measured> {
    let begin = Instant::now();
    let pool = ProcessPool::with_workers(TASKS, WORKERS)?;
    pool.apply(&NUMBER, 1)?;
    let started = begin.elapsed();

    let numbers = |chunk_size| -> Result<f64> {
        let all = || time(|| pool.map(&NUMBER, 0..effort.tasks as u64, chunk_size).map(drop));
        let mut times = [all()?, all()?, all()?, all()?, all()?];
        times.sort_unstable();
        Ok(effort.tasks as f64 / times[2].as_secs_f64())
    };
    let busy = |length, chunk_size| -> Result<f64> {
        let count = effort.of(length);
        let time = time(|| pool.map(&BUSY, vec![length; count], chunk_size).map(drop))?;
        Ok((length * count as u32 / WORKERS as u32).div_duration_f64(time))
    };
    let size = |size| -> Result<Duration> {
        let count = effort.of_size(size);
        let arguments = vec![ByteBuf::from(vec![1; size]); count];
        // The results are taken as they come, and none is kept.
        let all = || {
            let mut results = pool.imap_unordered(&BYTES, arguments, 1)?;
            results.try_for_each(|(_, result)| result.map(drop).map_err(anyhow::Error::new))
        };
        Ok(time(all)? / count as u32)
    };
    Ok(Measured {
        one_by_one: numbers(Some(1))?,
        in_chunks: numbers(None)?,
        short: busy(SHORT, None)?,
        long: busy(LONG, None)?,
        short_one_by_one: busy(SHORT, Some(1))?,
        sizes: [size(SIZES[0])?, size(SIZES[1])?, size(SIZES[2])?],
        start: started,
    })
}

fn time<E: Into<anyhow::Error>>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration> {
    let start = Instant::now();
    work().map_err(Into::into)?;
    Ok(start.elapsed())
}

/// A task for threads: it sends its result itself.
pub type Job = Box<dyn FnOnce() + Send>;

/// Measures threads that `start` starts, and returns as what gives them a task.
pub fn measure_threads<Submit: Fn(Job)>(start: fn() -> Submit, effort: Effort) -> Measured {
    let begin = Instant::now();
    let submit = start();
    run_all(&submit, 1, |number| number);
    let start = begin.elapsed();

    let empty = run_all(&submit, effort.tasks, |number| number);
    let rate = effort.tasks as f64 / empty.as_secs_f64();
    let share = |length: Duration| {
        let count = effort.of(length);
        let ideal = length * count as u32 / WORKERS as u32;
        ideal.div_duration_f64(run_all(&submit, count, move |_| busy(length)))
    };
    // Threads share their memory: the argument is handed over, not copied.
    let sizes = SIZES.map(|size| {
        let count = effort.of_size(size);
        run_all(&submit, count, move |_| vec![1_u8; size]) / count as u32
    });
    let (short, long) = (share(SHORT), share(LONG));
    let (one_by_one, in_chunks, short_one_by_one) = (rate, rate, short);
    Measured { one_by_one, in_chunks, short, long, short_one_by_one, sizes, start }
}

/// Runs `count` tasks, waits for all results, and returns how long that took.
fn run_all<R: Send + 'static>(
    submit: &impl Fn(Job),
    count: usize,
    task: impl Fn(usize) -> R + Copy + Send + 'static,
) -> Duration {
    let start = Instant::now();
    let (tx, rx) = unbounded();
    for number in 0..count {
        let tx = tx.clone();
        submit(Box::new(move || tx.send(task(number)).expect("the results are waited for")));
    }
    drop(tx);
    let results: Vec<R> = rx.iter().collect();
    assert_eq!(results.len(), count);
    start.elapsed()
}

/// The crate threadpool.
pub fn threadpool() -> impl Fn(Job) {
    let pool = ThreadPool::new(WORKERS);
    move |job| pool.execute(job)
}

/// Threads that take tasks from a channel.
pub fn channels() -> impl Fn(Job) {
    let (tx, rx) = unbounded::<Job>();
    for _ in 0..WORKERS {
        let rx = rx.clone();
        // They end when the sender is dropped.
        thread::spawn(move || rx.iter().for_each(|job| job()));
    }
    move |job| tx.send(job).expect("the threads run as long as the sender exists")
}
