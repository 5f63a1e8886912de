//! The engine `supervise` against programs that misbehave. Each runs for 20
//! seconds or more if nobody kills it, and no process of it may be left.
//!
//! Every child of this test program is a supervisor or what a killed one left: tests
//! that start others have a program of their own.

mod marks;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use marks::{mark, marked};
use nix::sys::signal::Signal;
use supervise::{End, Errors, Outcome, Program, run_under};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// So long does a fault last that nobody ends.
const FAULT: Duration = Duration::from_secs(20);

/// Runs a shell script with a deadline, and sees to it that nothing is left.
fn script(script: &str, deadline: Duration) -> Result<Outcome> {
    supervised(program(script, deadline))
}

fn program(script: &str, deadline: Duration) -> Program {
    Program {
        path: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        directory: "/".into(),
        environment: Vec::new(),
        deadline,
        output_limit: 1 << 20,
        errors: Errors::Merged,
    }
}

const NOTHING: [&str; 0] = [];

/// Long enough for every program that ends by itself or by its fault.
const LONG: Duration = Duration::from_secs(300);
/// Long enough for a program to get going.
const SHORT: Duration = Duration::from_secs(1);

fn supervised(mut program: Program) -> Result<Outcome> {
    let mark = mark();
    program.environment.push(("SUPERVISE_MARK".into(), Some(mark.clone().into())));
    let started = Instant::now();
    let outcome = run_under(Path::new(XTASK), &program);
    let time = started.elapsed();
    assert!(time < FAULT, "back after {time:?}: {outcome:?}");
    match &outcome {
        // Dead when we hear of it.
        Ok(outcome) if outcome.survivors.is_empty() => assert_eq!(marked(&mark), NOTHING),
        // Dead soon after. A fault that nobody ends would last longer than this.
        _ => {
            while started.elapsed() < FAULT && !marked(&mark).is_empty() {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
    assert_eq!(marked(&mark), NOTHING, "after {outcome:?}");
    outcome
}

fn text(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.output).into_owned()
}

/// The names of what was left behind, sorted.
fn names(outcome: &Outcome) -> Vec<&str> {
    let mut names: Vec<&str> =
        outcome.left_behind.iter().map(|stray| stray.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_good_program_gets_what_it_was_given() {
    let odd = OsString::from_vec(b"a\xff\n b".to_vec());
    let mut program =
        program(r#"printf '%s|' "$@"; pwd; echo "$SET ${PATH-removed}"; exit 7"#, LONG);
    program.path = "/bin/sh".into();
    program.arguments.extend(["sh".into(), odd, "".into(), "--".into()]);
    program.directory = "/proc".into();
    program.environment = vec![("SET".into(), Some("set".into())), ("PATH".into(), None)];
    let outcome = supervised(program).unwrap();
    assert_eq!(outcome.end, End::Exited(7));
    // A shell that finds no PATH may take one of its own.
    assert!(outcome.output.starts_with(b"a\xff\n b||--|/proc\nset "), "{outcome:?}");
    assert_eq!((outcome.left_behind, outcome.survivors), (vec![], vec![]));
}

#[test]
fn errors_come_in_the_order_of_writing() {
    let outcome = script("for i in 1 2 3; do echo out $i; echo err $i >&2; done", LONG).unwrap();
    assert_eq!(text(&outcome), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[test]
fn inherited_errors_are_not_in_the_output() {
    let program = Program { errors: Errors::Inherited, ..program("echo out; : >&2", LONG) };
    assert_eq!(text(&supervised(program).unwrap()), "out\n");
    let program = program_that_says_where_its_errors_go();
    let own = fs::read_link("/proc/self/fd/2").unwrap();
    assert_eq!(text(&supervised(program).unwrap()).trim(), own.to_str().unwrap());
}

fn program_that_says_where_its_errors_go() -> Program {
    let mut program = program("", LONG);
    program.path = "readlink".into();
    program.arguments = vec!["/proc/self/fd/2".into()];
    program.errors = Errors::Inherited;
    program
}

#[test]
fn a_program_starts_as_from_a_shell() {
    // Without a shell in between: some unblock the signals themselves.
    let mut signals = program("", LONG);
    signals.path = "grep".into();
    signals.arguments = ["-hE", "SigBlk|SigIgn", "/proc/self/status"].map(Into::into).into();
    let masks = text(&supervised(signals).unwrap());
    for mask in masks.split_whitespace().skip(1).step_by(2) {
        // The real-time signals are left as they are.
        assert_eq!(u64::from_str_radix(mask, 16).unwrap() & 0x7fff_ffff, 0, "{masks}");
    }
    assert_eq!(masks.lines().count(), 2);

    let outcome = script("cat; ps -o pgid= -p $$; echo $$", LONG).unwrap();
    let text = text(&outcome);
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(words[0], words[1], "its process group is its own");
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let mut missing = program("", LONG);
    missing.path = "/no/such/program".into();
    let error = format!("{:#}", supervised(missing).unwrap_err());
    assert!(error.starts_with("cannot start /no/such/program: No such file"), "{error}");

    let mut refused = program("", LONG);
    refused.path = "/proc/self/status".into();
    let error = format!("{:#}", supervised(refused).unwrap_err());
    assert!(error.starts_with("cannot start /proc/self/status: Permission denied"), "{error}");

    let mut nowhere = program("", LONG);
    nowhere.directory = "/no/such/directory".into();
    let error = format!("{:#}", supervised(nowhere).unwrap_err());
    assert_eq!(error, "no directory /no/such/directory");
}

#[test]
fn a_hang_ends_at_the_deadline() {
    let outcome = script("echo before; sleep 20; echo after", SHORT).unwrap();
    assert_eq!((outcome.end, text(&outcome)), (End::DeadlinePassed, "before\n".to_owned()));
    assert!(outcome.time >= SHORT, "{outcome:?}");
}

#[test]
fn a_program_that_refuses_to_end_is_killed() {
    let outcome = script("trap '' TERM INT HUP; while :; do sleep 20; done", SHORT).unwrap();
    assert_eq!(outcome.end, End::DeadlinePassed);
}

#[test]
fn a_stopped_program_is_killed() {
    assert_eq!(script("kill -STOP $$", SHORT).unwrap().end, End::DeadlinePassed);
}

#[test]
fn a_grandchild_that_holds_the_output_does_not_hold_up() {
    let outcome = script("sh -c 'sleep 20 & echo started'; exit 3", LONG).unwrap();
    assert_eq!((outcome.end, text(&outcome)), (End::Exited(3), "started\n".to_owned()));
    assert_eq!(names(&outcome), ["sleep"]);
}

#[test]
fn a_stray_in_a_session_of_its_own_is_found() {
    // The shell goes on when the output of `$(…)` is closed.
    let outcome =
        script("echo $(setsid sh -c 'echo $$; exec sleep 20 >/dev/null 2>&1' &)", LONG).unwrap();
    assert_eq!(outcome.end, End::Exited(0));
    let pids: Vec<String> = outcome.left_behind.iter().map(|stray| stray.pid.to_string()).collect();
    assert_eq!(pids, [text(&outcome).trim()]);
}

#[test]
fn a_double_fork_is_found() {
    let outcome = script("(setsid sh -c 'sleep 20 & sleep 20 & wait' &) ; exit 0", LONG).unwrap();
    assert_eq!(outcome.end, End::Exited(0));
    assert!(names(&outcome).ends_with(&["sleep", "sleep"]), "{outcome:?}");
}

#[test]
fn a_double_fork_does_not_survive_the_deadline() {
    let outcome = script("(setsid sleep 20 &); sleep 20", SHORT).unwrap();
    assert_eq!(outcome.end, End::DeadlinePassed);
}

/// A process in another session, whose parent, in that session too, was killed.
const ORPHAN: &str = "parent=$(setsid sh -c 'sleep 20 >&- & echo $$; exec sleep 20 >&-' &)
    kill -9 $parent; while [ -e /proc/$parent ]; do :; done;";

#[test]
fn an_orphan_of_a_killed_process_is_found() {
    let outcome = script(&format!("{ORPHAN} exit 3"), LONG).unwrap();
    assert_eq!((outcome.end, names(&outcome)), (End::Exited(3), vec!["sleep"]));
    let outcome = script(&format!("{ORPHAN} exec sleep 20"), SHORT).unwrap();
    assert_eq!(outcome.end, End::DeadlinePassed);
    let outcome = script(&format!("{ORPHAN} kill -9 $$"), LONG).unwrap();
    assert_eq!((outcome.end, names(&outcome)), (End::Killed(Signal::SIGKILL), vec!["sleep"]));
}

#[test]
fn an_orphan_of_a_killed_process_does_not_survive_the_supervisor() {
    let killed = |script: &str| {
        let error = self::script(script, LONG).unwrap_err();
        assert!(error.to_string().contains("was killed by signal 9"), "{error:#}");
    };
    killed(&format!("{ORPHAN} kill -9 $PPID; exec sleep 20"));
    // The supervisor first, and its program with it.
    killed(
        "parent=$(setsid sh -c 'sleep 20 >&- & echo $$; exec sleep 20 >&-' &)
        setsid sh -c \"kill -9 $PPID $parent; exec sleep 20\" & exec sleep 20",
    );
    // What is left goes on making others.
    killed(
        "begun=$(setsid sh -c 'exec >&-; while :; do setsid sh -c \"sleep 20 & kill -9 \\$\\$\"; done' &)
        kill -9 $PPID; exec sleep 20",
    );
}

#[test]
fn a_deadline_may_be_too_far_away_for_the_clock() {
    for deadline in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)]
    {
        let outcome = script("(setsid sleep 20 &); exit 3", deadline).unwrap();
        assert_eq!((outcome.end, names(&outcome)), (End::Exited(3), vec!["sleep"]));
    }
}

#[test]
fn a_flood_is_cut_off() {
    let outcome = script("yes & (setsid yes &) ; sleep 20", LONG).unwrap();
    assert_eq!(outcome.end, End::Flooded);
    assert_eq!(outcome.output.len(), 1 << 20);
    assert!(outcome.output.starts_with(b"y\ny\n"));
}

#[test]
fn exactly_the_limit_is_no_flood() {
    let outcome = script("head -c 1048576 /dev/zero", LONG).unwrap();
    assert_eq!((outcome.end, outcome.output.len()), (End::Exited(0), 1 << 20));
    let outcome = script("head -c 1048577 /dev/zero", LONG).unwrap();
    assert_eq!((outcome.end, outcome.output.len()), (End::Flooded, 1 << 20));
}

#[test]
fn a_program_that_kills_itself_is_reported_so() {
    assert_eq!(script("kill -9 $$", LONG).unwrap().end, End::Killed(Signal::SIGKILL));
    assert_eq!(script("kill -SEGV $$", LONG).unwrap().end, End::Killed(Signal::SIGSEGV));
}

/// nix knows no real-time signals; 35 is one.
#[test]
fn an_orphan_that_a_real_time_signal_kills_does_not_end_the_program() {
    let orphan = "orphan=$(sh -c 'echo $$; exec >&-; kill -35 $$' & )";
    let reaped = format!("{orphan}; while [ -e /proc/$orphan ]; do :; done; exit 3");
    assert_eq!(script(&reaped, LONG).unwrap().end, End::Exited(3));
}

#[test]
fn a_program_that_a_real_time_signal_kills_is_named_so() {
    let error = script("kill -35 $$", LONG).unwrap_err();
    assert_eq!(error.to_string(), "a real-time signal killed the program");
}

#[test]
fn a_program_that_kills_its_group_is_reported_so() {
    let outcome = script("sleep 20 & kill -9 0", LONG).unwrap();
    assert_eq!((outcome.end, outcome.left_behind), (End::Killed(Signal::SIGKILL), vec![]));
}

/// The supervisor is the program's parent.
#[test]
fn when_the_supervisor_is_killed_the_caller_cleans_up() {
    let error = script("(setsid sleep 20 &); kill -9 $PPID; sleep 20", LONG).unwrap_err();
    assert!(error.to_string().contains("was killed by signal 9"), "{error:#}");
}

#[test]
fn what_a_killed_supervisor_leaves_is_found_among_other_programs() {
    thread::scope(|scope| {
        // Theirs go on while the caller kills what is left of the others.
        for status in 0..4 {
            scope.spawn(move || {
                let outcome = script(&format!("sleep 1; exit {status}"), LONG).unwrap();
                assert_eq!(outcome.end, End::Exited(status));
            });
        }
        for _ in 0..4 {
            scope.spawn(|| {
                let fault = "(setsid sh -c 'sleep 20 & setsid sleep 20' &); kill -9 $PPID";
                assert!(script(fault, LONG).is_err());
            });
        }
    });
}

#[test]
fn when_the_supervisor_is_stopped_the_caller_sees_to_it() {
    let error = script("(setsid sleep 20 &); kill -STOP $PPID; sleep 20", SHORT).unwrap_err();
    assert!(error.to_string().contains("did not answer"), "{error:#}");
}

#[test]
fn signals_to_the_supervisor_interrupt_the_program() {
    for signal in ["INT", "TERM", "HUP", "QUIT"] {
        let fault = format!("(setsid sleep 20 &); kill -{signal} $PPID; sleep 20");
        assert_eq!(script(&fault, LONG).unwrap().end, End::Interrupted, "{signal}");
    }
}

#[test]
fn a_storm_of_forks_comes_to_its_end() {
    // Each starts its successor and ends: its id is never the same for long.
    // Somebody ends it, or it takes 50,000 processes for each of the four.
    let storm = r#"hop='[ $1 = 50000 ] || setsid sh -c "$0" "$0" $(($1 + 1)) & exit'
        for i in 1 2 3 4; do setsid sh -c "$hop" "$hop" 0 & done
        exec sleep 20"#;
    assert_eq!(script(storm, SHORT).unwrap().end, End::DeadlinePassed);
    let outcome = script(&storm.replace("exec sleep 20", "exit 4"), LONG).unwrap();
    assert_eq!(outcome.end, End::Exited(4));
    assert!(!outcome.left_behind.is_empty());
}

#[test]
fn many_at_once_do_not_mix() {
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let fault = format!("(setsid sleep 20 &); echo {number}; exit {number}");
                let outcome = script(&fault, LONG).unwrap();
                assert_eq!(
                    (outcome.end, text(&outcome)),
                    (End::Exited(number), format!("{number}\n"))
                );
            });
        }
    });
}
