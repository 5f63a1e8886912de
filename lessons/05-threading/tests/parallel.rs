//! The demo `parallel`, and the same in Python: the CPU time that they say they used is
//! what the kernel has counted, and the threads are there.

use std::fs;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use demo::{demo, names};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;
use testing::running::Running;
use testing::seen::within;
use testing::{start, test};

mod demo;

/// One program at a time: the kernel counts what all children of this process used.
static ONE: Mutex<()> = Mutex::new(());

/// It stays so when a test fails, or is passed over in the middle.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a program: its lines, the CPU time that it used, and how long it took.
fn run(mut command: Command) -> (Vec<String>, f64, f64) {
    let _guard = one_at_a_time();
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let used = usage.user_time() + usage.system_time();
        used.tv_sec() as f64 + used.tv_usec() as f64 / 1e6
    };
    let (before, begin) = (used(), Instant::now());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (lines, used() - before, begin.elapsed().as_secs_f64())
}

/// The first time in each line that begins so, in seconds.
fn times(lines: &[String], beginning: &str) -> Vec<f64> {
    let found = lines.iter().filter(|line| line.starts_with(beginning));
    let time = |line: &String| {
        let (before, _) = line.split_once(" of CPU time").unwrap();
        let mut words = before.split(' ').rev();
        let (unit, number) = (words.next().unwrap(), words.next().unwrap());
        let factor = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)];
        let factor = factor.iter().find(|(name, _)| *name == unit).unwrap().1;
        number.parse::<f64>().unwrap() * factor
    };
    found.map(time).collect()
}

#[test]
fn the_cpu_time_that_it_tells_is_what_the_kernel_has_counted() {
    let command = demo(&["parallel", "--threads", "3", "--steps", "1000000"], "0");
    let (lines, used, _) = run(command);
    let (threads, together) = (times(&lines, "  tid "), times(&lines, "  together "));
    assert_eq!((threads.len(), together.len()), (1 + 2 + 3, 3), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.ends_with(": 3.1416")).count(), 3, "{lines:#?}");
    let sum: f64 = threads.iter().sum();
    let told: f64 = together.iter().sum();
    // They are rounded to three digits.
    assert!(0.5 * told < sum && sum < 1.02 * told, "{lines:#?}");
    assert!(told < 1.02 * used && used < told + 0.05, "{used} {lines:#?}");
}

#[test]
fn the_work_is_split_among_the_threads() {
    // One run that happens to have been disturbed decides nothing: six are not all disturbed.
    let is_split = |_| {
        let command = demo(&["parallel", "--threads", "2", "--steps", "300000"], "0");
        let (lines, ..) = run(command);
        let [one, two] = times(&lines, "  together ")[..] else { panic!("{lines:#?}") };
        two < 1.5 * one
    };
    assert!((0..6).any(is_split), "each thread did all of the work");
}

#[test]
fn the_threads_are_there_at_the_same_time() {
    // With ever more to do, for a machine so busy that they have ended before they were
    // looked at.
    let _guard = one_at_a_time();
    let wanted = ["05-threading", "part 0", "part 1", "part 2"];
    for steps in ["3000000", "30000000", "1000000000"] {
        let running = Running::start(demo(&["parallel", "--threads", "3", "--steps", steps], "0"));
        running.line_with(&["2 threads: "]);
        let tasks = running.wait_for_tasks(|tasks| {
            names(tasks) == wanted || tasks.values().all(|task| task.state == 'Z')
        });
        if names(&tasks) == wanted {
            return;
        }
    }
    panic!("nobody saw three threads at work");
}

/// The time that a thread of a demo has used, in ticks of 10 ms; `None` without the thread.
fn ticks(demo: &Running, thread: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/task/{thread}/stat", demo.id())).ok()?;
    // proc(5): the 14th field; the state, after the name, is the third.
    stat.rsplit_once(')')?.1.split_whitespace().nth(11)?.parse().ok()
}

