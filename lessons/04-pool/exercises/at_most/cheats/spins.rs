use std::process::{Child, Command, exit};

/// It asks each child again and again whether it has ended.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    let mut jobs = arguments.peekable();
    let mut running: Vec<Child> = Vec::new();
    let mut failed = 0;
    while jobs.peek().is_some() || !running.is_empty() {
        if running.len() < limit
            && let Some(job) = jobs.next()
        {
            running.push(start(&job));
        }
        running.retain_mut(|child| match child.try_wait().expect("try_wait") {
            Some(status) => {
                failed += i32::from(!status.success());
                false
            }
            None => true,
        });
    }
    exit(failed);
}

/// Starts a job. It runs in a child process, a shell.
fn start(job: &str) -> Child {
    Command::new("sh").args(["-c", job]).spawn().expect("start sh")
}
