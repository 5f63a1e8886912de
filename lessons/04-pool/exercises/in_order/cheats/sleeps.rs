use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Gives the jobs some time, and does not wait for them.
pub fn main() {
    let jobs: Vec<String> = std::env::args().skip(1).collect();
    let results = Arc::new(Mutex::new(vec![String::new(); jobs.len()]));
    for (number, job) in jobs.into_iter().enumerate() {
        let results = Arc::clone(&results);
        thread::spawn(move || {
            let result = output(&job);
            results.lock().expect("no thread panics")[number] = result;
        });
    }
    thread::sleep(Duration::from_millis(500));
    for result in results.lock().expect("no thread panics").iter() {
        println!("{result}");
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
