//! What a demo prints is what has come to it: here it is changed on its way.

use std::process::Stdio;

use demo::{demo, recorded};
use testing::strace::{ALL_EXIT_WITH_9, printed_with};
use testing::tamper::{self, replace};
use testing::test;

mod demo;

/// Runs a demo while `change` changes what its processes read, and expects these texts in its
/// lines, in this order.
fn expect(name: &str, change: impl FnMut(&str, &mut [u8]) + Send, expected: &[&str]) {
    let Some(output) = tamper::run(demo(&[name]), change) else { return };
    assert!(output.status.success(), "{output:?}");
    let mut lines = output.text.lines();
    for text in expected {
        assert!(lines.any(|line| line.contains(text)), "no {text:?} in {}", output.text);
    }
}

/// Changes messages: each `old` becomes `new`.
fn messages(changes: &[(&[u8], &[u8])]) -> impl FnMut(&str, &mut [u8]) + Send {
    |from, bytes| {
        if ["pipe:", "socket:", "/memfd:fruit"].iter().any(|kind| from.starts_with(kind)) {
            changes.iter().for_each(|(old, new)| replace(bytes, old, new));
        }
    }
}

/// How ipc-channel sends these bytes: after their number, and that of what else is sent.
fn sent<const N: usize>(bytes: [u8; N]) -> Vec<u8> {
    [&(N as u64).to_ne_bytes()[..], &bytes].concat()
}

#[test]
fn another_value_on_the_queue_is_got() {
    // A character is its length and itself.
    let letter = |letter| sent([1, letter]);
    expect(
        "queue",
        messages(&[(&letter(b'A'), &letter(b'X')), (&letter(b'C'), &letter(b'Z'))]),
        &[": got X from the queue", ": got B from the queue", ": got Z from the queue"],
    );
}

#[test]
fn other_bytes_in_a_pipe_are_read() {
    expect(
        "pipe",
        messages(&[(b"pear", b"nuts")]),
        &["I read 8 bytes: \"nutsplum\"", "I have read \"nuts\", and the end of file"],
    );
}

#[test]
fn as_many_bytes_are_read_as_the_kernel_says() {
    // The call that reads both words: a number that the kernel does not mean.
    let Some(record) = recorded(&["pipe"], "read") else { return };
    let mut reads = record.first().calls("read");
    let number = reads.position(|call| call.bytes() == b"pearplum").expect("both words") + 1;
    let changes = format!("read:retval=5:when={number}");
    let Some(text) = printed_with(&changes, demo(&["pipe"]).env("LESSON_PACE", "0")) else {
        return;
    };
    assert!(text.contains("  I read 5 bytes: \"\\0\\0\\0\\0\\0\"\n"), "{text}");
}

#[test]
fn a_letter_of_another_process_tears_a_line() {
    let mut changed = false;
    let change = |from: &str, bytes: &mut [u8]| {
        if from.starts_with("pipe:") && !changed && bytes.starts_with(b"AAAA") {
            bytes[2] = b'B';
            changed = true;
        }
    };
    let mut command = demo(&["lines"]);
    // Its complaint would come into the middle of the harness's own lines.
    command.stderr(Stdio::null());
    let Some(output) = tamper::run(command, change) else { return };
    assert!(!output.status.success(), "{output:?}");
    assert!(output.text.contains("  4096000 bytes came, and ≈ 1 lines are torn"), "{output:?}");
}

#[test]
fn other_bytes_through_a_socket_are_received() {
    expect(
        "socket",
        messages(&[(b"pea", b"nut"), (b"NUT", b"FIG")]),
        &["I got \"nutr\", and the end of file", "I got \"FIGR\", and the end of file"],
    );
    expect(
        "boundaries",
        messages(&[(b"pea", b"nut")]),
        &[
            "stream, 100 bytes: [\"nutrplum\"]",
            "stream, 3 bytes: [\"nut\", \"rpl\", \"um\"]",
            "seqpacket, 100 bytes: [\"nutr\", \"plum\"]",
            "seqpacket, 3 bytes: [\"nut\", \"plu\"]",
        ],
    );
}

#[test]
fn other_words_in_a_file_are_read() {
    expect(
        "descriptor",
        messages(&[(b"pear", b"nuts"), (b"plum", b"kiwi"), (b"figs", b"date")]),
        &[
            "child: I read \"nuts \"",
            "I read \"kiwi \"",
            "child: I read \"date\"",
            "I read from the start: \"nuts kiwi date\"",
        ],
    );
}

#[test]
fn another_order_is_served_and_another_bill_received() {
    expect(
        "ipc",
        messages(&[(b"pears", b"dates"), (&sent([60]), &sent([61]))]),
        &[
            ": an order of 3 dates",
            "I have a bill of 61 cents",
            ": an order of 5 plums",
            "I have a bill of 100 cents",
        ],
    );
}

#[test]
fn another_request_is_handled_and_another_answer_used() {
    // Each adds two; and those who ask for plums are told that there are 7.
    let changes = [(&b"pears\x02\x01"[..], &b"pears\x02\x02"[..]), (&sent([0]), &sent([7]))];
    expect(
        "manager",
        messages(&changes),
        &[
            "  pears: 2000",
            ": I got 7",
            ": I have set it to 8",
            "  plums: 8",
            "{\"pears\": 2000, \"plums\": 8}",
        ],
    );
}

