//! Children that are forked. Tests that fork need a process with one thread.

use std::fs::File;
use std::io::{Read, Write, pipe};
use std::os::fd::AsFd;

use common::child::{describe, exit, fork, fork_child};
use common::panics;
use nix::unistd::{dup, dup2_stderr, dup2_stdout};
use testing::harness;

fn main() {
    harness::run(&[
        ("a_child_that_panics_does_not_go_on_as_its_parent", &a_child_that_panics),
        ("what_was_printed_before_the_fork_comes_once", &printed_before_the_fork),
        ("what_a_child_printed_last_is_not_lost", &printed_last),
        ("an_error_is_the_childs_exit_status", &an_error),
        ("a_child_whose_error_nobody_reads_does_not_go_on_as_its_parent", &an_error_that_is_lost),
    ]);
}

/// What is printed while `run` runs, by this process and its children.
fn printed(run: impl FnOnce()) -> String {
    let (mut output, input) = pipe().unwrap();
    let before = File::from(dup(std::io::stdout().as_fd()).unwrap());
    std::io::stdout().flush().unwrap();
    dup2_stdout(input).unwrap();
    run();
    std::io::stdout().flush().unwrap();
    dup2_stdout(before).unwrap();
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    text
}

fn a_child_that_panics() {
    let text = printed(|| {
        let task = || {
            panics::silence();
            panic!("in the child")
        };
        let child = fork_child(task).unwrap();
        println!("one");
        assert_eq!(describe(child.wait().unwrap()), "exit status: 101");
    });
    assert_eq!(text, "one\n");
}

fn printed_before_the_fork() {
    let text = printed(|| {
        print!("before ");
        fork_child(|| Ok(())).unwrap().join().unwrap();
        match fork().unwrap() {
            None => exit(Ok(())),
            Some(child) => child.join().unwrap(),
        }
        println!("after");
    });
    assert_eq!(text, "before after\n");
}

fn printed_last() {
    let text = printed(|| {
        let task = || {
            print!("without the end of the line");
            Ok(())
        };
        fork_child(task).unwrap().join().unwrap();
    });
    assert_eq!(text, "without the end of the line");
}

fn an_error() {
    let child = fork_child(|| anyhow::bail!("this is what it says")).unwrap();
    assert_eq!(describe(child.wait().unwrap()), "exit status: 1");
}

fn an_error_that_is_lost() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (_, closed) = pipe().unwrap();
    for nowhere in [full.as_fd(), closed.as_fd()] {
        let text = printed(|| {
            let task = || {
                dup2_stderr(nowhere)?;
                anyhow::bail!("this cannot be written")
            };
            let child = fork_child(task).unwrap();
            println!("one");
            assert_eq!(describe(child.wait().unwrap()), "exit status: 1");
        });
        assert_eq!(text, "one\n");
    }
}
