//! The words for the calls of `examples/calls.rs`.

use nix::libc;
use serde_json::{Value, json};

use super::lives::Lives;
use super::of_both;

/// Checks that the first task's texts have these parts, in this order, and others between
/// them. `#` is any number.
fn expect(way: &str, parts: &[&str]) {
    of_both("calls", way, |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        in_order(&lives.events[&lives.root], parts);
    });
}

fn in_order(events: &[Value], parts: &[&str]) {
    let texts: Vec<&str> = events.iter().map(|event| event["text"].as_str().unwrap()).collect();
    let mut left = texts.iter();
    for part in parts {
        assert!(
            left.any(|text| begins(text, part)),
            "{part} is not there, or not then: {texts:#?}"
        );
    }
}

/// Whether a text begins with a part, in which `#` is a number and `*` any text.
fn begins(text: &str, part: &str) -> bool {
    match part.split_once(['#', '*']) {
        None => text.starts_with(part),
        Some((before, after)) => {
            let is_number = part[before.len()..].starts_with('#');
            let Some(rest) = text.strip_prefix(before) else { return false };
            let mut ends = rest.char_indices().map(|(place, _)| place).chain([rest.len()]);
            ends.any(|end| {
                let matched = &rest[..end];
                let fits = !is_number
                    || (!matched.is_empty() && matched.bytes().all(|byte| byte.is_ascii_digit()));
                fits && begins(&rest[end..], after)
            })
        }
    }
}

#[test]
fn parts_fit_where_they_should() {
    assert!(begins("as fd 12, pipe", "as fd #, p"));
    assert!(!begins("as fd x, pipe", "as fd #, p"));
    assert!(!begins("as fd , pipe", "as fd #, p"));
    assert!(begins("a then b then c", "a*c"));
    assert!(!begins("a then b", "a*c"));
}

#[test]
fn sockets_are_made_bound_connected_and_accepted() {
    expect(
        "sockets",
        &[
            "make socket 1 (Unix, stream) as fd #",
            "bind socket 1 to \"*/socket\"",
            "listen at socket 1",
            "make socket 2 (Unix, stream) as fd #",
            "connect socket 2 to \"*/socket\"",
            "accept at socket 1 → socket 3 as fd #, after ",
            "write to socket 2: \"a question\" (10 bytes)",
            "read from socket 3: \"a question\" (10 bytes), after ",
            "shut down socket 2 for writing",
            "read from socket 3: end of file, after ",
            "make socket 4 (IPv4, stream) as fd #",
            "bind socket 4 to 127.0.0.1:0",
            "connect socket 5 to 127.0.0.1:#",
            "accept at socket 4 → socket 6 as fd #, after ",
            "close socket 4",
            "connect socket 7 to 127.0.0.1:# → ECONNREFUSED",
        ],
    );
}

#[test]
fn descriptors_are_copied_and_closed_in_every_way() {
    expect(
        "closing",
        &[
            "make pipe 1, read end as fd #, pipe 1, write end as fd #",
            "copy pipe 1, write end as fd #",
            "copy pipe 1, write end as fd #",
            "close pipe 1, write end",
            "make pipe 2, read end as fd #, pipe 2, write end as fd #",
            "copy pipe 1, read end as fd 0",
            "copy pipe 2, read end as fd 0, which closes pipe 1, read end",
            "close pipe 1, write end",
            "exec true",
            "close pipe 2, read end and pipe 2, write end, at the exec",
        ],
    );
}

#[test]
fn data_that_the_kernel_moves_is_told() {
    expect(
        "moves",
        &[
            "move from a file to pipe 1, write end: 10 bytes, after ",
            "copy from pipe 1, read end to pipe 2, write end: 4 bytes, after ",
            "move from pipe 1, read end to pipe 2, write end: 10 bytes, after ",
            "move from pipe 2, read end to standard output: 14 bytes, after ",
            "write to pipe 1, write end: \"mapped\" (6 bytes)",
            "read from pipe 1, read end: \"mapped\" (6 bytes), after ",
        ],
    );
}

