//! `trace --step`: who goes on first decides what comes of it, and nothing else does.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testing::start;
use testing::terminal::OnTerminal;

use super::trace::{XTASK, example, in_time, is_allowed};

/// One way of `examples/steps.rs`, step by step.
fn step(options: &[&str], way: &str) -> Output {
    let mut xtask = in_time(Path::new(XTASK));
    xtask.args(["trace", "--step"]).args(options).arg("--").arg(example("steps")).arg(way);
    xtask.output().unwrap()
}

/// The screen after these keys, with the numbers of the tasks in place of their ids.
fn screen(way: &str, keys: &str) -> String {
    named(&raw_screen(way, keys))
}

fn raw_screen(way: &str, keys: &str) -> String {
    let output = step(&["--keys", keys], way);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn named(screen: &str) -> String {
    let ids = tasks(screen);
    let mut words = Vec::new();
    for word in screen.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let id = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        match ids.get(id) {
            Some(number) => words.push(word.replace(id, &format!("#{number}"))),
            None if id.starts_with("0x") => words.push(word.replace(id, "0x…")),
            None => words.push(word.to_owned()),
        }
    }
    words.concat()
}

/// From the ids of the tasks on a screen to their numbers.
fn tasks(screen: &str) -> HashMap<&str, &str> {
    let lines = screen.lines().filter_map(|line| {
        let line = line.trim_start_matches([' ', '│', '├', '└', '─']);
        let (number, rest) = line.split_once("  ")?;
        let rest = rest.strip_prefix("pid ").or_else(|| rest.strip_prefix("tid "))?;
        Some((rest.split(' ').next()?, number))
    });
    lines.collect()
}

#[test]
fn each_task_is_held_before_its_next_event() {
    if !is_allowed() {
        return;
    }
    assert_eq!(
        screen("parent-first", ""),
        "1  pid #1 steps: about to: fork\n   last: exec steps \"parent-first\"\n"
    );
    assert_eq!(
        screen("parent-first", "12"),
        "1  pid #1 steps: about to: print \"parent\\n\"\n\
         │  last: fork → pid #2\n\
         └─ 2  pid #2 steps: about to: exit the process, status 0\n      \
         last: print \"child\\n\"\n\
         printed so far:\n  child\n"
    );
}

#[test]
fn the_reader_chooses_what_is_printed_first() {
    if !is_allowed() {
        return;
    }
    for (keys, printed) in [("112", "  parent\n  child\n"), ("121", "  child\n  parent\n")] {
        let screen = screen("parent-first", keys);
        assert!(screen.ends_with(&format!("printed so far:\n{printed}")), "{keys}: {screen}");
    }
}

#[test]
fn a_child_whose_parent_ends_first_is_adopted() {
    if !is_allowed() {
        return;
    }
    let screen = raw_screen("parent-first", "111");
    let adopted = screen.lines().nth(1).unwrap();
    assert!(screen.starts_with("1  pid "), "{screen}");
    assert!(screen.lines().next().unwrap().ends_with(": ended: exited, status 3"), "{screen}");
    // It is nobody's child in the tree.
    assert!(adopted.starts_with("2  pid "), "{screen}");
    let (_, by) = adopted.split_once("adopted by pid ≈ ").expect(&screen);
    let (by, rest) = by.split_once(' ').unwrap();
    let name = fs::read_to_string(format!("/proc/{by}/comm")).unwrap();
    let expected = format!("(≈ {:?}) · about to: print \"child\\n\"", name.trim_end());
    assert_eq!(rest, expected, "{screen}");
}

#[test]
fn a_child_that_ends_first_is_a_zombie_until_its_parent_waits() {
    if !is_allowed() {
        return;
    }
    let zombie = screen("kills", "12");
    assert!(zombie.contains("└─ 2  pid #2 steps: about to: exit the process"), "{zombie}");
    let zombie = screen("kills", "122");
    assert!(zombie.contains("└─ 2  pid #2 steps: zombie: exited, status 0\n"), "{zombie}");
    let reaped = screen("kills", "12211");
    assert!(reaped.contains("last: wait for pid #2 → pid #2 exited, status 0\n"), "{reaped}");
    assert!(reaped.contains("└─ 2  pid #2 steps: ended: exited, status 0\n"), "{reaped}");
}

#[test]
fn a_reader_waits_while_a_write_end_is_open() {
    if !is_allowed() {
        return;
    }
    // The pipe, the fork, the write; the reader closes its write end and reads.
    let waiting = screen("reader", "111222");
    assert_eq!(
        waiting,
        "1  pid #1 steps: about to: close pipe 1, write end\n\
         │  last: write to pipe 1, write end: \"pear\" (4 bytes)\n\
         │  open: pipe 1, read end · pipe 1, write end\n\
         └─ 2  pid #2 steps: waiting: read from pipe 1, read end\n      \
         last: read from pipe 1, read end: \"pear\" (4 bytes)\n      \
         open: pipe 1, read end\n"
    );
    let end = screen("reader", "1112221");
    assert!(end.contains("2  pid #2 steps: about to: print \"read \\\"pear\\\"\\n\""), "{end}");
    assert!(end.contains("read from pipe 1, read end: end of file"), "{end}");
}

