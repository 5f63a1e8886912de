//! Two threads do the same work without a lock, inside a lock, and with as little as
//! possible inside. Only one thread at a time works inside. Compare with `balance`, which
//! goes wrong without the lock.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::menu::Options;
use common::text;

use crate::inside::Inside;

/// What the two threads share.
#[derive(Default)]
struct Shared {
    free_sum: AtomicU64,
    sum: Mutex<u64>,
    inside: Inside,
}

type Work = fn(&Shared, u64);

fn without_a_lock(shared: &Shared, question: u64) {
    let _visit = shared.inside.enter();
    shared.free_sum.fetch_add(ask(question), Relaxed);
}

fn all_inside(shared: &Shared, question: u64) {
    let mut sum = shared.sum.lock().expect(NO_PANIC);
    let _visit = shared.inside.enter();
    *sum += ask(question);
}

fn only_the_sum_inside(shared: &Shared, question: u64) {
    let answer = ask(question);
    let mut sum = shared.sum.lock().expect(NO_PANIC);
    let _visit = shared.inside.enter();
    *sum += answer;
}

/// In place of a question to a server, whose answer takes a while.
fn ask(question: u64) -> u64 {
    thread::sleep(ANSWER);
    question * question
}

const ANSWER: Duration = Duration::from_millis(5);
const NO_PANIC: &str = "no thread panics while it holds the lock";

pub fn run(options: &Options) -> Result<()> {
    let questions = options.number("--questions", 1..=100_000)?.unwrap_or(10);
    let answer = text::time(ANSWER);
    println!("two threads ask {questions} questions each; an answer takes {answer}:");
    let mut free = run_threads(without_a_lock, questions)?;
    // On a busy machine one thread may end before the other begins.
    while free.most_inside < 2 {
        free = run_threads(without_a_lock, questions)?;
    }
    print("without a lock", &free, &free);
    print("all inside a lock", &run_threads(all_inside, questions)?, &free);
    print("only the sum inside", &run_threads(only_the_sum_inside, questions)?, &free);
    Ok(())
}

fn print(name: &str, run: &Run, free: &Run) {
    let Run { sum, time, most_inside } = run;
    let ratio = time.div_duration_f64(free.time);
    let time = text::time(*time);
    println!("  {name:19} sum {sum}, {time}, ≈ {ratio:.1} times, most inside: {most_inside}");
}

/// The result of both threads, and what it took.
struct Run {
    sum: u64,
    time: Duration,
    most_inside: usize,
}

fn run_threads(work: Work, questions: u64) -> Result<Run> {
    let shared = Shared::default();
    let begin = Instant::now();
    thread::scope(|scope| -> Result<()> {
        for mine in [1..=questions, questions + 1..=2 * questions] {
            let asker = thread::Builder::new().name("asker".to_owned());
            let asker = asker.spawn_scoped(scope, || mine.for_each(|n| work(&shared, n)));
            asker.context("start a thread")?;
        }
        Ok(())
    })?;
    let time = begin.elapsed();
    let sum = shared.free_sum.into_inner() + shared.sum.into_inner().expect(NO_PANIC);
    Ok(Run { sum, time, most_inside: shared.inside.most() })
}
