use std::process::{Child, Command, Stdio};

/// All jobs run at once, each in a child. A child whose output is not read yet waits.
pub fn main() {
    let children: Vec<Child> = std::env::args().skip(1).map(|job| start(&job)).collect();
    for child in children {
        let output = child.wait_with_output().expect("wait");
        println!("{}", String::from_utf8_lossy(&output.stdout).trim());
    }
}

fn start(job: &str) -> Child {
    Command::new("sh").args(["-c", job]).stdout(Stdio::piped()).spawn().expect("start sh")
}