#[test]
fn the_parent_of_a_killed_task_learns_by_which_signal_it_ended() {
    if !is_allowed() {
        return;
    }
    let learnt = screen("waits-for-pause", "112k2");
    assert!(learnt.contains("last: wait for pid #2 → pid #2 was killed by SIGKILL"), "{learnt}");
    assert!(learnt.contains("2  pid #2 steps: ended: killed by SIGKILL\n"), "{learnt}");
    // One that is held, and one that another task kills.
    let held = screen("waits-for-pause", "1k2");
    assert!(held.contains("1  pid #1 steps: about to: wait for pid #2\n"), "{held}");
    assert!(held.contains("2  pid #2 steps: zombie: killed by SIGKILL\n"), "{held}");
    let by_other = screen("kills", "11");
    assert!(by_other.contains("last: send SIGKILL to pid #2\n"), "{by_other}");
    assert!(by_other.contains("2  pid #2 steps: zombie: killed by SIGKILL\n"), "{by_other}");
}

#[test]
fn the_killed_parent_of_a_waiting_child_is_the_end_of_its_pipe() {
    if !is_allowed() {
        return;
    }
    let screen = raw_screen("reader", "11222k1");
    assert!(screen.contains("ended: killed by SIGKILL\n"), "{screen}");
    assert!(screen.contains("about to: print \"read \\\"\\\"\\n\""), "{screen}");
}

#[test]
fn a_time_limit_runs_out_only_when_the_reader_lets_it() {
    if !is_allowed() {
        return;
    }
    for way in ["poll", "select"] {
        let held = screen(way, "111");
        assert!(
            held.contains(
                "1  pid #1 steps: at the end of its time limit: wait for pipe 1, read end"
            ),
            "{held}"
        );
        assert!(screen(way, "1111").contains("about to: print \"too late\\n\""), "{way}");
        assert!(screen(way, "11121").contains("about to: print \"in time\\n\""), "{way}");
        // All may run: then what is in time by the clock is in time.
        assert!(screen(way, "112a").ends_with("printed so far:\n  in time\n"), "{way}");
    }
    let held = screen("recv-timeout", "1");
    assert!(held.contains("at the end of its time limit: futex wait at 0x…\n"), "{held}");
    assert!(screen("recv-timeout", "121").contains("about to: print \"in time\\n\""));
    // The other thread is held in its print, and has the lock of standard output.
    let locked = screen("recv-timeout", "11");
    assert!(locked.contains("1  pid #1 steps: waiting: futex wait at 0x…\n"), "{locked}");
    assert!(screen("recv-timeout", "112").contains("about to: print \"too late\\n\""));
}

#[test]
fn a_task_that_sleeps_is_waited_for() {
    if !is_allowed() {
        return;
    }
    assert!(screen("sleep", "").contains("about to: sleep for 50.0 ms\n"));
    assert!(screen("sleep", "1").contains("about to: print \"awake\\n\""));
    assert!(screen("poll-nothing", "").contains("about to: print \"awake\\n\""));
}

#[test]
fn a_task_that_cannot_go_on_says_what_it_waits_for() {
    if !is_allowed() {
        return;
    }
    let vfork = screen("vfork", "11");
    assert!(vfork.contains("1  pid #1 steps: waiting: vfork\n"), "{vfork}");
    assert!(vfork.contains("└─ 2  pid #2 steps: about to: exec true\n"), "{vfork}");
    assert!(vfork.ends_with("1 is not held: it is waiting: vfork\n"), "{vfork}");
    let stopped = screen("stops", "12");
    assert!(stopped.contains("2  pid #2 steps: stopped by a signal\n"), "{stopped}");
    let continued = screen("stops", "121");
    assert!(continued.contains("2  pid #2 steps: about to: print \"child\\n\""), "{continued}");
}

#[test]
fn other_events_can_be_selected() {
    if !is_allowed() {
        return;
    }
    let output = step(&["--only", "exit", "--keys", ""], "parent-first");
    let screen = named(&String::from_utf8(output.stdout).unwrap());
    assert!(screen.contains("1  pid #1 steps: about to: exit the process, status 3\n"), "{screen}");
    assert!(screen.contains("2  pid #2 steps: about to: exit the process, status 0\n"), "{screen}");
}

#[test]
fn keys_may_come_through_standard_input() {
    if !is_allowed() {
        return;
    }
    let mut xtask = in_time(Path::new(XTASK));
    xtask.args(["trace", "--step", "--"]).arg(example("steps")).arg("parent-first");
    let mut xtask = xtask.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    xtask.stdin.take().unwrap().write_all(b"1\n\n2\n").unwrap();
    let output = xtask.wait_with_output().unwrap();
    assert!(output.status.success());
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(named(&shown), screen("parent-first", "12"));
}

