//! The demos about ipc-channel, and about what is left when a process is killed.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

use common::proc;
use demo::{demo, kill_what_was_to_wait, recorded, run, through, written_by};
use testing::not_here::at_the_same_time;
use testing::running::Running;
use testing::strace::{Call, Caller, Record, record_with};
use testing::{start, test, witness};

mod demo;

/// How many calls of this name there are that are so.
fn count(record: &Record, name: &str, is: impl Fn(&Call) -> bool) -> usize {
    record.named(name).into_iter().filter(|call| is(call)).count()
}

fn contains(call: &Call, part: &str) -> bool {
    call.strings.iter().any(|string| String::from_utf8_lossy(string).contains(part))
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
    assert_eq!(
        written_by(&testimony, parent)[1..],
        ["  I have a bill of 60 cents", "  I have a bill of 100 cents"]
    );

    let Some(record) = recorded(&["ipc"], "sendmsg") else { return };
    for fruit in ["pears", "plums"] {
        let is_order = |it: &Call| contains(it, fruit) && it.arguments.contains("SCM_RIGHTS");
        assert_eq!(count(&record, "sendmsg", is_order), 1, "{record:#?}");
    }
    let [shop] = record.started()[..] else { panic!("{record:#?}") };
    // It sends the bills.
    assert_eq!(shop.calls("sendmsg").count(), 2, "{record:#?}");
}

#[test]
fn the_owner_loses_no_addition_and_a_child_does() {
    let testimony = run("manager");
    let [parent, first, second, owner] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    for child in [first, second] {
        let it = format!("  child (pid {child}): I ");
        assert_eq!(
            written_by(&testimony, child),
            [format!("{it}got 0"), format!("{it}have set it to 1")]
        );
    }
    let by_parent = written_by(&testimony, parent);
    assert_eq!([by_parent[2], by_parent[4]], ["  pears: 1000", "  plums: 1"]);
    let basket = "after 1006 requests I have {\"pears\": 1000, \"plums\": 1}";
    assert_eq!(written_by(&testimony, owner), [format!("owner (pid {owner}): {basket}")]);

    let calls = "sendmsg,recvmsg,wait4,waitid,futex";
    let Some(record) = recorded(&["manager"], calls) else { return };
    let [owner, adders @ .., first, second] = &record.started()[..] else { panic!("{record:#?}") };
    let asks = |of: &Caller, what: &str| {
        of.calls("sendmsg").filter(|it| it.result > Some(0) && contains(it, what)).count()
    };
    // All adders are there before the first is waited for, and each asks for itself.
    let mut steps = record.first().calls.iter();
    let waits = steps.position(|call| call.name.starts_with("wait") && call.result.is_some());
    let before = &record.first().calls[..waits.expect("it waits")];
    assert_eq!(before.iter().filter_map(Call::starts).count(), 1 + adders.len(), "{before:#?}");
    let added: Vec<usize> = adders.iter().map(|adder| asks(adder, "pears\u{2}\u{1}")).collect();
    assert_eq!(added, [250; 4]);
    let is_request = |it: &&Call| contains(it, "pears") || contains(it, "plums");
    assert_eq!(owner.calls("recvmsg").filter(is_request).count(), 1006);
    assert_eq!(owner.calls("sendmsg").count(), 1006, "an answer to each");
    // Each of the two sets only when both have got.
    let time = |of: &Caller, what: &str| {
        let mut sent = of.calls("sendmsg").filter(|it| contains(it, what));
        sent.next().unwrap_or_else(|| panic!("no {what:?}: {of:#?}")).begin
    };
    let got = [first, second].map(|child| time(child, "plums\0"));
    let set = [first, second].map(|child| time(child, "plums\u{1}\u{1}"));
    assert!(got.iter().max() < set.iter().min(), "{got:?} {set:?}");
    assert_eq!(record.named("futex").len(), 0, "without a lock");
}

