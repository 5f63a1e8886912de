//! The demos on the pool, seen from outside: the processes and threads that they claim.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::{cpus, proc};
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::{Value, json};
use testing::running::{Running, pid};
use testing::seen::{has_ended, until, waits_in, within};
use testing::strace::{Call, Caller, printed_with, record, record_with};
use testing::{figures, start, test};

fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_04-pool"));
    command.args(arguments);
    command
}

/// The workers of a demo, as soon as there are so many. (A new process has no command
/// line for a moment.)
fn workers(demo: Pid, number: usize) -> Vec<Pid> {
    until(&format!("{number} workers"), || workers_now(demo).len() == number);
    workers_now(demo)
}

/// Those of its children that were started as workers.
fn workers_now(demo: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{demo}/task")).unwrap();
    let children = tasks.map(|task| task.unwrap().path().join("children"));
    let children: String =
        children.map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
    let children = children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
    let is_worker = |child: &Pid| {
        let words = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        words.split('\0').nth(1) == Some("pool-worker")
    };
    children.filter(is_worker).collect()
}

#[test]
fn the_workers_of_map_are_processes_of_the_same_program() {
    // It waits for minutes in the middle.
    let running = Running::start(demo(&["map", "--pace", "1000"]));
    let line = running.next_line().unwrap();
    let named: Vec<Pid> =
        line.split("pid ").skip(2).map(|part| pid(&format!("pid {part}"))).collect();
    let mut there = workers(running.id(), 3);
    there.sort_unstable();
    assert_eq!(named.len(), 3);
    assert!(named.iter().all(|pid| there.contains(pid)) && there.len() == 3, "{line} {there:?}");
    for number in 1..=6 {
        let square = running.line_with(&["  pid "]);
        assert!(named.contains(&pid(&square)));
        assert!(square.ends_with(&format!(": {number} * {number} = {}", number * number)));
    }
}

#[test]
fn the_results_of_imap_come_in_order_and_those_of_imap_unordered_as_they_are_there() {
    // The order in which the waits end is that of their lengths, if nothing else delays
    // them: slower for a busy machine.
    for pace in ["0.05", "0.5", "5"] {
        let output = demo(&["map", "--pace", pace]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let number = |line: &str| line.strip_suffix(" is over")?.parse::<u32>().ok();
        let after = |words| text.lines().filter_map(move |line| number(line.strip_prefix(words)?));
        let in_order: Vec<_> = after("  wait ").collect();
        assert_eq!(in_order, [1, 2, 3], "{text}");
        let mut unordered: Vec<_> = after("  wait ≈ ").collect();
        if unordered == [2, 3, 1] {
            return;
        }
        unordered.sort_unstable();
        assert_eq!(unordered, [1, 2, 3], "{text}");
    }
    panic!("a wait of a second and another of half of it did not end in this order");
}

#[test]
fn a_result_is_given_while_others_are_waited_for() {
    for beginning in ["imap, three waits", "imap_unordered, the same:"] {
        // Another worker if this one has the wait that ends last; slower if it was done before
        // the test could stop it.
        let attempts = [0.1, 0.5, 2.0].into_iter().flat_map(|pace| [1, 2, 0].map(|it| (pace, it)));
        let is_given = |(pace, number): (f64, usize)| {
            let running = Running::start(demo(&["map", "--pace", &pace.to_string()]));
            let line = running.next_line().unwrap();
            let worker = pid(&format!("pid {}", line.split("pid ").nth(2 + number).unwrap()));
            running.line_with(&[beginning]);
            // It has begun its task then.
            within(Duration::from_secs_f64(pace), || {
                waits_in(worker).filter(|(call, _)| *call == libc::SYS_clock_nanosleep)
            });
            running.signal(worker, Signal::SIGSTOP);
            let lines = running.lines_until_silent_for(Duration::from_secs_f64(4.0 * pace));
            (1..3).contains(&lines.iter().filter(|line| line.ends_with(" is over")).count())
        };
        assert!(attempts.into_iter().any(is_given), "{beginning} all results came at once");
    }
}

#[test]
fn the_workers_of_map_do_what_is_said_of_them() {
    let map = demo(&["map", "--pace", "0.02"]);
    let Some(record) = record(&map, "getpid,clock_nanosleep") else { return };
    let lines = &record.lines;
    let by = |call: &str, pid: Pid| record.caller(pid.as_raw()).calls(call).count();
    // A worker that squares a number asks for its id, for each number once more than a worker
    // that squares none.
    let squares: Vec<Pid> =
        lines.iter().filter(|line| line.contains(" * ")).map(|line| pid(line)).collect();
    let workers: Vec<Pid> =
        lines[0].split("pid ").skip(2).map(|it| pid(&format!("pid {it}"))).collect();
    let asked_before = workers.iter().map(|&worker| {
        let times = squares.iter().filter(|it| **it == worker).count();
        by("getpid", worker).checked_sub(times)
    });
    let asked_before: HashSet<_> = asked_before.collect();
    assert!(asked_before.len() == 1 && !asked_before.contains(&None), "{record:#?}");
    // On one CPU the pool without a number has one worker: the allowed CPUs are counted.
    let number = if start::can_choose_cpus() { 1 } else { cpus::allowed().unwrap().len() };
    let end = format!("a worker for each CPU it may use: here ≈ {number}.");
    assert!(lines.last().unwrap().ends_with(&end), "{lines:#?}");
    // Each of the waits is that of a worker.
    let waits = workers.iter().map(|&worker| by("clock_nanosleep", worker));
    assert_eq!(waits.sum::<usize>(), 6, "{record:#?}");
}

#[test]
fn nobody_sleeps_but_for_a_task() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // At a hundredth of the usual pace, in milliseconds.
    let tasks = &[10, 20, 40, 42, 44][..];
    for (name, sleeps) in [
        ("pool", tasks),
        ("threads", tasks),
        ("rayon", tasks),
        ("map", &[5, 5, 10, 10, 15, 15]),
        ("lost", &[]),
        ("panic", &[]),
        ("steal", &[]),
        ("crash", &[]),
    ] {
        let command = match name {
            "crash" => crash_without_python(folder.path(), "0.01"),
            _ => demo(&[name, "--pace", "0.01"]),
        };
        let Some(record) = record(&command, "clock_nanosleep,nanosleep") else { return };
        let sleeps: Vec<_> = sleeps.iter().copied().map(Duration::from_millis).collect();
        assert_eq!(record.sleeps(), sleeps, "{name}");
    }
}

