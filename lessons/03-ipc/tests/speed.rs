//! The demo `speed`: what it measures, by the kernel's word, and what becomes of the figures.

use std::collections::BTreeSet;
use std::fs;
use std::mem::take;
use std::process::Command;

use common::cpus;
use demo::demo;
use serde_json::Value;
use testing::figures::{are_close, drawn_times, seconds};
use testing::start::{on_all_cpus, stand_in};
use testing::strace::{Call, printed_with, record_with};
use testing::test;

mod demo;

const WAYS: [&str; 6] = [
    "pipe",
    "socket, stream",
    "socket, seqpacket",
    "ipc-channel, typed",
    "ipc-channel, bytes",
    "shared memory, ring",
];

/// The settings of the tables, in their order: whether there and back, and how many CPUs.
fn settings() -> Vec<(bool, usize)> {
    let all = [(false, 2), (false, 1), (true, 2), (true, 1)];
    let most = cpus::allowed().unwrap().len();
    all.into_iter().filter(|(_, cpus)| *cpus <= most).collect()
}

/// What the parent did from a fork to the next.
#[derive(Debug, Default)]
struct Measured {
    /// What its calls, and those of its child, have sent and received, in bytes.
    sent: Vec<usize>,
    received: Vec<usize>,
    sent_by_child: usize,
    received_by_child: usize,
    /// What it had made before the fork, each kind once.
    made: BTreeSet<&'static str>,
}

/// What the kernel makes by this call.
fn made_by(call: &Call) -> Option<&'static str> {
    match &*call.name {
        "pipe2" => Some("pipe"),
        "socketpair" if call.arguments.contains("SOCK_STREAM") => Some("stream"),
        "socketpair" if call.arguments.contains("SOCK_SEQPACKET") => Some("seqpacket"),
        "memfd_create" => Some("memory"),
        _ => None,
    }
}

#[test]
fn each_way_is_measured_as_its_table_says() {
    let arguments = ["speed", "--most=512", "--time=1", "--without-python"];
    let traced = "sched_setaffinity,read,write,sendto,recvfrom,sendmsg,recvmsg,\
                  pipe2,socketpair,memfd_create";
    let Some(record) = record_with(&["-s", "0"], &on_all_cpus(&demo(&arguments)), traced) else {
        return;
    };
    let parent = record.first().id;
    let mut tables: Vec<(usize, Vec<Measured>)> = Vec::new();
    let calls = record.calls();
    let program = calls.iter().rposition(|call| call.name == "execve").unwrap();
    let mut made = BTreeSet::new();
    for call in &calls[program..] {
        if call.caller == parent
            && let Some(kind) = made_by(call)
        {
            made.insert(kind);
        } else if call.name == "sched_setaffinity" {
            assert!(call.caller == parent && call.result == Some(0), "{call:?}");
            let list = call.arguments.split(['[', ']']).nth(1).unwrap();
            tables.push((list.split_whitespace().count(), Vec::new()));
        } else if let Some((_, measured)) = tables.last_mut() {
            if call.caller == parent && call.starts().is_some() {
                measured.push(Measured { made: take(&mut made), ..Measured::default() });
            } else if let Some(measured) = measured.last_mut() {
                note(measured, call, call.caller == parent);
            }
        }
    }

    let cpus: Vec<usize> = tables.iter().map(|(cpus, _)| *cpus).collect();
    assert_eq!(cpus, settings().iter().map(|(_, cpus)| *cpus).collect::<Vec<_>>());
    for ((_, measured), (and_back, _)) in tables.iter().zip(settings()) {
        assert_eq!(measured.len(), WAYS.len() * 2);
        for (number, it) in measured.iter().enumerate() {
            let (way, length) = (WAYS[number / 2], [8, 512][number % 2]);
            let what = format!("{way}, {length} bytes, and back: {and_back}: {it:?}");
            let made = match way {
                "pipe" => &["pipe"][..],
                "socket, stream" => &["stream"],
                // Through the socket it notices that the other side is gone.
                "shared memory, ring" => &["memory", "stream"],
                // ipc-channel has such sockets, too.
                _ => &["seqpacket"],
            };
            assert!(it.made.iter().eq(made), "{what}");
            if way == "shared memory, ring" {
                assert!(it.sent.is_empty() && !it.received.contains(&length), "{what}");
                continue;
            }
            // ipc-channel adds two lengths, and a third to a vector with a type.
            let more = match way {
                "ipc-channel, typed" if length < 128 => 17,
                "ipc-channel, typed" => 18,
                "ipc-channel, bytes" => 16,
                _ => 0,
            };
            // It also reads in /proc before it forks.
            let received = it.received.iter().filter(|&&bytes| bytes == length + more).count();
            assert!(received > 5 && it.sent_by_child > 5, "{what}");
            if and_back {
                assert!(it.received_by_child > 5 && it.sent.len() > 5, "{what}");
            }
            let all_are_whole = it.sent.iter().all(|&bytes| bytes == length + more);
            assert!(it.sent.is_empty() != and_back && all_are_whole, "{what}");
        }
    }
}

fn note(measured: &mut Measured, call: &Call, by_parent: bool) {
    let Some(Ok(bytes)) = call.result.map(usize::try_from) else { return };
    match (&*call.name, by_parent) {
        ("write", _) if call.descriptor() == Some(1) => {}
        ("write" | "sendto" | "sendmsg", true) => measured.sent.push(bytes),
        ("read" | "recvfrom" | "recvmsg", true) => measured.received.push(bytes),
        ("write" | "sendto" | "sendmsg", false) => measured.sent_by_child += 1,
        ("read" | "recvfrom" | "recvmsg", false) => measured.received_by_child += 1,
        _ => {}
    }
}

