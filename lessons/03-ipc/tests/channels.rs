//! The demos about ipc-channel, and about what is left when a process is killed.

use std::collections::HashSet;
use std::fs;
use std::thread;
use std::time::Instant;

use common::proc;
use demo::{Call, calls, demo, kill_what_was_to_wait, run, through, written_by};
use testing::running::Running;
use testing::{start, witness};

mod demo;

fn count(calls: &[Call], parts: &[&str]) -> usize {
    calls.iter().filter(|call| parts.iter().all(|part| call.text.contains(part))).count()
}

#[test]
fn an_answer_comes_through_the_channel_that_was_sent() {
    let testimony = run("ipc");
    let [parent, shop] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(
        written_by(&testimony, shop),
        [
            format!("  shop (pid {shop}): an order of 3 pears"),
            format!("  shop (pid {shop}): an order of 5 plums"),
            format!("  shop (pid {shop}): nobody can order any more"),
        ]
    );
    let by_parent = written_by(&testimony, parent);
    assert_eq!(by_parent[1..3], ["  I have a bill of 60 cents", "  I have a bill of 100 cents"]);
    let told: HashSet<&str> =
        by_parent[4..].iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!((by_parent.len(), told.len()), (13, 3), "{by_parent:#?}");

    let traced = "sendmsg,clone,clone3,fork,vfork,wait4,waitid";
    let Some(mut calls) = calls("ipc", traced) else { return };
    let parent = calls[0].pid;
    // It waits for no writer before all three are there.
    let is_wait = |call: &&Call| call.text.starts_with("wait");
    let is_fork =
        |call: &&Call| ["clone", "fork", "vfork"].iter().any(|name| call.text.starts_with(name));
    let steps = calls.iter().filter(|call| call.pid == parent && call.returned());
    let steps = steps.filter(|call| is_wait(call) || is_fork(call));
    let steps: Vec<&str> = steps.map(|call| if is_wait(&call) { "wait" } else { "fork" }).collect();
    let expected = ["fork", "wait", "fork", "fork", "fork", "wait", "wait", "wait"];
    assert_eq!(steps, expected, "{calls:#?}");
    calls.retain(|call| call.text.starts_with("sendmsg("));
    assert_eq!(count(&calls, &["pears", "SCM_RIGHTS"]), 1, "{calls:#?}");
    assert_eq!(count(&calls, &["plums", "SCM_RIGHTS"]), 1, "{calls:#?}");
    let writers: HashSet<u32> =
        calls.iter().filter(|call| call.text.contains(" says ")).map(|call| call.pid).collect();
    assert!(writers.len() == 3 && !writers.contains(&parent), "{calls:#?}");
    // What is left are the bills.
    let others = calls.iter().filter(|call| {
        call.pid != parent && !writers.contains(&call.pid) && call.text.starts_with("sendmsg(")
    });
    let shop: Vec<u32> = others.map(|call| call.pid).collect();
    assert!(shop.len() == 2 && shop[0] == shop[1], "{calls:#?}");
}

#[test]
fn send_waits_when_nobody_receives() {
    // Minutes until the demo gives it up.
    let running = Running::start(demo(&["limits", "--pace", "1000"]));
    running.line_with(&["A child sends numbers"]);
    let sender = running.pid_in("  pid ");
    assert!(proc::wait_until_asleep(sender).unwrap());
    let place = proc::wchan(sender).unwrap();
    assert!(place == "0" || place.contains("send"), "it waits in {place}");
    kill_what_was_to_wait(running, sender);
}

#[test]
fn what_was_sent_before_the_kill_is_counted() {
    let testimony = run("limits");
    let texts = testimony.texts();
    assert_eq!(texts[1], "  0: Ok(\"\")");
    assert!(texts[2].starts_with("  700: Err(Serialization"), "{texts:#?}");
    let waiting = texts.iter().filter(|text| text.contains(": state S (sleeping), in the")).count();
    assert_eq!(waiting, 3, "{texts:#?}");
    let last = &texts[texts.len() - 2..];
    assert_eq!(last[0], "  64: Ok(())");
    assert!(last[1].starts_with("  65: panic: Some(\"assertion failed: fds.len()"), "{texts:#?}");

    let Some(calls) = calls("limits", "sendmsg,sendto,recvmsg") else { return };
    let parent = calls[0].pid;
    // Each that is killed is in `send` then.
    let killed: Vec<u32> = (calls.iter())
        .filter(|call| call.text == "+++ killed by SIGKILL +++")
        .map(|call| call.pid)
        .collect();
    let is_in_send = |pid: u32| {
        let last = calls.iter().rfind(|call| call.pid == pid && !call.text.starts_with("+++"));
        last.is_some_and(|call| call.text.starts_with("send") && !call.returned())
    };
    assert!(killed.len() == 3 && killed.iter().all(|&pid| is_in_send(pid)), "{calls:#?}");
    // The list has 64 descriptors, as many as one message takes.
    assert_eq!(count(&calls, &["cmsg_len=272", "= 81"]), 1, "{calls:#?}");
    // A message of 17 bytes and more is a number; the first two are the parent's.
    let sender = calls.iter().find(|call| call.pid != parent).unwrap().pid;
    let sent = calls.iter().filter(|call| call.pid == sender && call.returned());
    let received = calls.iter().filter(|call| {
        call.pid == parent && call.text.starts_with("recvmsg(") && !call.text.ends_with(" = 0")
    });
    // Beside those, the parent receives the two of the wrong type.
    assert_eq!(received.count() - 2, sent.count());
}

