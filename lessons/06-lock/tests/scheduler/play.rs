//! `play`: the keys, the line input, and a terminal that is as before.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testing::random::Random;
use testing::terminal::OnTerminal;
use testing::{start, test};

use crate::simulated::{drawn, simulate};
use crate::{demo, success, wrong_usage};

fn screen(arguments: &[&str]) -> String {
    success(demo(&[&["play"], arguments].concat()).output().expect("it runs"))
}

#[test]
fn keys_take_steps_and_take_them_back() {
    let mut random = Random::new(1);
    for case in 0..30 {
        let keys = if case % 2 == 0 {
            random.text("12u", 14)
        } else {
            format!("{}r{}", random.text("12", 10), random.text("12", 8))
        };
        let mut order = Vec::new();
        for key in keys.chars() {
            match key {
                'u' => _ = order.pop(),
                'r' => order.clear(),
                key => {
                    let thread = if key == '1' { 1 } else { 2 };
                    // A thread that has ended takes no step.
                    if order.iter().filter(|&&other| other == thread).count() < 4 {
                        order.push(thread);
                    }
                }
            }
        }
        let shown = screen(&["--keys", &keys]);
        let (told, balance) = simulate(&order);
        let steps: Vec<_> = order.iter().copied().zip(told).collect();
        assert_eq!(drawn(&shown), steps, "{keys}");
        let end = format!("the balance is {balance}, after");
        assert_eq!(shown.contains(&end), order.len() == 8, "{keys}: {shown}");
    }
}

#[test]
fn with_the_lock_the_screen_shows_who_waits() {
    let shown = screen(&["--lock", "--keys", "112"]);
    assert!(shown.contains("2: t2 waits for the lock mutex, which t1 has"), "{shown}");
    assert!(shown.contains("step 3 cannot be one of thread 2"), "{shown}");
    let shown = screen(&["--keys", "l111111222222"]);
    assert!(
        shown.contains("the balance is 0, after 1 switches. No order makes it wrong."),
        "{shown}"
    );
}

#[test]
fn an_unknown_key_is_wrong_usage() {
    assert!(wrong_usage(&["play", "--keys", "1x"]).contains("no key 'x'; available: 1, 2, u"));
}

#[test]
fn lines_work_too() {
    let mut command = demo(&["play"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a demo");
    let mut lines = child.stdin.take().expect("a pipe");
    lines.write_all(b"11\n22\nq11\n").expect("it reads");
    let text = success(child.wait_with_output().expect("it ends"));
    let (first, second) = text.split_once("switches so far: 0").expect("the first screen");
    assert_eq!(drawn(first).len(), 2);
    assert_eq!(drawn(second).len(), 4);
    assert!(!text.contains('\x1b'), "{text:?}");
}

#[test]
fn the_terminal_is_as_before_on_every_exit() {
    // Keys, or a signal that somebody else sends; and the end that a shell sees.
    let ends: [(&str, Option<Signal>, Option<Signal>); 6] = [
        ("q", None, None),
        ("\x04", None, None),
        ("\x03", None, Some(Signal::SIGINT)),
        ("\x1c", None, Some(Signal::SIGQUIT)),
        ("", Some(Signal::SIGTERM), Some(Signal::SIGTERM)),
        ("", Some(Signal::SIGHUP), Some(Signal::SIGHUP)),
    ];
    for (keys, signal, end) in ends {
        let mut running = OnTerminal::start(demo(&["play"]));
        running.read_until("switches so far: 0");
        assert!(running.is_key_by_key());
        running.press("12");
        running.read_until("switches so far: 1");
        running.press(keys);
        if let Some(signal) = signal {
            kill(Pid::from_raw(running.child.id() as i32), signal).expect("it lives");
        }
        let status = running.child.wait().expect("it ends");
        assert_eq!(status.signal(), end.map(|signal| signal as i32), "{keys:?} {status}");
        assert!(!running.is_key_by_key(), "{keys:?} {signal:?}");
    }
}

#[test]
fn a_stopped_game_gives_the_terminal_back_and_goes_on() {
    // A shell that controls jobs: it goes on when its job is stopped.
    let mut shell = start::command("sh");
    shell.args(["-mc", "\"$0\" play; echo stopped; read line; fg; echo ended: $?"]);
    shell.arg(env!("CARGO_BIN_EXE_06-lock"));
    let mut running = OnTerminal::start(shell);
    running.read_until("switches so far: 0");
    running.press("\x1a");
    running.read_until("stopped");
    assert!(!running.is_key_by_key());
    running.press("\n");
    running.read_until("switches so far: 0");
    running.press("12");
    running.read_until("switches so far: 1");
    assert!(running.is_key_by_key());
    running.press("q");
    running.read_until("ended: 0");
    assert!(!running.is_key_by_key());
    assert!(running.child.wait().expect("it ends").success());
}
