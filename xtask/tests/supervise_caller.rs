//! What becomes of a supervised program when its caller is killed. The caller is a child of
//! this test, so it has a program of its own.

mod marks;

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use marks::{mark, marked};

#[test]
fn when_the_caller_is_killed_everything_ends() {
    // The lifeline is held by a process that is not this one, as a caller would.
    let mark = mark();
    let (read_end, write_end) = std::io::pipe().unwrap();
    let mut caller = Command::new("sleep").arg("300").stdout(write_end).spawn().unwrap();
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["supervisor", "300000000", "1000", "inherited", "/", "sh", "-c"])
        .arg("(setsid sleep 300 &); echo $$ >&2; exec sleep 300")
        .env("SUPERVISE_MARK", &mark)
        .stdin(read_end)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut started = [0];
    supervisor.stderr.take().unwrap().read_exact(&mut started).unwrap();
    assert!(!marked(&mark).is_empty());

    caller.kill().unwrap();
    assert_eq!(caller.wait().unwrap().signal(), Some(9));
    supervisor.wait().unwrap();
    assert_eq!(marked(&mark), Vec::<String>::new());
}