#[test]
fn a_pool_without_a_number_has_a_worker_for_each_cpu() {
    let cpus = cpus::allowed().unwrap();
    let mut command = demo(&["map", "--pace", "0"]);
    let output = command.env("LD_DEBUG", "files").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.ends_with(&format!("for each CPU it may use: here ≈ {}.\n", cpus.len())),
        "{text}"
    );
    if let Some(programs) = programs_in(&output.stderr) {
        assert_eq!(programs, 1 + 3 + cpus.len());
    }
}

/// How many processes have loaded the lesson's program, as the C library's loader says if it
/// is asked by `LD_DEBUG=files`.
fn programs_in(errors: &[u8]) -> Option<usize> {
    let loaded = String::from_utf8_lossy(errors).into_owned();
    if !loaded.contains("transferring control: ") {
        start::pass_over("this C library's loader does not say what it loads");
        return None;
    }
    let programs = loaded
        .lines()
        .filter(|line| line.contains("transferring control: ") && line.ends_with("/04-pool"));
    Some(programs.count())
}

/// The demo `crash`, with a program in place of Python that does nothing.
fn crash_without_python(folder: &Path, pace: &str) -> Command {
    let mut command = demo(&["crash", "--pace", pace]);
    start::stand_in(&mut command, folder, "python3", "exit");
    command
}

#[test]
fn a_worker_dies_and_another_takes_its_place() {
    // The C library's loader then says which process has loaded which program.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = crash_without_python(folder.path(), "0.01");
    let output = command.env("LD_DEBUG", "files").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for task in [1, 2, 4, 5] {
        assert!(text.contains(&format!("  task {task} is done\n")), "{text}");
    }
    assert!(text.contains("  task 3: its worker died: killed by SIGKILL\n"), "{text}");
    assert!(text.contains("  new workers: 1\n"), "{text}");

    if let Some(programs) = programs_in(&output.stderr) {
        assert_eq!(programs, 4, "the demo, two workers and one more");
    }
}