#[test]
fn a_thread_tells_all_cpus_on_which_it_has_been() {
    let allowed = common::cpus::allowed().unwrap();
    let [first, second, ..] = allowed[..] else {
        start::pass_over("this process may use one CPU only");
        return;
    };
    start::must_choose_cpus();
    let _guard = one_at_a_time();
    // With ever more to do, for a machine so busy that the thread has ended before it was on both.
    for steps in ["5000000", "50000000", "1000000000"] {
        let running = Running::start(demo(&["parallel", "--threads", "1", "--steps", steps], "0"));
        let tasks = running.wait_for_tasks(|tasks| {
            names(tasks).contains(&"part 0") || tasks.values().all(|task| task.state == 'Z')
        });
        let Some((&thread, _)) = tasks.iter().find(|(_, task)| task.name == "part 0") else {
            continue;
        };
        let has_been_on = |cpu| {
            common::cpus::pin(thread, &[cpu]).ok()?;
            let enough = ticks(&running, thread)? + 2;
            within(Duration::from_secs(60), || match ticks(&running, thread) {
                Some(ticks) => (ticks >= enough).then_some(Some(())),
                None => Some(None),
            })?
        };
        let on_both = has_been_on(first).and(has_been_on(second)).is_some();
        let (lines, errors, status) = running.finish();
        assert!(status.success(), "{errors}");
        if on_both {
            let (_, told) = lines[2].split_once(" on CPU ≈ ").expect("its CPUs");
            assert!(told.parse::<usize>().is_err(), "it has been on {first} and {second}: {told}");
            return;
        }
    }
    panic!("the thread was never on both CPUs");
}

/// The pids in lines such as `  tid 7 of pid 5 used 0.10 s of CPU time`.
fn pids(lines: &[String]) -> Vec<&str> {
    let words = lines.iter().filter_map(|line| Some(line.split_once(" of pid ")?.1));
    words.map(|rest| rest.split(' ').next().unwrap()).collect()
}

#[test]
fn threads_of_a_python_with_the_lock_use_one_cpu_between_them() {
    if !start::is_installed("python3") {
        return;
    }
    // A test program starts in its package's folder.
    let script = "parallel.py";
    let mut command = start::command("python3");
    command.args([script, "4", "300000"]);
    let (lines, used, time) = run(command);
    assert_eq!(lines.iter().filter(|line| line.ends_with(": 3.1416")).count(), 3, "{lines:#?}");
    // One thread and four are in one process, and four processes are four others.
    let mut pids = pids(&lines);
    assert_eq!(pids.len(), 1 + 4 + 4, "{lines:#?}");
    assert!(pids[..5].iter().all(|&pid| pid == pids[0]), "{lines:#?}");
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 1 + 4, "{lines:#?}");

    let (parts, together) = (times(&lines, "  tid "), times(&lines, "  together "));
    assert_eq!((parts.len(), together.len()), (9, 3), "{lines:#?}");
    // They are rounded to hundredths of a second.
    let (sum, told): (f64, f64) = (parts.iter().sum(), together.iter().sum());
    assert!((sum - told).abs() < 0.1 && told < used + 0.1, "{used} {lines:#?}");
    let took: Vec<f64> = lines
        .iter()
        .filter_map(|line| line.split_once(" of CPU time in ")?.1.split(' ').next()?.parse().ok())
        .collect();
    assert!(took.len() == 3 && took.iter().sum::<f64>() < time + 0.1, "{time} {lines:#?}");
    if lines[0].contains("with the lock") {
        // A hand-over takes some time in both threads.
        assert!(together[1] < 1.2 * took[1] + 0.02, "{lines:#?}");
    }
    // Python 3.13 and later can be asked. Here is one that answers, and whose clocks show what
    // the test wants: a thread has always used 7 s, and from one look to the next it takes 2 s.
    let script = format!(
        "import itertools, sys, threading, time\n\
         sys._is_gil_enabled = lambda: False\n\
         time.thread_time = lambda: 7.0\n\
         time.perf_counter = itertools.count(0, 2.0).__next__\n\
         exec(open({script:?}).read())"
    );
    let mut command = start::command("python3");
    command.args(["-c", &script, "2", "1000"]);
    let (lines, ..) = run(command);
    assert!(lines[0].ends_with("\"free-threaded: all at the same time\""), "{lines:#?}");
    let together = |used, ratio| {
        format!("  together {used}.00 s of CPU time in 2.00 s: ≈ {ratio} CPUs at a time")
    };
    let one = together(7, "3.50");
    let two = together(14, "7.00");
    assert_eq!((&lines[1], &lines[3]), (&"1 thread: 3.1416".to_owned(), &one), "{lines:#?}");
    assert_eq!((&lines[4], &lines[7]), (&"2 threads: 3.1416".to_owned(), &two), "{lines:#?}");
    assert_eq!((&lines[8], &lines[11]), (&"2 processes: 3.1416".to_owned(), &two), "{lines:#?}");
    assert_eq!(times(&lines, "  tid "), [7.0; 5]);
}
