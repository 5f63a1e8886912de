//! No demo leaves a process behind when it is killed.

use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use testing::running::Running;
use testing::{seen, start, test};

#[test]
fn a_demo_that_is_killed_takes_its_tasks_along() {
    let mut demo = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    demo.args(["tasks", "--duration", "10"]);
    let running = Running::start(demo);
    let line = [running.next_line(), running.next_line()].map(Option::unwrap).concat();
    let tasks: Vec<i32> = line
        .split("(pid ")
        .skip(1)
        .map(|rest| rest.split_once(')').unwrap().0.parse().unwrap())
        .collect();
    assert_eq!(tasks.len(), 3, "{line}");
    running.kill();
    for task in tasks.into_iter().map(Pid::from_raw) {
        // Once it is an orphan, it is this process's child.
        let ended = seen::within(Duration::from_secs(60), || waitpid(task, None).ok());
        let killed = WaitStatus::Signaled(task, Signal::SIGKILL, false);
        assert_eq!(ended, Some(killed), "it does not go on to its own end");
    }
    running.finish_with_orphans();
}