#[test]
fn a_worker_that_is_not_killed_needs_no_other() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let crash = crash_without_python(folder.path(), "0");
    let Some(text) = printed_with("tgkill:error=EPERM", &crash) else { return };
    let done: Vec<String> = (1..=5).map(|task| format!("  task {task} is done")).collect();
    let lines: Vec<&str> = text.lines().skip(1).take(6).collect();
    assert_eq!(lines[..5], done, "{text}");
    assert_eq!(lines[5], "  new workers: 0", "{text}");
}

#[test]
fn only_the_task_of_the_killed_worker_is_lost() {
    // The C library's loader then says which process has loaded which program.
    let output = demo(&["lost"]).env("LD_DEBUG", "files").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  task 100: its worker died: killed by SIGKILL\n"), "{text}");
    assert!(text.contains(": 400 done by others\n"), "{text}");
    assert!(text.ends_with("  done: 999, lost: 1\n"), "{text}");
    if let Some(programs) = programs_in(&output.stderr) {
        assert_eq!(programs, 4, "the demo, two workers and one more");
    }
    // Each line of the loader begins with the id of its process.
    let worker = text.split("done by pid ").nth(1).unwrap().lines().next().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let of_worker = |line: &str| line.trim_start().split(':').next() == Some(worker);
    assert!(errors.is_empty() || errors.lines().any(of_worker), "{text}");
}

#[test]
fn no_task_is_lost_if_no_worker_is_killed() {
    let Some(text) = printed_with("tgkill:error=EPERM", &demo(&["lost"])) else { return };
    assert!(text.contains(", of the same chunk: 0 done by others\n"), "{text}");
    assert!(text.ends_with("  done: 1000, lost: 0\n"), "{text}");
}

#[test]
fn python_is_watched() {
    for (then, what) in
        [("exit", "it has ended"), ("exec sleep 1000", "it still waits for the result; I kill it")]
    {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut command = demo(&["crash", "--pace", "0.1"]);
        let script = format!("echo task 3 is said by pid $$\n{then}\n");
        start::stand_in(&mut command, folder.path(), "python3", &script);
        let running = Running::start(command);
        let said = running.line_with(&["  task 3 is said by"]);
        assert_ne!(pid(&said), running.id());
        let started = running.started();
        let (lines, errors, status) = running.finish();
        assert_eq!(lines, [format!("  after 300 ms: {what}")], "{errors}");
        assert!(status.success());
        // It gives it the time that it says, if it needs it.
        assert!(then == "exit" || started.elapsed() >= Duration::from_millis(300));
    }
}

#[test]
fn python_s_pool_still_waits_when_its_worker_is_dead() {
    if !start::is_installed("python3") {
        return;
    }
    let running = Running::start(demo(&["crash", "--pace", "1000"]));
    let line = running.line_with(&["  task 3 kills its worker"]);
    let worker = pid(&line);
    // It is a zombie, or its pool has waited for it; the pool itself goes on.
    until("the worker dies", || has_ended(worker));
    let children =
        fs::read_to_string(format!("/proc/{0}/task/{0}/children", running.id())).unwrap();
    let python = children.split_whitespace().next().expect("python is a child");
    let name = proc::field(format!("/proc/{python}/status"), "Name").unwrap();
    assert!(name.starts_with("python"), "{name}");
    // Killed, the demo takes it along.
    running.kill();
    running.finish_with_orphans();
}

#[test]
fn a_terminated_pool_had_workers_and_has_none() {
    let running = Running::start(demo(&["close", "--pace", "0.05"]));
    let joined = running.line_with(&["  joined; "]);
    assert_eq!(joined, "  joined; the task from before was done: true");
    let (lines, errors, status) = running.finish();
    assert!(status.success(), "{errors}");
    let ended = lines.iter().filter(|line| line.ends_with("the pool has ended: it was terminated"));
    assert_eq!(ended.count(), 3, "{lines:#?}");

    // At this pace it looks at its workers for minutes before it terminates them.
    let running = Running::start(demo(&["close", "--pace", "1000"]));
    running.line_with(&["close, then join:"]);
    running.line_with(&["  a task after close:"]);
    workers(running.id(), 2);
    // It waits for the task, which takes minutes.
    assert_eq!(running.lines_until_silent_for(Duration::from_millis(50)), [""; 0]);
}