#[test]
fn three_writers_are_waited_for_at_once() {
    let testimony = run("several");
    assert_eq!(testimony.writers(), [testimony.pid]);
    let texts = testimony.texts();
    let told: HashSet<&str> =
        texts[1..].iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!((texts.len(), told.len()), (10, 3), "{texts:#?}");

    let Some(record) = recorded(&["several"], "sendmsg,wait4,waitid") else { return };
    // It waits for no writer before all three are there.
    let steps = record.first().calls.iter().filter_map(|call| match call.starts() {
        Some(_) => Some("fork"),
        None => (call.name.starts_with("wait") && call.result.is_some()).then_some("wait"),
    });
    let steps: Vec<&str> = steps.collect();
    let expected = ["fork", "fork", "fork", "wait", "wait", "wait"];
    assert_eq!(steps, expected, "{record:#?}");
    let writers = record.started();
    let says = |writer: &&Caller| writer.calls("sendmsg").any(|call| contains(call, " says "));
    assert_eq!(
        (writers.len(), writers.iter().copied().filter(says).count()),
        (3, 3),
        "{record:#?}"
    );
    assert!(!record.first().calls("sendmsg").any(|call| contains(call, " says ")));
}

#[test]
fn send_waits_when_nobody_receives() {
    // Minutes until the demo gives it up.
    let running = Running::start(demo(&["full", "--pace", "1000"]));
    running.line_with(&["A child sends numbers"]);
    let sender = running.pid_in("  pid ");
    assert!(proc::poll_until_asleep(sender).unwrap());
    let place = proc::wchan(sender).unwrap();
    assert!(place == "0" || place.contains("send"), "it waits in {place}");
    kill_what_was_to_wait(running, sender);
}

#[test]
fn what_was_sent_before_the_kill_is_counted() {
    let testimony = run("full");
    let texts = testimony.texts();
    let waiting = texts.iter().filter(|text| text.contains(": state S (sleeping), in the")).count();
    assert_eq!(waiting, 3, "{texts:#?}");

    let calls = "sendmsg,sendto,recvmsg,socketpair";
    let Some(record) = recorded(&["full"], calls) else { return };
    // Each that is killed is in `send` then.
    let killed = record.callers().filter(|caller| caller.killed_by.as_deref() == Some("SIGKILL"));
    let is_in_send = |caller: &Caller| {
        let last = caller.calls.last();
        last.is_some_and(|call| call.name.starts_with("send") && call.result.is_none())
    };
    let killed: Vec<bool> = killed.map(is_in_send).collect();
    assert_eq!(killed, [true; 3], "{record:#?}");
    // The first child sends numbers until it is killed.
    let sent = record.started()[0].calls.iter().filter(|call| call.result > Some(0)).count();
    let received = record.first().calls("recvmsg").filter(|call| call.result > Some(0));
    assert_eq!(received.count(), sent);
    // Of the others each sends through the channel of which the other one has the receiver.
    let [.., to_first, to_second] = record.first().calls("socketpair").collect::<Vec<_>>()[..]
    else {
        panic!("two channels: {record:#?}");
    };
    let [_, first, second] = record.started()[..] else { panic!("three children: {record:#?}") };
    for (child, channel) in [(first, to_second), (second, to_first)] {
        // The first piece goes through it; the others do not fit, and have a channel of their own.
        let sender = child.calls("sendmsg").next().and_then(Call::descriptor).unwrap().to_string();
        let ends = channel.arguments.split(['[', ']']).nth(1).unwrap();
        assert!(ends.split(", ").any(|end| end == sender), "{child:#?} {channel:?}");
    }
}

#[test]
fn as_many_messages_are_counted_as_come() {
    if !start::can_use_strace() {
        return;
    }
    let fault = start::with_fault("recvmsg:error=ECONNRESET:when=51");
    let (lines, errors, _) = through(fault, &["full"]).finish();
    let counted = "  what it has sent is still there: ≈ 50 messages";
    assert!(lines.iter().any(|line| line == counted), "{lines:#?} {errors}");
}

