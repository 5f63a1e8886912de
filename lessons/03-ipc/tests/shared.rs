//! The demos `shared-memory`, `ring` and `speed`, seen from outside.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::{Duration, Instant};

use common::proc;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;
use testing::running::{Running, pid};
use testing::seen::{until, within};
use testing::{figures, start, test, witness};

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

/// The file in memory of this name that a process has open.
fn memory_of(pid: Pid, name: &str) -> File {
    try_memory_of(pid, name).expect("a file in memory")
}

/// As [`memory_of`], of a process that may have ended.
fn try_memory_of(pid: Pid, name: &str) -> io::Result<File> {
    for file in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let file = file?.path();
        let target = fs::read_link(&file)?;
        if target.to_string_lossy().contains(&format!("memfd:{name} ")) {
            return File::options().read(true).write(true).open(file);
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// The demo `shared-memory`, stopped before its children add, and its memory; `None` if it has
/// ended before that.
fn stopped_before_the_sums() -> Option<(Running, File)> {
    let running = Running::start(demo(&["shared-memory"]));
    let parent = running.id();
    running.line_with(&["Two children"]);
    running.signal(parent, Signal::SIGSTOP);
    let found = within(Duration::from_secs(60), || {
        let state = proc::field(format!("/proc/{parent}/status"), "State");
        Some(state.ok()?).filter(|state| state.starts_with(['T', 'Z']))
    });
    if !found.is_some_and(|state| state.starts_with('T')) {
        return None;
    }
    assert_eq!(mapped(parent, "counter"), ["rw-s"]);
    let file = memory_of(parent, "counter");
    Some((running, file))
}

#[test]
fn the_counters_are_in_memory_that_both_children_have() {
    // Again if the demo has ended before its memory could be opened.
    let seen = (0..20).any(|_| {
        let Some((running, file)) = stopped_before_the_sums() else { return false };
        running.signal(running.id(), Signal::SIGCONT);
        let wrong = numbers(&running.next_line().unwrap());
        running.line_with(&["They add"]);
        let right = numbers(&running.next_line().unwrap());
        let (_, errors, status) = running.finish();
        assert!(status.success(), "{errors}");
        assert!(wrong[0] > wrong[1], "{wrong:?}");
        assert!(right[0] == right[1] && right[0] >= wrong[0], "{right:?}");

        // The state, then for each counter its value and what each child has added.
        let word = |number: u64| {
            let mut word = [0; 8];
            file.read_exact_at(&mut word, 8 * number).unwrap();
            u64::from_ne_bytes(word)
        };
        assert_eq!([word(1), word(2) + word(3)], [wrong[1], wrong[0]]);
        assert_eq!([word(4), word(5) + word(6)], [right[1], right[0]]);
        assert!([2, 3, 5, 6].iter().all(|&number| word(number) > 0), "one child did nothing");
        true
    });
    assert!(seen, "the demo always ended too early");
}

#[test]
fn a_sum_that_is_not_what_was_added_is_an_error() {
    let seen = (0..20).any(|_| {
        let Some((running, file)) = stopped_before_the_sums() else { return false };
        // Where the second counter is.
        file.write_all_at(&7_u64.to_ne_bytes(), 8 * 4).unwrap();
        running.signal(running.id(), Signal::SIGCONT);
        let (lines, errors, status) = running.finish();
        if lines.iter().any(|line| line.starts_with("They add")) {
            assert_eq!(status.code(), Some(1), "{lines:?}");
            assert!(errors.contains(" times; the counter is at "), "{errors}");
        }
        true
    });
    assert!(seen, "the demo always ended too early");
}

#[test]
fn another_message_in_the_ring_is_an_error() {
    if !start::can_use_strace() {
        return;
    }
    // The child says what it has sent, and then lets its parent wait. Longer on a busy machine.
    for delay in ["100000", "500000", "3000000"] {
        let mut strace = start::with_fault(&format!("write:delay_enter={delay}"));
        start::add_program(&mut strace, &demo(&["ring", "--awake"]));
        let running = Running::start(strace);
        let child = running.pid_in("  child (pid ");
        let Ok(ring) = try_memory_of(child, "ring") else { continue };
        let mut bytes = vec![0; ring.metadata().unwrap().len() as usize];
        ring.read_exact_at(&mut bytes, 0).unwrap();
        let place = bytes.windows(8).position(|part| part == 77_u64.to_ne_bytes()).unwrap();
        ring.write_all_at(&78_u64.to_ne_bytes(), place as u64).unwrap();
        let (lines, errors, status) = running.finish();
        if lines.iter().any(|line| line.contains("I have received them")) && status.success() {
            continue;
        }
        assert!(errors.contains("message 77 is [78, 0"), "{errors} {lines:?}");
        return;
    }
    panic!("the messages are not looked at");
}

#[test]
fn the_messages_are_in_memory_that_both_have() {
    // Minutes in which the receiver sleeps, to look at them.
    let running = Running::start(demo(&["ring", "--pace", "1000"]));
    let parent = running.id();
    let child = running.pid_in("  child (pid ");
    let last = running.line_with(&["  child (pid"]);
    assert!(last.starts_with(&format!("  child (pid {child}): my parent sleeps")), "{last}");
    assert_eq!(proc::field(format!("/proc/{child}/status"), "PPid").unwrap(), parent.to_string());

    // The ring, twice in each, and shared.
    for process in [parent, child] {
        assert_eq!(mapped(process, "ring"), ["rw-s", "rw-s"]);
    }
    assert!(proc::poll_until_asleep(parent).unwrap(), "the parent has ended");

    running.signal(child, Signal::SIGKILL);
    let (_, errors, status) = running.finish();
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(errors.contains("the other end of the ring is gone"), "{errors}");
}

#[test]
fn what_was_sent_before_the_death_is_received() {
    let testimony = witness::run(demo(&["ring"])).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    let (parent, texts) = (testimony.pid, testimony.texts());
    let child = pid(texts[1]).as_raw() as u32;
    assert_ne!(child, parent);
    assert_eq!(testimony.writers(), [parent, child]);
    for (line, writer) in [(1, child), (2, parent), (3, child), (4, parent)] {
        assert_eq!(testimony.lines[line].pid, writer, "{testimony:#?}");
    }
    let is = |line: usize, end: &str| {
        assert_eq!(texts[line], format!("  parent (pid {parent}): {end}"), "{texts:#?}");
    };
    is(2, "I have received them, 1 to 100");
    is(5, &format!("I kill the child (pid {child}): killed by SIGKILL"));
    is(6, "\"plum\" was in the ring");
    is(7, "\"fig\" was in the ring");
    is(8, "\"quince\" was in the ring");
    assert!(texts[9].contains("the other end of the ring is gone, noticed after"));
    assert_eq!(texts.len(), 10);
}

/// The time in a line, after some words, in seconds.
fn seconds_after(words: &str, line: &str) -> f64 {
    let (_, rest) = line.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {line:?}"));
    figures::seconds(rest)
}

#[test]
fn the_receiver_sleeps_in_a_futex_as_often_and_as_long_as_it_says() {
    // Slower if the child has sent before the test could stop it.
    if !["0.1", "1", "10"].iter().any(|pace| look_at_the_sleeping_receiver(pace)) {
        start::pass_over("the machine is too busy to stop a process in time");
    }
}

/// False if it came too late.
fn look_at_the_sleeping_receiver(pace: &str) -> bool {
    let running = Running::start(demo(&["ring", "--pace", pace]));
    let parent = running.id();
    running.line_with(&["  parent (pid "]);
    let child = running.pid_in("  child (pid ");
    running.signal(child, Signal::SIGSTOP);
    let stopped = Instant::now();
    let ring = memory_of(parent, "ring");
    let place = |word: &[u8]| {
        let mut bytes = vec![0; ring.metadata().unwrap().len() as usize];
        ring.read_exact_at(&mut bytes, 0).unwrap();
        bytes.windows(word.len()).position(|part| part == word)
    };
    if place(b"pear").is_some() {
        return false;
    }

    // It sleeps nowhere else: the child has seen that it sleeps.
    let call = || fs::read_to_string(format!("/proc/{parent}/syscall")).unwrap_or_default();
    if call().is_empty() {
        start::pass_over("/proc/PID/syscall is not readable");
    } else {
        let asleep = within(Duration::from_secs(60), || {
            Some(call()).filter(|call| !call.starts_with("running"))
        });
        let futex = format!("{} ", nix::libc::SYS_futex);
        assert!(asleep.is_some_and(|call| call.starts_with(&futex)), "not in a futex");
    }
    // It is woken more often than it could know without asking the kernel.
    let status = format!("/proc/{parent}/status");
    let sleeps =
        || -> u64 { proc::field(&status, "voluntary_ctxt_switches").unwrap().parse().unwrap() };
    let is = |state| proc::field(&status, "State").unwrap().starts_with(state);
    let before = sleeps();
    for _ in 0..40 {
        running.signal(parent, Signal::SIGSTOP);
        until("it is stopped", || is('T'));
        running.signal(parent, Signal::SIGCONT);
        until("it sleeps again", || is('S'));
    }

    // While the parent stands still, the messages are changed in the memory of both.
    running.signal(parent, Signal::SIGSTOP);
    until("it is stopped", || is('T'));
    let slept = sleeps() - before;
    assert!(slept >= 40);
    running.signal(child, Signal::SIGCONT);
    until("the last message is in the ring", || place(b"quince").is_some());
    for (old, new) in [(b"pear", b"nuts"), (b"plum", b"kiwi")] {
        ring.write_all_at(new, place(old).unwrap() as u64).unwrap();
    }
    let stood_still = stopped.elapsed();
    running.signal(parent, Signal::SIGCONT);

    let came = running.line_with(&["  parent (pid "]);
    let most = running.started().elapsed();
    assert!(came.contains("\"nuts\" came after "), "{came}");
    is_within(seconds_after(" came after ", &came), stood_still, most);
    let told = numbers(&came)[0];
    // It sleeps every 50 ms while the machine is busy with something else.
    let others = before + most.as_millis() as u64 / 20;
    assert!((slept..=slept + others).contains(&told), "{came}; {slept} and {others}");
    let (lines, _, status) = running.finish();
    assert!(status.success());
    assert!(lines.iter().any(|line| line.ends_with("\"kiwi\" was in the ring")), "{lines:?}");
    true
}

/// A printed time has three digits.
fn is_within(seconds: f64, least: Duration, most: Duration) {
    let range = 0.99 * least.as_secs_f64()..1.01 * most.as_secs_f64();
    assert!(range.contains(&seconds), "{seconds} s; {range:?}");
}

#[test]
fn a_death_is_noticed_after_the_time_that_it_says() {
    let mut too_late = 0;
    for _ in 0..10 {
        let running = Running::start(demo(&["ring", "--pace", "0.01"]));
        while !running.line_with(&["  parent"]).ends_with("\"quince\" was in the ring") {}
        // Before it looks whether the child lives, if it is stopped in time.
        running.signal(running.id(), Signal::SIGSTOP);
        let stopped = Instant::now();
        let lines = running.lines_until_silent_for(Duration::from_millis(100));
        let stood_still = stopped.elapsed();
        // A line that was printed before may come late.
        let stopped = proc::field(format!("/proc/{}/status", running.id()), "State").unwrap();
        running.signal(running.id(), Signal::SIGCONT);
        if lines.is_empty() && stopped.starts_with('T') {
            let noticed = seconds_after("noticed after ", &running.next_line().unwrap());
            is_within(noticed, stood_still, running.started().elapsed());
            return;
        }
        too_late += 1;
    }
    start::pass_over(&format!("{too_late} times it was too late to stop a process"));
}

#[test]
fn the_sums_are_not_always_the_same() {
    let sums = || {
        let output = demo(&["shared-memory"]).output().unwrap();
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
        json(&["speed", "--cpus=1", "--most=8192", "--time=1", "--without-python", "--json"]);
    // Of both directions: six ways, three lengths; and a copy.
    assert_eq!(lines.len(), 2 * 6 * 3 + 3);
    let seconds = |way: &str, bytes: u64, measured: &str| -> f64 {
        let mut found = lines.iter().filter(|it| it["way"] == way && it["bytes"] == bytes);
        found.find(|it| it["measured"] == measured).unwrap()["seconds"].as_f64().unwrap()
    };
    // On one CPU a message there and one back are two changes of process at least.
    let mut round_trips = 0.0;
    for bytes in [8, 512, 8192] {
        for way in ["pipe", "socket, stream", "socket, seqpacket", "shared memory, ring"] {
            round_trips += 1e-3 / seconds(way, bytes, "round trip");
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
    assert_eq!(svg.matches("<circle").count(), 4 * 2);
    assert!(svg.contains("on one CPU") && svg.contains("512 B"));
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, status, words) in [
        (["ring", "--times=1"], 2, "no option '--times' of ring; available: "),
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