#[test]
fn each_pool_of_close_has_its_workers_and_they_would_wait_for_an_hour() {
    let hour = Duration::from_secs(3600);
    // Slower if a pool was terminated before its workers had begun.
    for pace in ["0.02", "0.2", "2"] {
        let calls = "execve,clock_nanosleep,nanosleep";
        let Some(record) = record(&demo(&["close", "--pace", pace]), calls) else { return };
        let is_worker = |call: &&Call| call.strings.iter().any(|string| string == b"pool-worker");
        let workers = record.named("execve").into_iter().filter(is_worker);
        assert_eq!(workers.count(), 3 * 2, "{record:#?}");
        // A task that ends, and the time to look at the others; all others wait for an hour.
        let second = Duration::from_secs_f64(pace.parse().unwrap());
        let sleeps = record.sleeps();
        assert!(sleeps.starts_with(&[second; 2]), "{sleeps:?}");
        assert!(sleeps[2..].iter().all(|time| *time == hour), "{sleeps:?}");
        if sleeps.len() >= 2 + 2 {
            return;
        }
    }
    panic!("two workers never waited");
}

#[test]
fn a_result_that_is_lost_never_comes() {
    let running = Running::start(demo(&["panic", "--pace", "1000"]));
    running.line_with(&["threadpool, waiting"]);
    // The pool's two threads, of which one has taken the place of one that panicked.
    let threads = || proc::field(format!("/proc/{}/status", running.id()), "Threads").unwrap();
    until("three threads", || threads() == "3");
    assert_eq!(running.lines_until_silent_for(Duration::from_millis(50)), [""; 0]);
}