#[test]
fn shared_memory_with_a_name_or_a_number_is_told() {
    expect(
        "memory",
        &[
            "map 4096 bytes of shared memory \"calls-#\"",
            "make or find 4096 bytes of shared memory → id #",
            "map shared memory, id #",
            "close shared memory \"calls-#\"",
        ],
    );
}

#[test]
fn every_wait_for_a_channel_is_told() {
    let mut parts = vec![
        "wait for fd # (pidfd), after ",
        "wait for pipe 1, read end → nothing, after ",
        "write to pipe 1, write end: \"!\" (1 byte)",
        "wait for pipe 1, read end, after ",
    ];
    if cfg!(target_arch = "x86_64") {
        parts.push("wait for pipe 1, read end, after ");
    }
    parts.push("wait for any of several channels → nothing, after ");
    expect("ready", &parts);
}

#[test]
fn signals_are_sent_to_threads_groups_and_all() {
    expect(
        "signals",
        &[
            "send SIGUSR1 to pid #",
            "send SIGUSR1 to tid #",
            "send SIGUSR1 to its own process group",
            "send SIGUSR1 to process group, pgid #",
            "send signal 0 to every process that it may",
        ],
    );
}

#[test]
fn every_wait_for_a_signal_is_told() {
    expect(
        "awaited",
        &[
            "send SIGUSR1 to pid #",
            "wait for a signal → SIGUSR1, after ",
            "send SIGRTMIN+1 to pid #",
            "wait for a signal → SIGRTMIN+1, after ",
            "wait for a signal → the time is over, after ",
            "send SIGUSR1 to pid #",
            "wait for a signal → interrupted by a signal, after ",
            "gets SIGUSR1, from pid #",
        ],
    );
}

#[test]
fn a_wait_at_several_addresses_is_told() {
    expect("futexes", &["futex wait at 0x* or 0x*: not needed any more, after "]);
}

/// A call that lets another task go on counts from its begin, so it comes before what it lets go on.
#[test]
fn only_a_futex_call_that_may_wait_takes_time() {
    of_both("calls", "futexes", |lives| {
        let own = &lives.events[&lives.root];
        let took = |operation: i32| {
            let operation = operation | libc::FUTEX_PRIVATE_FLAG;
            let is_one = |event: &&Value| {
                event["call"] == "futex" && event["arguments"][1] == json!(operation)
            };
            let event = own.iter().find(is_one).unwrap_or_else(|| panic!("{operation}: {own:#?}"));
            !event["took"].is_null()
        };
        assert!(took(libc::FUTEX_LOCK_PI));
        assert!(!took(libc::FUTEX_UNLOCK_PI));
        assert!(!took(libc::FUTEX_CMP_REQUEUE));
    });
}

#[test]
fn waits_for_process_groups_are_no_waits_for_any_child() {
    expect(
        "groups",
        &[
            "wait for any child in process group, pgid # → pid # exited, status 7, after ",
            "wait for any child in process group, pgid # → pid # exited, status 7, after ",
            "wait for any child in its own process group → pid # exited, status 7, after ",
            "wait for any child → pid # exited, status 7, after ",
        ],
    );
}

/// What the children of the first task did, one after the other.
fn of_children(lives: &Lives) -> Vec<Value> {
    let children = &lives.children[&lives.root];
    children.iter().flat_map(|child| lives.events[child].clone()).collect()
}

#[test]
fn an_exec_names_the_file_the_given_name_and_a_cut() {
    of_both("calls", "execs", |lives| {
        let children = of_children(lives);
        in_order(
            &children,
            &[
                "exec true as \"another name\"",
                "exec true \"0\" \"1\" \"2\"*\"62\" …",
                "exec /nowhere/true → ENOENT",
                "exec /nor/here/true → ENOENT",
                "exec true as \"\"",
            ],
        );
    });
    expect("exec-by-descriptor", &["exec true as \"by descriptor\""]);
}

#[test]
fn a_thread_has_the_name_that_it_has_been_given() {
    of_both("calls", "renamed", |lives| {
        let [first, second] = lives.children[&lives.root][..] else { panic!("{lives:#?}") };
        for (thread, name) in [(first, "by itself"), (second, "by another")] {
            let end = lives.events[&thread].last().unwrap();
            assert_eq!(end["name"], name, "{lives:#?}");
        }
    });
}