#[test]
fn another_report_of_each_writer_is_received() {
    let says = |number: u8| {
        let (old, new) =
            (format!("writer {number} says hello"), format!("writer {number} says howdy"));
        let line = format!(": {new}");
        expect("several", messages(&[(old.as_bytes(), new.as_bytes())]), &[&line]);
    };
    (1..=3).for_each(says);
}

#[test]
fn another_question_is_asked_and_another_answer_given() {
    expect(
        "spawn",
        messages(&[(b"Who are you?", b"Who is that?"), (b", started by", b", spawned by")]),
        &["I am asked: Who is that?", ", spawned by pid "],
    );
}

#[test]
fn another_descriptor_is_looked_at_and_another_end_reported() {
    let change = |from: &str, bytes: &mut [u8]| {
        if from.starts_with("socket:") {
            replace(bytes, b"exit status: 0", b"exit status: 5");
            // The request, which is a number.
            if let [number @ .., b'\n'] = bytes
                && number.iter().all(u8::is_ascii_digit)
            {
                number.fill(b'9');
            }
        }
        if from.ends_with("/status") {
            replace(bytes, b"Threads:\t1", b"Threads:\t7");
        }
    };
    expect(
        "start-methods",
        change,
        &[
            "/memfd:fruit (deleted); threads: 7",
            "not open; threads: 7",
            "; fd 9",
            " has ended: exit status: 5",
        ],
    );
}

#[test]
fn other_bytes_are_another_text_or_another_error() {
    // The number 700 becomes a text of one letter, 0 a text that is cut off.
    expect(
        "types",
        messages(&[(&sent([0xbc, 5]), &sent([1, b'x'])), (&sent([0]), &sent([5]))]),
        &["  0: Err(", "  700: Ok(\"x\")"],
    );
}

#[test]
fn what_waits_for_a_process_is_read_from_the_kernel() {
    let change = |from: &str, bytes: &mut [u8]| {
        if from.ends_with("/status") {
            // One more signal: SIGPWR, the 30th, by a bit of the ninth digit.
            let mask = bytes.windows(8).position(|part| part == b"ShdPnd:\t");
            if let Some(mask) = mask {
                bytes[mask + 16] = b'2';
            }
        }
    };
    let queued = ": SIGUSR1 SIGUSR2 SIGPWR SIGRTMIN";
    expect(
        "signals",
        change,
        &[
            ": SIGUSR2 SIGPWR",
            ": SIGUSR1 SIGUSR2 SIGPWR",
            ": SIGUSR1 SIGUSR2 SIGPWR",
            queued,
            queued,
            queued,
        ],
    );
}

#[test]
fn a_signal_is_what_the_kernel_says_of_it() {
    // As signalfd(2) lays it out: the number, the sender, and what came along.
    let change = |from: &str, bytes: &mut [u8]| {
        if from.contains("signalfd") {
            replace(&mut bytes[..4], &10_u32.to_ne_bytes(), &31_u32.to_ne_bytes());
            bytes[12..16].copy_from_slice(&1_u32.to_ne_bytes());
            replace(&mut bytes[48..56], &30_u64.to_ne_bytes(), &700_u64.to_ne_bytes());
        }
    };
    let expected = ["  SIGSYS from pid 1", "  SIGUSR2 from pid 1", " from pid 1, with 700"];
    expect("signals", change, &expected);
}

#[test]
fn where_a_process_sleeps_is_read_from_the_kernel() {
    for (name, times) in [("pipe", 1), ("full", 3), ("accept", 1), ("killed-reader", 1)] {
        let mut places = Vec::new();
        let change = |from: &str, bytes: &mut [u8]| {
            if from.ends_with("/wchan") && bytes != b"0" {
                bytes.reverse();
                places.push(String::from_utf8_lossy(bytes).into_owned());
            }
            if from.ends_with("/status") {
                replace(bytes, b"S (sleeping)", b"S (snoozing)");
            }
        };
        let Some(output) = tamper::run(demo(&[name]), change) else { return };
        assert!(output.status.success(), "{output:?}");
        let lines: Vec<&str> = output
            .text
            .lines()
            .filter(|line| line.contains(", in the kernel function ≈ "))
            .collect();
        assert_eq!(lines.len(), times, "{output:?}");
        for line in lines {
            let place = line.split('"').nth(1).unwrap();
            let read = places.iter().any(|it| it == place);
            assert!(line.contains("state S (snoozing),") && (read || place == "0"), "{output:?}");
        }
    }
}

#[test]
fn where_the_receiver_of_a_ring_sleeps_is_read_from_the_kernel() {
    let mut place = "0".to_owned();
    let change = |from: &str, bytes: &mut [u8]| {
        if from.ends_with("/wchan") && bytes != b"0" {
            bytes.reverse();
            place = String::from_utf8_lossy(bytes).into_owned();
        }
    };
    let Some(output) = tamper::run(demo(&["ring"]), change) else { return };
    let line = output.text.lines().find(|line| line.contains(": my parent sleeps"));
    let line = line.unwrap_or_else(|| panic!("{output:?}"));
    assert!(line.ends_with(&format!("in the kernel function ≈ {place:?}")), "{line}, not {place}");
}

#[test]
fn an_end_is_what_wait_says() {
    for (name, ends) in [("pipe", 2), ("sigpipe", 2), ("spawn", 1), ("accept", 2)] {
        let Some(text) = printed_with(ALL_EXIT_WITH_9, &demo(&[name])) else { return };
        let told = text.lines().filter_map(|line| Some(line.split_once(" has ended: ")?.1));
        assert_eq!(told.collect::<Vec<_>>(), vec!["exit status: 9"; ends], "{text}");
    }
}
