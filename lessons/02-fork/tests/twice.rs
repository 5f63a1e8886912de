//! The demo `twice`, seen from outside: which process wrote which line.

use std::process::Command;

use common::witness;

#[test]
fn fork_returns_in_two_processes() {
    let testimony = witness::run(Command::new(env!("CARGO_BIN_EXE_02-fork"))).unwrap();
    assert!(testimony.status.success());

    let parent = testimony.pid;
    let writers = testimony.writers();
    assert_eq!(writers.len(), 2, "{testimony:?}");
    let child = writers[1];

    let written_by = |pid| -> Vec<&str> {
        let lines = testimony.lines.iter().filter(|line| line.pid == pid);
        lines.map(|line| line.text.as_str()).collect()
    };
    assert_eq!(
        written_by(parent),
        [
            format!("Process ({parent}) start..."),
            format!("I ({parent}) just created a child process ({child})."),
        ]
    );
    assert_eq!(
        written_by(child),
        [format!("I am child process ({child}) and my parent is {parent}.")]
    );
    assert_eq!(testimony.lines[0].pid, parent, "the start comes before the fork");
}
