//! A traced program finds what it would find without the recorder, and can do the same.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{io, ptr};

use common::proc;
use nix::libc;
use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::setsid;
use serde_json::json;

use super::lives::Lives;
use super::trace::{XTASK, events, example, is_allowed, record};
use super::{has, in_both, only_child};

#[test]
fn a_program_that_asks_at_the_terminal_is_not_stopped_there() {
    if !is_allowed() {
        return;
    }
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    let mut recorder = Command::new("timeout");
    // Without --foreground it would itself be in the background there.
    recorder.args(["--foreground", "--kill-after=5", "60"]).arg(example("record"));
    recorder.args([XTASK, "shown"]).arg(example("tasks")).arg("terminal");
    recorder.stdin(File::from(slave));
    let own_terminal = || {
        setsid()?;
        // SAFETY: the call has no pointer to follow.
        let done = unsafe { libc::ioctl(0, libc::TIOCSCTTY, ptr::null::<libc::c_void>()) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: between fork and exec, these two system calls are allowed.
    unsafe { recorder.pre_exec(own_terminal) };
    let trace = events(&mut recorder);
    drop(master);
    let lives = Lives::of(&trace);
    let own = &lives.events[&lives.root];
    assert!(has(own, "print \"no terminal: No such device or address (os error 6)"), "{own:#?}");
    assert!(!has(own, "SIGTTIN"), "{own:#?}");
    assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }));
}

#[test]
fn what_is_printed_is_read_and_goes_to_no_special_file() {
    in_both("output", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        // To the outputs and to a copy of one, whose number is another one.
        let own = &lives.events[&lives.root];
        let prints = own.iter().filter(|event| event["group"] == "print");
        assert_eq!(prints.count(), 15, "{lives:#?}");
    });
}

#[test]
fn a_write_that_waited_is_told_in_the_order_of_times() {
    in_both("full-pipe", |lives| {
        let child = &lives.events[&only_child(lives, lives.root)];
        let write = child.iter().find(|event| event["call"] == "write").unwrap();
        assert_eq!(write["result"], 200_000);
        // It counts from a time at which it was still going on.
        let mut reads = lives.events[&lives.root].iter().filter(|event| event["call"] == "read");
        let last = reads.rfind(|event| event["group"] == "data").unwrap();
        assert!(write["at"].as_f64() < last["at"].as_f64(), "{lives:#?}");
    });
}

#[test]
fn a_program_ignores_and_blocks_the_signals_that_its_caller_does() {
    if !is_allowed() {
        return;
    }
    let words = ["grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"];
    for is_odd in [false, true] {
        let start = |mut command: Command| {
            let surroundings = move || {
                let blocked = if is_odd { SigSet::from(Signal::SIGUSR1) } else { SigSet::empty() };
                blocked.thread_set_mask()?;
                let action = if is_odd { SigHandler::SigIgn } else { SigHandler::SigDfl };
                // SAFETY: no handler is installed.
                unsafe { signal(Signal::SIGTERM, action) }?;
                Ok(())
            };
            // SAFETY: between fork and exec, these system calls are allowed.
            unsafe { command.pre_exec(surroundings) };
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        let mut untraced = Command::new(words[0]);
        untraced.args(&words[1..]);
        let mut traced = Command::new(XTASK);
        traced.args(["trace", "--only", "print", "--"]).args(words);
        let sets = |text: String| {
            let sets = text.replace("\\t", " ").replace("\\n", " ");
            let sets = sets.split_whitespace().filter(|word| word.len() == 16);
            // Where std starts a program with posix_spawn, glibc's own two signals are ignored.
            let without_own = |set: &str| u64::from_str_radix(set, 16).unwrap() & !(3 << 31);
            sets.map(without_own).collect::<Vec<_>>()
        };
        let (untraced, traced) = (sets(start(untraced)), sets(start(traced)));
        assert_eq!(untraced.len(), 2);
        assert_eq!(traced, untraced, "{is_odd}");
    }
}

/// As the help says: the filter shows, and with --all there is none.
#[test]
fn only_without_all_a_program_sees_the_filter() {
    if !is_allowed() {
        return;
    }
    let seen = |selection: &str| {
        let words = ["grep", "-hE", "^(NoNewPrivs|Seccomp):", "/proc/self/status"];
        let trace = record(selection, &words, "1");
        let prints = trace.into_iter().filter(|event| event["group"] == "print");
        prints.map(|event| event["text"].as_str().unwrap().to_owned()).collect::<String>()
    };
    let with = |rights: &str, filter: &str| {
        format!(r#"print "NoNewPrivs:\t{rights}\nSeccomp:\t{filter}\n""#)
    };
    assert_eq!(seen("shown"), with("1", "2"));
    // What the tests themselves have is passed on.
    let own = |name| proc::field("/proc/self/status", name).unwrap();
    assert_eq!(seen("all"), with(&own("NoNewPrivs"), &own("Seccomp")));
}
