use std::process::Command;

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

pub fn main() {
    let pool = ThreadPool::new(3);
    let mut receivers = Vec::new();
    for job in std::env::args().skip(1) {
        let (tx, rx) = unbounded();
        pool.execute(move || tx.send(output(&job)).expect("the main thread receives"));
        receivers.push(rx);
    }
    for rx in receivers {
        println!("{}", rx.recv().expect("the job is run"));
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
