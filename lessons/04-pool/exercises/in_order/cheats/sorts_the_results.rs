use std::process::Command;

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

/// The order of the results' text, which is not that of the jobs.
pub fn main() {
    let jobs = std::env::args().skip(1);
    let pool = ThreadPool::new(3);
    let (tx, rx) = unbounded();
    for job in jobs {
        let tx = tx.clone();
        pool.execute(move || tx.send(output(&job)).expect("the main thread receives"));
    }
    drop(tx);
    let mut results: Vec<String> = rx.iter().collect();
    results.sort();
    for result in results {
        println!("{result}");
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