/// The rows of the first table that the picture shows.
const DRAWN: [&str; 5] =
    ["pipe", "ipc-channel, typed", "shared memory, ring", "Python's Queue", "a copy (the limit)"];

#[test]
fn a_message_takes_no_less_than_to_receive_it() {
    // Each receives for two milliseconds at least: there, and where it comes back.
    let slowly = "read,recvfrom,recvmsg:delay_exit=2000";
    let arguments = ["speed", "--cpus=1", "--most=8", "--time=1", "--without-python", "--json"];
    let Some(text) = printed_with(slowly, &demo(&arguments)) else { return };
    let times: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(times.len(), WAYS.len() + 1 + WAYS.len(), "{text}");
    // A ring needs no call, and no more does a copy.
    for time in times.iter().filter(|it| WAYS[..5].iter().any(|way| it["way"] == *way)) {
        let least = if time["measured"] == "round trip" { 4e-3 } else { 2e-3 };
        assert!(time["seconds"].as_f64().unwrap() >= least, "{time}");
    }
}

/// In place of Python: figures that say what was asked for.
const PYTHON: &str = r#"
while read what how length time cpus; do
    case $what in Pipe) digit=3;; Queue) digit=5;; esac
    case $how in round_trip) digit=$((digit + 1));; esac
    case $length in 8) power=6;; 512) power=3;; esac
    case $cpus in *,*) second=2;; *) second=1;; esac
    case $time in 0.001) echo $digit.${second}e-$power;; *) echo 9;; esac
done
"#;

/// What the stand-in answers, for both lengths.
fn answers(what: &str, and_back: bool, cpus: usize) -> [f64; 2] {
    let digit = if what == "Pipe" { 3 } else { 5 } + i32::from(and_back);
    [1e-6, 1e-3].map(|power| (f64::from(digit) + 0.1 * cpus as f64) * power)
}

/// Runs `speed` for two lengths with the stand-in: what it prints, and what it draws.
fn with_stand_in(more: &[&str]) -> (String, Vec<Vec<f64>>) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let picture = folder.path().join("speed.svg");
    let mut command: Command = demo(&["speed", "--most=512", "--time=1"]);
    command.args(more).arg(format!("--svg={}", picture.display()));
    stand_in(&mut command, folder.path(), "python3", PYTHON);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let drawn = drawn_times(&fs::read_to_string(picture).unwrap());
    (String::from_utf8(output.stdout).unwrap(), drawn)
}

fn are_all_close(some: &[f64], others: &[f64]) -> bool {
    some.len() == others.len()
        && some.iter().zip(others).all(|(one, other)| are_close(*one, *other))
}

#[test]
fn the_tables_have_the_figures_and_the_picture_those_of_the_first() {
    let (text, drawn) = with_stand_in(&[]);
    let mut lines = text.lines().skip_while(|line| line.starts_with('('));
    for (table, (and_back, cpus)) in settings().into_iter().enumerate() {
        let what = if and_back {
            "There and back, time for both"
        } else {
            "One message after the other, time for each"
        };
        let on = if cpus == 1 { "one CPU" } else { "two CPUs" };
        assert_eq!(lines.next().unwrap(), format!("{what}, on {on}:"), "{text}");
        assert_eq!(
            lines.next().unwrap().split_whitespace().collect::<Vec<_>>().join(" "),
            "8 B 512 B"
        );
        let mut names = [&WAYS[..], &["Python's Pipe", "Python's Queue"]].concat();
        if !and_back {
            names.push("a copy (the limit)");
        }
        let mut drawn = drawn.iter();
        for name in &names {
            let line = lines.next().unwrap();
            let cells = line.strip_prefix(name).unwrap_or_else(|| panic!("{name}: {text}"));
            let words: Vec<&str> = cells.split_whitespace().collect();
            let times: Vec<f64> = words.chunks(2).map(|word| seconds(&word.join(" "))).collect();
            if table == 0 && DRAWN.contains(name) {
                assert!(are_all_close(&times, drawn.next().unwrap()), "{line} {drawn:?}");
            }
            if let Some(what) = name.strip_prefix("Python's ") {
                assert!(are_all_close(&times, &answers(what, and_back, cpus)), "{line} in {text}");
            }
        }
        assert!(table > 0 || drawn.next().is_none(), "{drawn:?}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn json_has_the_same_figures() {
    let (text, drawn) = with_stand_in(&["--json"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seconds = |way: &str, and_back: bool, cpus: usize| -> Vec<f64> {
        let measured = if and_back { "round trip" } else { "one way" };
        let row = lines.iter().filter(|it| it["way"] == way && it["measured"] == measured);
        let row: Vec<&Value> = row.filter(|it| it["cpus"] == cpus).collect();
        assert_eq!(row.iter().map(|it| it["bytes"].clone()).collect::<Vec<_>>(), [8, 512]);
        row.iter().map(|it| it["seconds"].as_f64().unwrap()).collect()
    };
    for (and_back, cpus) in settings() {
        for what in ["Pipe", "Queue"] {
            let times = seconds(&format!("Python's {what}"), and_back, cpus);
            assert!(are_all_close(&times, &answers(what, and_back, cpus)), "{text}");
        }
    }
    let (and_back, cpus) = settings()[0];
    for (row, way) in DRAWN.into_iter().enumerate() {
        assert!(are_all_close(&seconds(way, and_back, cpus), &drawn[row]), "{text} {drawn:?}");
    }
    let first = [&WAYS[..], &["Python's Pipe", "Python's Queue", "a copy (the limit)"]].concat();
    first.into_iter().for_each(|way| assert_eq!(seconds(way, and_back, cpus).len(), 2, "{way}"));
}
