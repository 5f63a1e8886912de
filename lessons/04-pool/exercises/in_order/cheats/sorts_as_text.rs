use std::process::Command;

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

/// The numbers are sorted as text: 10 comes before 2.
pub fn main() {
    let pool = ThreadPool::new(3);
    let (tx, rx) = unbounded();
    for (number, job) in std::env::args().skip(1).enumerate() {
        let tx = tx.clone();
        let run = move || tx.send(format!("{number}: {}", output(&job)));
        pool.execute(move || run().expect("the main thread receives"));
    }
    drop(tx);
    let mut results: Vec<String> = rx.iter().collect();
    results.sort();
    for result in results {
        println!("{}", result.split_once(": ").expect("a number").1);
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