#[test]
fn a_message_takes_64_channels_along() {
    let testimony = run("too-many");
    let refused = "  65: panic: assertion failed: fds.len() <= MAX_FDS_IN_CMSG as usize";
    assert_eq!(testimony.texts()[1..], ["  64: Ok(())", refused]);

    let Some(record) = recorded(&["too-many"], "sendmsg") else { return };
    // The list has 64 descriptors, as many as one message takes.
    let is_list = |it: &Call| it.arguments.contains("cmsg_len=272") && it.result == Some(81);
    assert_eq!(count(&record, "sendmsg", is_list), 1, "{record:#?}");
}

#[test]
fn nobody_sleeps_but_to_be_watched() {
    for (name, sleeps) in [
        ("queue", &[40, 40, 40][..]),
        ("pipe", &[]),
        ("ipc", &[]),
        ("sigpipe", &[]),
        ("socket", &[]),
        ("boundaries", &[]),
        ("descriptor", &[]),
        ("manager", &[]),
        ("several", &[]),
        ("full", &[]),
        ("spawn", &[]),
        ("start-methods", &[]),
        ("accept", &[]),
        ("killed-writer", &[]),
        ("killed-reader", &[]),
        ("two-senders", &[]),
        ("ring", &[50]),
        ("signals", &[50]),
    ] {
        let Some(record) = record_with(&[], &demo(&[name]), "clock_nanosleep,nanosleep") else {
            return;
        };
        let sleeps: Vec<_> = sleeps.iter().copied().map(Duration::from_millis).collect();
        assert_eq!(record.sleeps(), sleeps, "{name}");
    }
}

#[test]
fn the_writers_are_there_at_the_same_time() {
    // Each message takes `delay` microseconds. Longer for a machine that is so busy that the
    // first writer sends its second before the third writer is forked.
    for delay in [20_000, 200_000, 2_000_000] {
        let delay = format!("inject=sendmsg:delay_enter={delay}");
        let mut several = demo(&["several"]);
        several.env("LESSON_PACE", "0");
        let Some(record) = record_with(&["-e", &delay], &several, "sendmsg") else { return };
        let sends = record.named("sendmsg").into_iter();
        let mut second = sends.filter(|call| contains(call, "writer 1 says goodbye"));
        let second = second.next().unwrap_or_else(|| panic!("{record:#?}"));
        if record.started().iter().all(|writer| writer.begin < second.begin) {
            return;
        }
    }
    panic!("one after the other");
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

    let Some(record) = recorded(&["spawn"], "accept,connect") else { return };
    let executed = record.named("execve").into_iter().filter(|call| call.result == Some(0));
    let programs: HashSet<i64> = executed.map(|call| call.caller).collect();
    assert_eq!(programs.len(), 2, "the demo and its child: {record:#?}");
    assert_eq!(count(&record, "connect", |call| call.result == Some(0)), 1, "{record:#?}");
    assert_eq!(count(&record, "accept", |call| call.result >= Some(0)), 1, "{record:#?}");
}

#[test]
fn accept_returns_though_no_program_connects() {
    // In the usual place: the path of a socket must not be long.
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(&["accept"]);
    command.env("TMPDIR", folder.path());
    let testimony = witness::run(command).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a name to connect to is left");
    assert_eq!(testimony.writers(), [testimony.pid]);
    let texts = testimony.texts();
    let returned = texts.iter().filter(|line| **line == "  accept returns: Disconnected");
    assert_eq!(returned.count(), 2, "{texts:#?}");

    let Some(record) = recorded(&["accept"], "accept,connect") else { return };
    let executed = record.named("execve").into_iter();
    // One may be so slow to start that its time is over: it is killed in the call.
    let executed = executed.filter(|call| call.result.is_none_or(|result| result == 0));
    let programs: HashSet<i64> = executed.map(|call| call.caller).collect();
    assert_eq!(programs.len(), 4, "the demo and three children: {record:#?}");
    assert_eq!(count(&record, "exit_group", |call| call.arguments == "3"), 2, "{record:#?}");
    assert_eq!(count(&record, "connect", |call| call.result == Some(0)), 2, "{record:#?}");
    // That of the process that is killed in it has not returned.
    assert_eq!(count(&record, "accept", |call| call.result >= Some(0)), 2, "{record:#?}");
}

