use std::collections::BTreeMap;
use std::process::Command;

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

pub fn main() {
    let pool = ThreadPool::new(3);
    let (tx, rx) = unbounded();
    for (number, job) in std::env::args().skip(1).enumerate() {
        let tx = tx.clone();
        pool.execute(move || tx.send((number, output(&job))).expect("the main thread receives"));
    }
    drop(tx);
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, result) in rx {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            println!("{result}");
            next += 1;
        }
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
