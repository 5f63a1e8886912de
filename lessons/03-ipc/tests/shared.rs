//! The demos `shared-memory` and `speed`, seen from outside.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use common::proc;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;
use testing::running::{Running, pid};
use testing::{start, witness};

fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_03-ipc"));
    command.args(arguments).env("LESSON_PACE", "0.05");
    command
}

/// The numbers after `≈` in a line.
fn numbers(line: &str) -> Vec<u64> {
    let digits =
        |text: &str| text.trim().split(|c: char| !c.is_ascii_digit()).next().unwrap().to_owned();
    line.split('≈').skip(1).map(|text| digits(text).parse().unwrap()).collect()
}

/// What a process has mapped that has this name, as `/proc/PID/maps` has it: the flags.
fn mapped(pid: Pid, name: &str) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let lines = maps.lines().filter(|line| line.contains(&format!("/memfd:{name} ")));
    lines.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn the_counters_and_the_messages_are_in_memory_that_both_have() {
    // Minutes in which the receiver sleeps, to look at them.
    let running = Running::start(demo(&["shared-memory", "--pace", "1000"]));
    let parent = running.id();
    running.line_with(&["Two children"]);
    let wrong = numbers(&running.next_line().unwrap());
    running.line_with(&["They add"]);
    let right = numbers(&running.next_line().unwrap());
    assert!(wrong[0] > wrong[1], "{wrong:?}");
    assert!(right[0] == right[1] && right[0] >= wrong[0], "{right:?}");

    let child = running.pid_in("  child (pid ");
    let last = running.line_with(&["  child (pid"]);
    assert!(last.starts_with(&format!("  child (pid {child}): my parent sleeps")), "{last}");
    assert_eq!(proc::field(format!("/proc/{child}/status"), "PPid").unwrap(), parent.to_string());

    // The counters: the state, then a value and what each child has added, twice.
    let files = fs::read_dir(format!("/proc/{parent}/fd")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let file =
        files.find(|file| fs::read_link(file).unwrap().to_str().unwrap().contains("memfd:counter"));
    let file = File::open(file.expect("a file in memory")).unwrap();
    let word = |number: u64| {
        let mut word = [0; 8];
        file.read_exact_at(&mut word, 8 * number).unwrap();
        u64::from_ne_bytes(word)
    };
    assert_eq!([word(1), word(2) + word(3)], [wrong[1], wrong[0]]);
    assert_eq!([word(4), word(5) + word(6)], [right[1], right[0]]);
    assert!([2, 3, 5, 6].iter().all(|&number| word(number) > 0), "one child has done nothing");

    // The ring, twice in each, and shared.
    for process in [parent, child] {
        assert_eq!(mapped(process, "counter"), ["rw-s"]);
        assert_eq!(mapped(process, "ring"), ["rw-s", "rw-s"]);
    }
    assert!(proc::wait_until_asleep(parent).unwrap(), "the parent has ended");

    running.signal(child, Signal::SIGKILL);
    let (_, errors, status) = running.finish();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(errors.contains("the other end of the ring is gone"), "{errors}");
}

#[test]
fn what_was_sent_before_the_death_is_received() {
    let testimony = witness::run(demo(&["shared-memory"])).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    let (parent, texts) = (testimony.pid, testimony.texts());
    let child = pid(texts[6]).as_raw() as u32;
    assert_ne!(child, parent);
    assert_eq!(testimony.writers(), [parent, child]);
    for (line, writer) in [(6, child), (7, parent), (8, child), (9, parent)] {
        assert_eq!(testimony.lines[line].pid, writer, "{testimony:#?}");
    }
    let is = |line: usize, end: &str| {
        assert_eq!(texts[line], format!("  parent (pid {parent}): {end}"), "{texts:#?}");
    };
    is(7, "I have received them, 1 to 100");
    is(10, &format!("I kill the child (pid {child}): killed by SIGKILL"));
    is(11, "\"plum\" was in the ring");
    is(12, "\"fig\" was in the ring");
    is(13, "\"quince\" was in the ring");
    assert!(texts[14].contains("the other end of the ring is gone, noticed after"));
    assert_eq!(texts.len(), 15);
}

#[test]
fn the_sums_are_not_always_the_same() {
    let sums = || {
        let output = demo(&["shared-memory", "--awake"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        numbers(text.lines().nth(2).unwrap())
    };
    let first = sums();
    assert!((0..20).any(|_| sums() != first), "always {first:?}");
}

/// What a demo prints, a JSON value each line.
fn json(arguments: &[&str]) -> Vec<Value> {
    let output = demo(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_time_is_that_of_messages_between_two_processes() {
    let used = || getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let switches = || used().voluntary_context_switches() + used().involuntary_context_switches();
    let before = switches();
    let lines =
        json(&["speed", "--cpus=1", "--most=65536", "--time=3", "--without-python", "--json"]);
    // Of both directions: six ways, four lengths; and a copy.
    assert_eq!(lines.len(), 2 * 6 * 4 + 4);
    let seconds = |way: &str, bytes: u64, measured: &str| -> f64 {
        let mut found = lines.iter().filter(|it| it["way"] == way && it["bytes"] == bytes);
        found.find(|it| it["measured"] == measured).unwrap()["seconds"].as_f64().unwrap()
    };
    // On one CPU a message there and one back are two changes of process at least.
    let mut round_trips = 0.0;
    for bytes in [8, 512, 8192, 65536] {
        for way in ["pipe", "socket, stream", "socket, seqpacket", "shared memory, ring"] {
            round_trips += 3e-3 / seconds(way, bytes, "round trip");
            assert!(seconds(way, bytes, "one way") > 0.0);
        }
    }
    let switched = (switches() - before) as f64;
    assert!(switched >= round_trips, "{switched} switches for {round_trips} round trips");
}

#[test]
fn without_python_the_rest_is_measured() {
    let short = ["speed", "--cpus=1", "--most=8", "--time=1"];
    let output = demo(&short).env("PATH", "/nowhere").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let told = text.lines().next().unwrap();
    assert!(
        told.starts_with("(Python's Pipe and Queue are not measured: python3: No such"),
        "{text}"
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("shared memory, ring")).count(), 2);

    if start::is_installed("python3") {
        let output = demo(&short).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            text.lines().filter(|line| line.starts_with("Python's Queue")).count(),
            2,
            "{text}"
        );
    }
}

#[test]
fn a_picture_is_drawn() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let picture = folder.path().join("speed.svg");
    let file = format!("--svg={}", picture.display());
    let mut command =
        demo(&["speed", "--cpus=1", "--most=512", "--time=1", "--without-python", &file]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let svg = fs::read_to_string(&picture).unwrap();
    assert_eq!(svg.matches("<circle").count(), 7 * 2);
    assert!(svg.contains("on one CPU") && svg.contains("512 B"));
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, status, words) in [
        (["shared-memory", "--times=1"], 2, "no option '--times' of shared-memory; available: "),
        (["speed", "--most=7"], 2, "a number from 8 to 16777216"),
        (["speed", "--time=0"], 2, "a number from 1 to 10000"),
        (["speed", "--cpus=3"], 2, "a number from 1 to 2"),
        (["speed", "--svg=/no/such/folder/x.svg"], 1, "write /no/such/folder/x.svg: No such file"),
    ] {
        let mut command = demo(&arguments);
        if status == 1 {
            command.args(["--most=8", "--time=1", "--without-python"]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{errors}");
        assert!(errors.contains(words) && errors.lines().count() == 1, "{errors}");
    }
}