#[test]
fn panics_are_told() {
    let output = demo(&["panic", "--pace", "0.01"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("  2 of 3 came; ") && text.contains(" more the third has not: true\n"),
        "{text}"
    );
    assert!(text.contains("  half of 3: it panicked: 3 is odd\n"), "{text}");
    assert!(text.contains("  0 of 20 tasks are done"), "{text}");
    let place = "  half of 3: the task panicked at lessons/04-pool/src/panic.rs:";
    assert!(text.contains(place) && output.stderr.is_empty(), "{text}");
}

/// For each thread of `steal`: how many tasks it says that it has done, and has stolen.
fn stolen() -> Vec<(u32, u32)> {
    let output = demo(&["steal"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let threads = text.lines().filter(|line| line.starts_with("thread "));
    let number = |text: &str| text.trim().split(' ').next().unwrap().parse().unwrap();
    let threads: Vec<(u32, u32)> = threads
        .map(|line| {
            let parts: Vec<&str> = line.split('≈').collect();
            (number(parts[1]), number(parts[2]))
        })
        .collect();
    assert_eq!(threads.len(), 4);
    assert_eq!(threads.iter().map(|(tasks, _)| tasks).sum::<u32>(), 2047, "{text}");
    assert!(text.ends_with("together: 2047 tasks, and the sum 549755289600\n"), "{text}");
    threads
}

#[test]
fn all_work_is_done_by_whoever_steals_it() {
    let runs = (0..50).map(|_| stolen());
    // All work is in the first queue, so another thread begins with a theft.
    let is_honest = |run: &Vec<(u32, u32)>| {
        let all = run.iter().all(|(tasks, stolen)| stolen <= tasks);
        all && run[1..].iter().all(|(tasks, stolen)| *tasks == 0 || *stolen > 0)
    };
    let runs = runs.inspect(|run| assert!(is_honest(run), "{run:?}"));
    let first = stolen();
    // Where all CPUs are busy with something else, one thread may do all.
    let mut runs = runs.filter(|run| run.iter().filter(|(tasks, _)| *tasks > 0).count() >= 2);
    assert!(runs.any(|run| run != first), "always {first:?}, or nothing is stolen");
}

/// What a line of `rayon` gives after a word, as a number.
fn number_after(line: &str, word: &str) -> f64 {
    let rest = line.split_once(word).unwrap_or_else(|| panic!("no {word:?} in {line:?}")).1;
    rest.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_threads_of_rayon_run_the_tasks_that_are_said_to_be_theirs() {
    // Slower if a thread has ended its task before another begins.
    for pace in [0.1, 1.0] {
        let command = demo(&["rayon", "--pace", &pace.to_string()]);
        let calls = "clock_nanosleep,nanosleep,prctl,write";
        let Some(record) = record(&command, calls) else { return };
        let lines = &record.lines;
        let started = record.started();
        let (own, others): (Vec<_>, Vec<_>) =
            started.into_iter().partition(|thread| thread.name().starts_with("rayon "));
        assert_eq!(own.len(), 4, "{record:#?}");
        // Those of the other pool have no name.
        assert_eq!(number_after(&lines[14], "≈ "), others.len() as f64, "{record:#?}");

        let (mut sleeps, mut work) = (Vec::new(), 0.0);
        for (task, seconds) in [2.0, 4.0, 4.2, 4.4, 1.0].into_iter().enumerate() {
            let line = &lines[2 + task];
            let thread = number_after(line, "thread ≈ ");
            let thread = own.iter().find(|it| thread_number(it) == thread).unwrap();
            let time = Duration::from_secs_f64(seconds * pace);
            let sleep = thread.calls("clock_nanosleep").find(|call| call.times()[0] == time);
            let sleep = sleep.unwrap_or_else(|| panic!("{line} {record:#?}"));
            let took = number_after(line, &format!("  task {task} took "));
            assert!(took >= time.as_secs_f64() - 0.006, "{line}");
            work += took;
            sleeps.push(sleep);
        }
        let (all, whole) = (number_after(&lines[7], "  "), number_after(&lines[7], "work in "));
        assert!((all - work).abs() < 0.04 && whole >= 4.4 * pace - 0.006, "{lines:#?}");
        let around = record.written(&lines[7]).begin - record.written(&lines[1]).end;
        assert!(whole <= around.as_secs_f64() + 0.006, "{whole} {around:?}");
        let at_once = |call: &&Call| {
            sleeps.iter().filter(|it| it.begin <= call.begin && call.begin < it.end).count()
        };
        if sleeps.iter().map(at_once).max() == Some(4) {
            return;
        }
    }
    panic!("four tasks never ran at the same time");
}

/// The number in the name of a thread of `rayon`.
fn thread_number(thread: &Caller) -> f64 {
    number_after(&thread.name(), "rayon ")
}

#[test]
fn the_numbers_are_shared_by_threads_and_none_is_lost() {
    let shares = || -> Vec<f64> {
        let output = demo(&["rayon", "--pace", "0"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|line| line.contains(" has added ≈ "));
        let shares: Vec<f64> = lines.map(|line| number_after(line, "≈ ")).collect();
        assert_eq!((shares.len(), shares.iter().sum::<f64>()), (4, 262_144.0), "{text}");
        assert!(text.contains("\n  their sum is 34359607296\n"), "{text}");
        shares
    };
    let first = shares();
    // Where all CPUs are busy with something else, one thread may do all.
    let mut runs = (0..50).map(|_| shares());
    let is_shared = |run: &Vec<f64>| run.iter().filter(|&&share| share > 0.0).count() >= 2;
    assert!(runs.any(|run| is_shared(&run) && run != first), "always {first:?}");
}

#[test]
fn rayon_has_as_many_threads_as_it_may_and_passes_panics_on() {
    let cpus = std::thread::available_parallelism().unwrap().to_string();
    for (asked, threads) in [(None, &*cpus), (Some("3"), "3")] {
        let mut command = demo(&["rayon", "--pace", "0"]);
        if let Some(threads) = asked {
            command.env("RAYON_NUM_THREADS", threads);
        } else {
            command.env_remove("RAYON_NUM_THREADS");
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let end = format!(
            "\nWithout a pool of my own, ≈ {threads} threads:\n  \
             half of 2, 3 and 4: a panic: 3 is odd\n  \
             half of 2, 4 and 6: [1, 2, 3]\n  \
             half of 2, 3 and 4, as a Result: Err(\"3 is odd\")\n"
        );
        assert!(text.ends_with(&end) && output.stderr.is_empty(), "{text}");
    }
}

/// The demo `speed` with its picture, and in place of Python figures that are known, in the
/// order of the script's.
fn speed(folder: &Path, more: &[&str]) -> (Command, PathBuf) {
    let picture = folder.join("speed.svg");
    let mut command = demo(&["speed", "--tasks", "100", "--svg", picture.to_str().unwrap()]);
    command.args(more);
    let script = "case $3 in 100) ;; *) exit 1;; esac
        echo 12345.6 2500000 0.05 0.44 0.57 0.000294 0.00544 0.0661 0.00546
        echo 999600 999400 0.051 0.47 0.83 25e-5 0.00213 0.044 0.00755";
    start::stand_in(&mut command, folder, "python3", script);
    (command, picture)
}

fn drawn_in(picture: &Path) -> Vec<Vec<f64>> {
    figures::drawn_times(&fs::read_to_string(picture).unwrap())
}

fn text_of(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn speed_puts_each_figure_in_its_place() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (command, picture) = speed(folder.path(), &[]);
    let text = text_of(command);
    let drawn = drawn_in(&picture);
    let rows: Vec<Vec<&str>> = (text.lines())
        .map(|line| line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["this pool threadpool", "channels", "Pool", "Executor"], "{text}");
    let expected = [
        ("empty tasks, one by one", "12 k/s", "1.00 M/s"),
        ("empty tasks, in chunks", "2.50 M/s", "999 k/s"),
        ("10 µs tasks, one by one", "≈ 5 %", "≈ 5 %"),
        ("10 µs tasks, in chunks", "≈ 44 %", "≈ 47 %"),
        ("1 ms tasks, in chunks", "≈ 57 %", "≈ 83 %"),
        ("64 KiB there and back", "294 µs", "250 µs"),
        ("1 MiB there and back", "5.44 ms", "2.13 ms"),
        ("16 MiB there and back", "66.1 ms", "44.0 ms"),
        ("start to first result", "5.46 ms", "7.55 ms"),
    ];
    for ((what, pool, executor), row) in expected.into_iter().zip(&rows[1..]) {
        assert_eq!([row[0], row[4], row[5]], [what, pool, executor], "{text}");
    }
    for (size, row) in rows[6..9].iter().enumerate() {
        for (way, cell) in row[1..].iter().enumerate() {
            assert!(
                figures::are_close(figures::seconds(cell), drawn[way][size]),
                "{row:?} {drawn:?}"
            );
        }
    }
}

#[test]
fn each_way_of_speed_has_two_workers_and_in_json_its_figures() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (command, picture) = speed(folder.path(), &["--json"]);
    // A program starts 20 ms later, and so does a worker.
    let late = ["-e", "inject=execve:delay_enter=20000"];
    let record = record_with(&late, &command, "prctl,clock_nanosleep,nanosleep");
    let text = record.as_ref().map_or_else(|| text_of(command), |it| it.lines.join("\n"));
    let drawn = drawn_in(&picture);
    let ways: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(drawn.len(), 5);
    for (way, drawn) in ways.iter().zip(&drawn) {
        for (size, name) in ["seconds_64KiB", "seconds_1MiB", "seconds_16MiB"].iter().enumerate() {
            assert!(
                figures::are_close(way[name].as_f64().unwrap(), drawn[size]),
                "{way} {drawn:?}"
            );
        }
        for share in ["share_10us", "share_10us_one_by_one", "share_1ms"] {
            assert!((0.0..=1.0).contains(&way[share].as_f64().unwrap()), "{way}");
        }
    }
    assert_eq!(
        ways[3],
        json!({
            "name": "Pool",
            "one_by_one_per_second": 12345.6,
            "in_chunks_per_second": 2_500_000.0,
            "share_10us_one_by_one": 0.05,
            "share_10us": 0.44,
            "share_1ms": 0.57,
            "seconds_64KiB": 0.000294,
            "seconds_1MiB": 0.00544,
            "seconds_16MiB": 0.0661,
            "seconds_to_start": 0.00546,
        })
    );
    assert_eq!(
        [&ways[0]["name"], &ways[1]["name"], &ways[2]["name"]],
        ["this pool", "threadpool", "channels"]
    );

    let Some(record) = record else { return };
    assert!(ways[0]["seconds_to_start"].as_f64().unwrap() >= 0.02, "{ways:#?}");
    assert_eq!(record.sleeps(), [], "nobody sleeps: {record:#?}");
    let started = record.started();
    let ways = started.iter().filter_map(|caller| {
        let mut programs = caller.calls("execve");
        let is_worker = programs.any(|call| call.strings.iter().any(|it| it == b"pool-worker"));
        let name = if is_worker { "this pool".to_owned() } else { caller.name() };
        ["this pool", "threadpool", "channels"].into_iter().find(|way| *way == name)
    });
    let two_each = ["this pool", "this pool", "threadpool", "threadpool", "channels", "channels"];
    assert_eq!(ways.collect::<Vec<_>>(), two_each, "{record:#?}");
}
