//! No demo leaves a process behind when it is killed.

use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
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
        let ended = seen::within(Duration::from_secs(60), || {
            let status = waitpid(task, Some(WaitPidFlag::WNOHANG)).ok();
            status.filter(|status| *status != WaitStatus::StillAlive)
        });
        // One that has not begun finds that its parent is gone, and exits.
        let killed = WaitStatus::Signaled(task, Signal::SIGKILL, false);
        let is_right = |status| status == killed || matches!(status, WaitStatus::Exited(..));
        assert!(ended.is_some_and(is_right), "{ended:?}");
    }
    running.finish_with_orphans();
}
