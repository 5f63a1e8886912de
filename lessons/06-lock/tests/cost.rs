//! The demo `cost`, seen from outside: its threads, and the calls that it makes.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::{cpus, proc};
use serde_json::Value;
use testing::running::Running;
use testing::seen::{has_ended, until};
use testing::strace::record;
use testing::{start, test};

/// All but Python's.
const LOCKS: usize = 12;

fn demo(options: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_06-lock"));
    command.arg("cost").args(options);
    command
}

fn success(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The threads that measure: on which CPUs each may run, and how often it has given one
/// up or lost it.
fn measuring(process: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let allowed = |status: String| {
        let name = proc::field(&status, "Name").ok()?;
        let cpus = proc::field(&status, "Cpus_allowed_list").ok()?;
        (name == format!("on cpu {cpus}")).then_some(cpus)
    };
    let statuses = tasks.map(|task| task.path().join("status").display().to_string());
    statuses.filter_map(allowed).collect()
}

#[test]
fn a_thread_on_each_cpu_wants_the_lock() {
    let all = cpus::allowed().unwrap();
    let running = Running::start(demo(&["--time", "100", "--without-python"]));
    let process = running.id().to_string();
    // First one, then all of them.
    for cpus in [&all[..1], &all] {
        let mut expected: Vec<_> = cpus.iter().map(usize::to_string).collect();
        expected.sort();
        until(&format!("threads on {expected:?}"), || {
            assert!(!has_ended(&process), "the demo has ended");
            let mut seen = measuring(&process);
            seen.sort();
            seen == expected
        });
    }
    running.kill();
    running.finish_with_orphans();
}

/// The seconds for a lock, as a line of JSON has it.
fn seconds(lines: &[String], lock: &str, threads: usize) -> Option<f64> {
    let mut lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.find(|line| line["lock"] == lock && line["threads"] == threads)?;
    line["seconds"].as_f64()
}

#[test]
fn the_kernel_has_seen_as_many_calls_as_the_time_tells() {
    let begin = Instant::now();
    let cost = demo(&["--time=10", "--cpus=1", "--json", "--without-python"]);
    let Some(record) = record(&cost, "flock") else { return };
    let time = begin.elapsed().as_secs_f64();
    let calls = record.named("flock");

    // Each round took a fifth of the time at least, and three of five were no slower than
    // what is printed. But for threads that came late, on a busy machine.
    let each = seconds(&record.lines, "flock on a file", 1).unwrap();
    let of_kind = |kind: &str| calls.iter().filter(|call| call.arguments.ends_with(kind)).count();
    let locked = of_kind("LOCK_EX") as f64;
    assert!(locked >= 0.1 * 0.01 / each, "{locked} calls of {each} s each");
    // And no thread could do a hundred at that price, in the time that all of it took.
    assert!(100.0 * each <= time, "{each} s each, and {time} s for {locked} calls");
    assert!(of_kind("LOCK_UN") as f64 >= locked / 2.0);
}

#[test]
fn without_a_thread_it_fails_and_does_not_hang() {
    if !start::can_use_strace() {
        return;
    }
    // The sixth is the first of those that contend, if any do.
    for number in [1, 5, 6, 7] {
        let fault = format!("clone,clone3:error=EAGAIN:when={number}");
        let mut strace = start::with_fault(&fault);
        let cost = demo(&["--time=1", "--without-python"]);
        start::add_program(&mut strace, &start::on_all_cpus(&cost));
        let (lines, errors, status) = Running::start(strace).finish();
        assert_eq!(status.code(), Some(1), "{fault}: {lines:#?} {errors}");
        assert!(errors.contains("start a thread: Resource temporarily"), "{fault}: {errors}");
    }
}

#[test]
fn json_has_a_line_for_each_time_and_says_which_lock_was_measured() {
    let text = success(demo(&["--time=1", "--json", "--without-python"]));
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let rows: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [
        ("atomic, fetch_add", "AtomicU64", "sync::atomic::"),
        ("Mutex", "Mutex<", "std::sync::"),
        ("Mutex of parking_lot", "Mutex<", "parking_lot::"),
        ("RwLock, write", "RwLock<", "std::sync::"),
        ("RwLock, read", "RwLock<", "std::sync::"),
        ("ShardedLock, write", "ShardedLock<", "crossbeam_utils::"),
        ("ShardedLock, read", "ShardedLock<", "crossbeam_utils::"),
        ("semaphore, one permit", "Semaphore", "semaphore::permits::"),
        ("OnceLock, get", "OnceLock<", "std::sync::"),
        ("between processes", "SharedMutex<", "shared_mutex::"),
        ("the same, robust", "SharedMutex<", "shared_mutex::"),
        ("flock on a file", "Locked", "cost::file::"),
    ];
    let threads = cpus::allowed().unwrap().len();
    assert_eq!(rows.len(), expected.len() * threads.min(2), "{text}");
    for count in [1, threads] {
        let rows = rows.iter().filter(|row| row["threads"] == count);
        for (row, (name, kind, from)) in rows.zip(expected) {
            let lock = row["type"].as_str().unwrap();
            assert_eq!(row["lock"], name);
            assert!(lock.contains(kind) && lock.contains(from), "{name}: {lock}");
            assert!(seconds(&lines, name, count).unwrap() > 0.0);
        }
    }
}

#[test]
fn python_divides_the_time_by_how_often_it_had_the_lock() {
    if !start::is_installed("python3") {
        return;
    }
    start::must_choose_cpus();
    // A test program starts in its package's folder. From one look at the clock to the next it
    // is 7 s later. All locks count, and none as often as the one that is measured.
    let script = "import itertools, threading, time\n\
        time.perf_counter = itertools.count(0, 7.0).__next__\n\
        had = [0]\n\
        class Counted:\n \
            def __init__(self): self.lock, self.had = allocate(), 0\n \
            def __getattr__(self, name): return getattr(self.lock, name)\n \
            def __exit__(self, *_): self.lock.release()\n \
            def __enter__(self):\n  \
                self.lock.acquire()\n  \
                self.had += 1\n  \
                had.append(self.had)\n\
        allocate, threading.Lock = threading.Lock, Counted\n\
        exec(open('cost.py').read())\n\
        print(max(had))";
    let mut python = start::command("python3");
    python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let cpu = cpus::allowed().unwrap()[0];
    let mut requests = python.stdin.take().unwrap();
    requests.write_all(format!("0.01 {cpu}\n").as_bytes()).unwrap();
    drop(requests);
    let output = python.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.lines().map(|line| line.parse().expect(&text)).collect();
    let [each, had] = numbers[..] else { panic!("{text}") };
    assert!(had > 0.0 && (each * had / 7.0 - 1.0).abs() < 0.001, "{each} s each, {had} times");
}

#[test]
fn python_is_asked_for_each_time_and_what_it_answers_is_printed() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = folder.path().join("python3");
    let answers = "#!/bin/sh\nwhile read line; do\n  echo \"$line\" >>\"$0.asked\"\n  \
                   case $line in *,*) echo 0.000003;; *) echo 0.000002;; esac\ndone\n";
    fs::write(&script, answers).unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let folders = [folder.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let mut command = demo(&["--time=5"]);
    command.env("PATH", std::env::join_paths(folders).unwrap());
    let text = success(command);

    let all = cpus::allowed().unwrap();
    let list = |cpus: &[usize]| cpus.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let several = if all.len() > 1 { &all[..] } else { &[] };
    let last = text.lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let contending = if several.is_empty() { "-" } else { "3.00 µs" };
    assert_eq!(last, format!("threading.Lock, Python 2.00 µs {contending}"));
    let asked = fs::read_to_string(script.with_extension("asked")).unwrap();
    let expected = [&all[..1], several].map(|cpus| format!("0.001 {}\n", list(cpus)).repeat(5));
    assert_eq!(asked, if several.is_empty() { expected[0].clone() } else { expected.concat() });
}

#[test]
fn with_one_cpu_nothing_contends_and_it_says_so() {
    let cost = demo(&["--time=1", "--without-python"]);
    let on_one = start::on_cpus(&cpus::allowed().unwrap()[..1], &cost);
    for command in [on_one, demo(&["--time=1", "--without-python", "--cpus=1"])] {
        let text = success(command);
        assert!(text.contains("one CPU to use, no two threads contend: not measured"), "{text}");
        assert_eq!(text.lines().filter(|line| line.ends_with("s           -")).count(), LOCKS);
    }
}

#[test]
fn without_python_the_rest_is_measured() {
    let mut command = demo(&["--time=1", "--cpus=1"]);
    command.env("PATH", "/nowhere");
    let text = success(command);
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("(threading.Lock, Python: not measured: python3: No such"), "{text}");
    assert!(text.contains("flock on a file"));
}