#[test]
fn a_demo_takes_the_time_that_it_says() {
    let pace = 0.2;
    // In seconds, at the usual pace: what passes while something is waited for in vain.
    let demos =
        [("pipe", 1.0), ("full", 3.0), ("accept", 2.0), ("signals", 1.0), ("killed-reader", 1.0)];
    at_the_same_time(demos, |(name, seconds)| {
        let start = Instant::now();
        let mut command = demo(&[name]);
        let output = command.env("LESSON_PACE", pace.to_string()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let time = start.elapsed().as_secs_f64();
        assert!(time >= pace * seconds, "{name} took {time} s");
    });
}

#[test]
fn the_reader_sees_what_the_kernel_says_of_a_killed_writer() {
    let testimony = run("killed-writer");
    assert_eq!(testimony.writers(), [testimony.pid]);

    let Some(record) = recorded(&["killed-writer"], "read,kill") else { return };
    assert_eq!(killed(&record), 13, "{record:#?}");
    // The last one kills itself.
    let mut kills =
        record.named("kill").into_iter().filter(|call| call.caller != record.first().id);
    let own = kills.next().expect("a child kills itself");
    assert!(own.arguments == format!("{}, SIGKILL", own.caller) && kills.next().is_none());
    // What the writers wrote before they were killed, and then the end.
    let reads = |is: fn(&Call) -> bool| {
        let reads = record.first().calls("read");
        reads.filter(|call| call.arguments.ends_with(", 1048576") && is(call)).count()
    };
    assert_eq!(reads(|call| call.bytes() == b"pear"), 3, "{record:#?}");
    assert!(reads(|call| call.result == Some(100_000)) > 0, "{record:#?}");
    assert_eq!(reads(|call| call.result == Some(0)), 9, "{record:#?}");
}

#[test]
fn the_writer_sees_what_the_kernel_says_of_a_killed_reader() {
    let testimony = run("killed-reader");
    assert_eq!(testimony.writers(), [testimony.pid]);

    let traced = "read,write,sendmsg,kill";
    let Some(record) = recorded(&["killed-reader"], traced) else { return };
    assert_eq!(killed(&record), 19, "{record:#?}");
    let parent = record.first();
    // For two sockets, the answer that does not come.
    let reads = |is: fn(&Call) -> bool| {
        let reads = parent.calls("read");
        reads.filter(|call| call.arguments.ends_with(", 1048576") && is(call)).count()
    };
    assert_eq!(reads(|call| call.result == Some(0)), 2, "{record:#?}");
    assert_eq!(reads(|call| call.error.as_deref() == Some("ECONNRESET")), 2, "{record:#?}");
    // What writing to dead readers says.
    assert_eq!(failed(parent, "write", "EPIPE"), 5, "{record:#?}");
    assert_eq!(failed(parent, "write", "ECONNRESET"), 1, "{record:#?}");
    assert_eq!(failed(parent, "sendmsg", "EPIPE"), 1, "{record:#?}");
    assert_eq!(failed(parent, "sendmsg", "ECONNRESET"), 1, "{record:#?}");
}

#[test]
fn the_receiver_loses_one_of_two_senders() {
    let testimony = run("two-senders");
    assert_eq!(testimony.writers(), [testimony.pid]);
    let texts = testimony.texts();
    assert_eq!([texts[1], texts[3]], ["  recv: Disconnected", "  recv: 4 bytes"]);
    assert_eq!(texts[6], "  the other sender is there, and gets: BrokenPipe");

    let Some(record) = recorded(&["two-senders"], "sendmsg,kill") else { return };
    assert_eq!(killed(&record), 2, "{record:#?}");
    assert_eq!(failed(record.first(), "sendmsg", "EPIPE"), 1, "{record:#?}");
}

/// How many processes were killed.
fn killed(record: &Record) -> usize {
    record.callers().filter(|it| it.killed_by.as_deref() == Some("SIGKILL")).count()
}

/// How often a call of this name failed with this error.
fn failed(caller: &Caller, name: &str, error: &str) -> usize {
    caller.calls(name).filter(|call| call.error.as_deref() == Some(error)).count()
}
