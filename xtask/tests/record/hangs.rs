//! Programs that hang, and what Ctrl-C shows of them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use common::proc;
use nix::libc;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use testing::{seen, start};

use super::trace::{XTASK, example, is_allowed};

/// Starts a way of `examples/tasks.rs` under the tracer, waits until its threads, which are so
/// many, are asleep in this call, and presses Ctrl-C. Returns its id, and the end of the record
/// without the times.
fn traced(way: &str, threads: usize, call: libc::c_long) -> (u32, Vec<String>) {
    let mut command = start::command(XTASK);
    command.args(["trace", "--"]).arg(example("tasks")).arg(way).stdin(Stdio::null());
    let mut tracer = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut record = BufReader::new(tracer.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("print \"ready") {
        line.clear();
        assert!(record.read_line(&mut line).unwrap() > 0, "it is not ready");
    }
    let (_, pid) = line.split_once("pid ").unwrap();
    let pid = pid.split(':').next().unwrap().parse().unwrap();
    until_asleep(pid, threads, call);
    let (rest, errors) = interrupted(tracer, record);
    assert_eq!(errors, "xtask: interrupted; nothing was left running\n");
    assert!(seen::has_ended(pid), "{rest:#?}");
    (pid, rest)
}

/// The same of a process that runs already, when it is followed. It lives on.
fn attached(way: &str, threads: usize, call: libc::c_long) -> (u32, Vec<String>) {
    let mut program = start::command(example("tasks"));
    let mut process = program.arg(way).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let pid = process.id();
    until_asleep(pid, threads, call);
    let mut command = start::command(XTASK);
    command.args(["trace", "--pid", &pid.to_string()]);
    let mut tracer = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let is_traced = |task: fs::DirEntry| {
        let tracing = proc::field(task.path().join("status"), "TracerPid");
        tracing.is_ok_and(|it| it == tracer.id().to_string())
    };
    seen::until("all its threads are traced", || living(pid).all(is_traced));
    until_asleep(pid, threads, call);
    let record = tracer.stdout.take().unwrap();
    let (rest, errors) = interrupted(tracer, record);
    assert!(errors.ends_with("xtask: interrupted; what was traced runs on\n"), "{errors}");
    assert!(process.try_wait().unwrap().is_none(), "it has ended: {rest:#?}");
    process.kill().unwrap();
    process.wait().unwrap();
    (pid, rest)
}

fn until_asleep(pid: u32, threads: usize, call: libc::c_long) {
    let is_asleep = |task: fs::DirEntry| {
        proc::field(task.path().join("status"), "State").is_ok_and(|state| state.starts_with('S'))
            && seen::waits_in(task.file_name().display()).is_some_and(|waits| waits.0 == call)
    };
    seen::until("all threads are asleep", || {
        living(pid).map(is_asleep).eq(std::iter::repeat_n(true, threads))
    });
}

/// The threads of a process, without a first one that has ended before others.
fn living(pid: u32) -> impl Iterator<Item = fs::DirEntry> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(Result::unwrap);
    tasks.filter(|task| {
        let state = proc::field(task.path().join("status"), "State");
        !state.is_ok_and(|state| state.starts_with('Z'))
    })
}

fn interrupted(tracer: Child, mut record: impl Read) -> (Vec<String>, String) {
    signal::kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    record.read_to_string(&mut rest).unwrap();
    let output = tracer.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest} {output:?}");
    let without_time = rest.lines().map(|line| line.split_once("s  ").unwrap().1.to_owned());
    (without_time.collect(), String::from_utf8(output.stderr).unwrap())
}

fn place(lines: &[String], part: &str) -> usize {
    let place = lines.iter().position(|line| line.contains(part));
    place.unwrap_or_else(|| panic!("no '{part}': {lines:#?}"))
}

#[test]
fn a_reader_that_waits_for_ever_is_shown_with_the_open_write_ends() {
    if !is_allowed() {
        return;
    }
    for of in [traced, attached] {
        let (pid, lines) = of("forgotten-end", 1, libc::SYS_read);
        let read = &lines[place(&lines, "read from pipe 1, read end: has not returned")];
        let (_, holders) = read.split_once("; pipe 1, write end is open in ").unwrap();
        let holders: Vec<&str> = holders.split(", ").collect();
        assert_eq!(holders.len(), 2, "the parent and the child: {read}");
        assert!(holders.contains(&&*format!("pid {pid} (itself)")), "{read}");
    }
}

#[test]
fn a_thread_that_nobody_can_wake_is_said_to_be_in_a_deadlock() {
    if !is_allowed() {
        return;
    }
    for of in [traced, attached] {
        let (pid, lines) = of("locked-twice", 1, libc::SYS_futex);
        let wait = place(&lines, "futex wait at ");
        assert!(lines[wait].contains(": has not returned"), "{lines:#?}");
        let why = format!("pid {pid}: a deadlock: it has no other thread that could wake it");
        assert!(place(&lines, &why) > wait, "{lines:#?}");
    }
}

#[test]
fn threads_that_wait_for_each_other_are_said_to_be_in_a_deadlock() {
    if !is_allowed() {
        return;
    }
    for of in [traced, attached] {
        // The main thread waits for the two; then there is one more, which it has joined.
        for (way, threads) in [("locked-crosswise", 3), ("locked-crosswise-joined", 4)] {
            let (pid, lines) = of(way, threads, libc::SYS_futex);
            let waits = lines.iter().filter(|line| line.contains("has not returned")).count();
            assert_eq!(waits, threads, "{lines:#?}");
            let why =
                format!("a deadlock: all its {threads} threads wait, so none can wake another");
            place(&lines, &format!("pid {pid}: {why}"));
        }
    }
}

#[test]
fn a_process_whose_first_thread_has_ended_is_looked_at_all_the_same() {
    if !is_allowed() {
        return;
    }
    for of in [traced, attached] {
        let (pid, lines) = of("first-thread-ends", 1, libc::SYS_futex);
        place(&lines, &format!("pid {pid}: a deadlock: it has no other thread that could wake it"));
    }
    let (pid, lines) = traced("first-thread-ends", 1, libc::SYS_futex);
    let read = &lines[place(&lines, "read from pipe 1, read end: has not returned")];
    assert!(read.ends_with(&format!("; pipe 1, write end is open in pid {pid}")), "{read}");
}

/// A wait with a time limit, or for something from outside, is no deadlock.
#[test]
fn a_program_that_waits_for_a_child_or_a_signal_is_in_no_deadlock() {
    if !is_allowed() {
        return;
    }
    for (way, call) in
        [("forgotten-end", libc::SYS_read), ("lives-with-zombie", libc::SYS_rt_sigsuspend)]
    {
        let (_, lines) = traced(way, 1, call);
        assert!(!lines.iter().any(|line| line.contains("deadlock")), "{lines:#?}");
    }
}

#[test]
fn a_zombie_of_a_running_process_is_shown() {
    if !is_allowed() {
        return;
    }
    let (pid, lines) = attached("lives-with-zombie", 1, libc::SYS_rt_sigsuspend);
    let zombie = &lines[place(&lines, &format!("pid {pid}: has not waited for pid "))];
    assert!(zombie.ends_with(", a zombie"), "{zombie}");
    let (pid, lines) = traced("lives-with-zombie", 1, libc::SYS_rt_sigsuspend);
    place(&lines, &format!("pid {pid}: never waited for pid "));
}
