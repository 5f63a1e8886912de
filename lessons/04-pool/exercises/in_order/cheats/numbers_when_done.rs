use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

/// The results have numbers, but those of the order in which the jobs have ended.
pub fn main() {
    let jobs = std::env::args().skip(1);
    let pool = ThreadPool::new(3);
    let (tx, rx) = unbounded();
    let count = Arc::new(AtomicUsize::new(0));
    for job in jobs {
        let (tx, count) = (tx.clone(), Arc::clone(&count));
        pool.execute(move || {
            let result = output(&job);
            tx.send((count.fetch_add(1, SeqCst), result)).expect("the main thread receives");
        });
    }
    drop(tx);
    let mut results: Vec<(usize, String)> = rx.iter().collect();
    results.sort();
    for (_, result) in results {
        println!("{result}");
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