#[test]
fn as_many_messages_are_counted_as_come() {
    if !start::can_use_strace() {
        return;
    }
    // The parent receives two of the wrong type before.
    let fault = start::with_fault("recvmsg:error=ECONNRESET:when=53");
    let (lines, errors, _) = through(fault, &["limits"]).finish();
    let counted = "  what it has sent is still there: ≈ 50 messages";
    assert!(lines.iter().any(|line| line == counted), "{lines:#?} {errors}");
}

#[test]
fn the_writers_of_ipc_are_there_at_the_same_time() {
    if !start::can_use_strace() {
        return;
    }
    // Each message takes `delay` microseconds. Longer for a machine that is so busy that the
    // first writer sends its second before the third writer is forked.
    let is_one_there = |delay: u32| {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join("calls");
        let mut strace = start::with_strace(&format!("inject=sendmsg:delay_enter={delay}"), &file);
        strace.args(["-e", "trace=sendmsg,clone,clone3,fork,vfork"]);
        let (lines, errors, status) = through(strace, &["ipc"]).finish();
        assert!(status.success(), "{lines:#?} {errors}");
        let calls = fs::read_to_string(&file).unwrap();
        let is_fork = |line: &str| ["clone", "fork("].iter().any(|name| line.contains(name));
        let forks = calls.lines().enumerate().filter(|(_, line)| is_fork(line));
        let second = calls.lines().position(|line| line.contains("writer 1 says goodbye"));
        forks.last().unwrap().0 < second.unwrap_or_else(|| panic!("{calls}"))
    };
    assert!([20_000, 200_000, 2_000_000].into_iter().any(is_one_there), "one after the other");
}

#[test]
fn a_program_that_was_started_connects_by_name() {
    // In the usual place: the path of a socket must not be long.
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(&["spawn"]);
    command.env("TMPDIR", folder.path());
    let testimony = witness::run(command).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a name to connect to is left");

    let [parent, child] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(
        written_by(&testimony, child),
        [format!("  child (pid {child}): I am asked: Who are you?")]
    );
    let by_parent = written_by(&testimony, parent);
    assert_eq!(by_parent[2], format!("  it answers: pid {child}, started by pid {parent}"));
    assert_eq!(
        by_parent.iter().filter(|line| **line == "  accept returns: Disconnected").count(),
        2
    );

    let Some(calls) = calls("spawn", "execve,accept,connect,exit_group") else { return };
    let programs: HashSet<u32> = calls
        .iter()
        .filter(|call| call.text.starts_with("execve("))
        // One may be so slow to start that its time is over: it is killed in the call.
        .filter(|call| call.text.ends_with(" = 0") || call.text.ends_with(" = ?"))
        .map(|call| call.pid)
        .collect();
    assert_eq!(programs.len(), 5, "the demo and four children: {calls:#?}");
    assert_eq!(count(&calls, &["exit_group(3)"]), 2, "{calls:#?}");
    assert_eq!(count(&calls, &["connect(", "= 0"]), 3, "{calls:#?}");
    // That of the process that is killed in it has not returned.
    let accepted = calls.iter().filter(|call| call.text.starts_with("accept(") && call.returned());
    assert_eq!(accepted.count(), 3, "{calls:#?}");
}

#[test]
fn a_demo_takes_the_time_that_it_says() {
    let pace = 0.2;
    thread::scope(|scope| {
        // In seconds, at the usual pace: what passes while something is waited for in vain.
        for (name, seconds) in
            [("pipe", 1.0), ("limits", 3.0), ("spawn", 2.0), ("signals", 1.0), ("broken", 1.0)]
        {
            scope.spawn(move || {
                let start = Instant::now();
                let mut command = demo(&[name]);
                let output = command.env("LESSON_PACE", pace.to_string()).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                let time = start.elapsed().as_secs_f64();
                assert!(time >= pace * seconds, "{name} took {time} s");
            });
        }
    });
}

#[test]
fn the_survivor_sees_what_the_kernel_says() {
    let testimony = run("broken");
    assert_eq!(testimony.writers(), [testimony.pid]);

    let Some(calls) = calls("broken", "read,write,sendmsg,recvmsg,recvfrom,kill") else { return };
    let parent = calls[0].pid;
    let killed = count(&calls, &["+++ killed by SIGKILL +++"]);
    assert_eq!(killed, 34, "{calls:#?}");
    let seen = |call: &str, result: &str| {
        let by_parent = calls.iter().filter(|call| call.pid == parent);
        by_parent.filter(|it| it.text.starts_with(call) && it.text.contains(result)).count()
    };
    // What the writers wrote before they were killed, and then the end, but for two
    // sockets the answer that does not come.
    assert_eq!(seen("read(", "\"!!!!\", 1048576)"), 3, "{calls:#?}");
    assert!(seen("read(", "= 100000") > 0, "{calls:#?}");
    assert_eq!(seen("read(", "\"\", 1048576)"), 9 + 2, "{calls:#?}");
    assert_eq!(seen("read(", "= -1 ECONNRESET"), 2, "{calls:#?}");
    // What writing to dead readers says.
    assert_eq!(seen("write(", "= -1 EPIPE"), 5, "{calls:#?}");
    assert_eq!(seen("write(", "= -1 ECONNRESET"), 1, "{calls:#?}");
    assert_eq!(seen("sendmsg(", "= -1 EPIPE"), 2, "{calls:#?}");
    assert_eq!(seen("sendmsg(", "= -1 ECONNRESET"), 1, "{calls:#?}");
}