#[test]
fn what_is_wrong_is_one_clear_line() {
    let wrong = |options: &[&str], why: &str| {
        let output = step(options, "parent-first");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("xtask: {why}\n"));
    };
    let available = "available: 1 to 9 and A to Z (a task), k, a, q";
    wrong(&["--keys", "1x"], &format!("--keys: no key 'x'; {available}"));
    wrong(&["--keys", "0"], &format!("--keys: no key '0'; {available}"));
    wrong(&["--keys", "1k"], "--keys: after 'k' comes the task to kill");
    wrong(&["--keys", "kk"], "--keys: after 'k' comes the task to kill");
    for other in ["--json", "--tree", "--all"] {
        wrong(&[other], &format!("one of --step and {other} at a time"));
    }
    for other in ["--svg", "--limit", "--pid"] {
        wrong(&[other, "1"], &format!("one of --step and {other} at a time"));
    }
    let mut xtask = in_time(Path::new(XTASK));
    let output = xtask.args(["trace", "--keys", "1", "--", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_task_that_is_not_there_or_has_ended_is_said_to_be_so() {
    if !is_allowed() {
        return;
    }
    assert!(screen("parent-first", "3").ends_with("no task 3 yet\n"));
    assert!(screen("parent-first", "1111").contains("\n1 has ended\n"));
}

#[test]
fn the_same_keys_show_the_same_screen() {
    if !is_allowed() {
        return;
    }
    let first = screen("reader", "111222112");
    for _ in 0..20 {
        assert_eq!(screen("reader", "111222112"), first);
    }
}

#[test]
fn a_program_that_cannot_be_started_is_an_error_here_too() {
    if !is_allowed() {
        return;
    }
    let mut xtask = in_time(Path::new(XTASK));
    let output = xtask.args(["trace", "--step", "--keys", "1", "--", "/no/such"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("/no/such could not be started: No such file"), "{errors}");
}

/// Step by step on a terminal.
fn on_terminal() -> OnTerminal {
    let mut command = start::command(XTASK);
    command.args(["trace", "--step", "--"]).arg(example("steps")).arg("waits-for-pause");
    OnTerminal::start(command)
}

/// Waits until a process is gone. It was killed, and may take a moment.
fn wait_until_gone(id: &str) {
    let is_there =
        || fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while is_there() {
        std::thread::yield_now();
    }
}

#[test]
fn the_terminal_is_as_before_on_every_exit_and_nothing_is_left_running() {
    if !is_allowed() {
        return;
    }
    // Keys, or a signal that somebody else sends; and the end that a shell sees.
    let ends: [(&str, Option<Signal>, Option<Signal>); 8] = [
        ("q", None, None),
        ("\x04", None, None),
        // All run, and one is killed, so the program ends.
        ("ak2", None, None),
        ("\x03", None, Some(Signal::SIGINT)),
        ("\x1c", None, Some(Signal::SIGQUIT)),
        ("", Some(Signal::SIGINT), Some(Signal::SIGINT)),
        ("", Some(Signal::SIGTERM), Some(Signal::SIGTERM)),
        ("", Some(Signal::SIGHUP), Some(Signal::SIGHUP)),
    ];
    for (keys, signal, end) in ends {
        let mut running = on_terminal();
        running.read_until("about to: fork");
        assert!(running.is_key_by_key());
        running.press("x1");
        let shown = running.read_until("about to: wait for a signal");
        assert!(shown.contains("no key 'x'"), "{shown}");
        let ids: Vec<String> = tasks(&shown).into_keys().map(str::to_owned).collect();
        running.press(keys);
        if let Some(signal) = signal {
            kill(Pid::from_raw(running.child.id() as i32), signal).unwrap();
        }
        let status = running.child.wait().unwrap();
        assert_eq!(status.signal(), end.map(|signal| signal as i32), "{keys:?} {status}");
        assert!(end.is_some() || status.success(), "{keys:?} {status}");
        assert!(!running.is_key_by_key(), "{keys:?} {signal:?}");
        assert!(!ids.is_empty());
        ids.iter().for_each(|id| wait_until_gone(id));
    }
}

#[test]
fn a_signal_ends_it_while_it_waits_for_keys_from_a_pipe() {
    if !is_allowed() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut xtask = start::command(XTASK);
        xtask.args(["trace", "--step", "--"]).arg(example("steps")).arg("waits-for-pause");
        let mut xtask = xtask.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // `wait` would close it, and the end of the keys ends the program, too.
        let _keys = xtask.stdin.take();
        let children = format!("/proc/{0}/task/{0}/children", xtask.id());
        let held = loop {
            let ids = fs::read_to_string(&children).unwrap();
            let id = ids.trim();
            let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
            if !id.is_empty() && name.trim_end() == "steps" {
                break id.to_owned();
            }
            std::thread::yield_now();
        };
        kill(Pid::from_raw(xtask.id() as i32), signal).unwrap();
        let output = xtask.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}: {output:?}");
        wait_until_gone(&held);
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_program() {
    if !is_allowed() {
        return;
    }
    let mut running = on_terminal();
    running.read_until("about to: fork");
    running.close().wait().unwrap();
}