#[test]
fn a_picture_is_drawn_with_a_dot_for_each_time() {
    let python = start::is_installed("python3");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let picture = folder.path().join("cost.svg");
    let text = success(demo(&["--time=1", &format!("--svg={}", picture.display())]));
    let last = text.lines().last().unwrap();
    assert_eq!(last.starts_with("threading.Lock, Python "), python, "{text}");
    let svg = fs::read_to_string(&picture).unwrap();
    // Two explain the colours.
    let rows = LOCKS + usize::from(python);
    let dots = 2 + rows * cpus::allowed().unwrap().len().min(2);
    assert_eq!(svg.matches("<circle").count(), dots);
    assert!(svg.contains("flock on a file") && !svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn python_ends_with_the_demo() {
    if start::is_installed("python3") {
        let running = Running::start(demo(&["--time=5", "--cpus=1"]));
        running.line_with(&["flock"]);
        running.kill();
        running.finish_with_orphans();
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for (option, status, words) in [
        ("--time=0", 2, "a number from 1 to 10000"),
        ("--cpus=0", 2, "--cpus: "),
        ("--svg=/no/such/folder/x.svg", 1, "write /no/such/folder/x.svg: No such file"),
    ] {
        let mut command = demo(&[option]);
        if status == 1 {
            command.args(["--time=1", "--without-python", "--cpus=1"]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{errors}");
        assert!(errors.contains(words) && errors.lines().count() == 1, "{errors}");
    }
}
