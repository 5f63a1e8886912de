use std::process::Command;
use std::thread;

pub fn main() {
    let run = |job: String| thread::spawn(move || output(&job));
    let threads: Vec<_> = std::env::args().skip(1).map(run).collect();
    for thread in threads {
        println!("{}", thread.join().expect("it does not panic"));
    }
}

/// Runs a job, in a shell, and returns what it prints.
fn output(job: &str) -> String {
    let output = Command::new("sh").args(["-c", job]).output().expect("start sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
