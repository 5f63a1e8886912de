use std::env;
use std::process::{Command, exit};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Asks every few milliseconds whether the command has ended.
pub fn main() {
    let mut arguments = env::args().skip(1);
    let deadline = arguments.next().expect("a deadline").parse().expect("a number of seconds");
    let command = arguments.next().expect("a command");
    let deadline = Instant::now() + Duration::from_secs_f64(deadline);
    let mut child = Command::new("/bin/sh").arg("-c").arg(command).spawn().expect("spawn");
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("try_wait") {
            exit(status.code().unwrap_or(124));
        }
        sleep(Duration::from_millis(5));
    }
    child.kill().expect("kill");
    exit(child.wait().expect("wait").code().unwrap_or(124));
}
