//! The five tasks of the demos `pool` and `threads`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use common::paced;

/// One fewer than the tasks, so one task has to wait.
pub const WORKERS: usize = 4;

/// How long each task takes. Of the first four, task 0 ends long before the others, so its
/// worker gets task 4.
pub const TASKS: [Duration; 5] = [
    Duration::from_millis(2000),
    Duration::from_millis(4000),
    Duration::from_millis(4200),
    Duration::from_millis(4400),
    Duration::from_millis(1000),
];

/// Runs a task, prints which `worker` runs it, and returns how long it took.
pub fn run(task: usize, worker: &str) -> Duration {
    println!("Run task {task} ({worker})...");
    let start = Instant::now();
    sleep(paced(TASKS[task]));
    let time = start.elapsed();
    println!("Task {task} runs {:.2} seconds ({worker}).", time.as_secs_f64());
    time
}
