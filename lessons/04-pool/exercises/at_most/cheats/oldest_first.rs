use std::collections::VecDeque;
use std::process::{Child, Command, exit};

/// It waits for the job that has run longest, although another one may end first.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    let mut running = VecDeque::new();
    let mut failed = 0;
    for job in arguments {
        if running.len() == limit {
            failed += wait_for_oldest(&mut running);
        }
        running.push_back(start(&job));
    }
    while !running.is_empty() {
        failed += wait_for_oldest(&mut running);
    }
    exit(failed);
}

/// Starts a job. It runs in a child process, a shell.
fn start(job: &str) -> Child {
    Command::new("sh").args(["-c", job]).spawn().expect("start sh")
}

fn wait_for_oldest(running: &mut VecDeque<Child>) -> i32 {
    let mut oldest = running.pop_front().expect("one is running");
    i32::from(!oldest.wait().expect("wait").success())
}
