//! What following a program costs: `cargo bench --package xtask --bench record`.
//!
//! A program that makes 20,000 calls which are not shown, one that forks 200 times, and
//! one with 1,500 threads that all wait for the last; each by itself, followed by `record`, and, where it is installed, by
//! `strace -f --seccomp-bpf` with the same selection. Medians of interleaved runs.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getppid};
use record::{Event, Program, Selection, record_under};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
const RUNS: usize = 15;

/// Runs a program in some way; `None` where that is not possible here.
type Run = fn(&str) -> Option<Duration>;

fn main() {
    // This program is also what it follows.
    match std::env::args().nth(1).as_deref() {
        Some("calls") => return calls(),
        Some("forks") => return forks(),
        Some("threads") => return threads(),
        _ => {}
    }
    println!("medians of {RUNS} runs, and how many times as long as alone:");
    let modes: [(&str, Run); 3] = [("alone", alone), ("record", recorded), ("strace", straced)];
    for program in ["calls", "forks", "threads"] {
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..RUNS {
            for (times, (_, run)) in times.iter_mut().zip(modes) {
                times.extend(run(program));
            }
        }
        let medians = times.map(|mut times| {
            times.sort();
            times.get(times.len() / 2).copied()
        });
        for ((mode, _), median) in modes.iter().zip(medians) {
            let (Some(median), Some(alone)) = (median, medians[0]) else {
                println!("{program:<7}  {mode:<7}  not installed");
                continue;
            };
            let ratio = median.div_duration_f64(alone);
            println!(
                "{program:<7}  {mode:<7}  {:>8.2} ms  {ratio:>5.2}",
                median.as_secs_f64() * 1e3
            );
        }
    }
}

/// 20,000 calls that are not shown. Prints how long they took, in nanoseconds:
/// the start of the program is not what is measured.
fn calls() {
    let start = Instant::now();
    for _ in 0..20_000 {
        getppid();
    }
    println!("{}", start.elapsed().as_nanos());
}

/// 200 children, one after the other, and the time that they took.
fn forks() {
    common::child::ensure_one_thread().expect("this starts none");
    let start = Instant::now();
    for _ in 0..200 {
        // SAFETY: there is no other thread, so no lock is held by a thread that the child lacks.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => std::process::exit(0),
            ForkResult::Parent { child } => drop(waitpid(child, None).expect("waitpid")),
        }
    }
    println!("{}", start.elapsed().as_nanos());
}

/// 1,500 threads that meet, and the time until all are gone.
fn threads() {
    const THREADS: usize = 1500;
    let start = Instant::now();
    let all = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| all.wait());
        }
    });
    println!("{}", start.elapsed().as_nanos());
}

fn own_path() -> OsString {
    std::env::current_exe().expect("the bench's path").into()
}

fn nanoseconds(printed: &str) -> Duration {
    Duration::from_nanos(printed.trim().parse().expect("a number"))
}

fn alone(program: &str) -> Option<Duration> {
    let output = Command::new(own_path()).arg(program).output().expect("run the program");
    Some(nanoseconds(&String::from_utf8_lossy(&output.stdout)))
}

fn recorded(program: &str) -> Option<Duration> {
    let mut printed = None;
    let mut tell = |event: Event| {
        if let Some(text) = event.text.strip_prefix("print \"") {
            printed = Some(nanoseconds(text.trim_end_matches("\\n\"")));
        }
        ControlFlow::Continue(())
    };
    let command = [own_path(), program.into()];
    let program = Program { words: &command, folder: Path::new("/"), reads: false };
    record_under(Path::new(XTASK), &program, &Selection::default(), &mut tell).expect("record");
    printed
}

fn straced(program: &str) -> Option<Duration> {
    let calls = Selection::default().calls().expect("a selection");
    // The question mark: this strace may be older than the call.
    let names: Vec<String> = calls.iter().map(|call| format!("?{}", call.name())).collect();
    let output = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-o", "/dev/null", "-e"])
        .arg(format!("trace={}", names.join(",")))
        .arg(own_path())
        .arg(program)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(nanoseconds(&String::from_utf8_lossy(&output.stdout)))
}
