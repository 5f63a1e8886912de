//! The demo `crowd`, seen from outside: which threads and processes are there, what is left
//! behind, and which limit it names.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::sync::Mutex;

use common::proc;
use demo::{STAYS, demo};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, killpg, signal};
use nix::unistd::Pid;
use testing::running::{Running, pid, tasks};
use testing::{start, test};

mod demo;

/// One crowd at a time: a limit counts all that its user runs. (Locked also if another
/// test has failed, and poisoned it.)
static ONE: Mutex<()> = Mutex::new(());

const THREADS: [&str; 5] = ["crowd", "--threads", "300", "--processes", "0"];
const PROCESSES: [&str; 5] = ["crowd", "--threads", "0", "--processes", "60"];

/// A crowd that stays, and its row.
fn start(arguments: &[&str], count: &str) -> (Running, String) {
    let mut command = demo(arguments, STAYS);
    // A shell lets its background jobs ignore it.
    let heed_interrupt = || {
        // SAFETY: no handler is installed, so none can run at a bad moment.
        unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) }?;
        Ok(())
    };
    // SAFETY: it makes one system call, and uses no memory.
    unsafe { command.pre_exec(heed_interrupt) };
    let running = Running::start(command);
    let row = running.line_with(&[&format!("{count:>7} ")]);
    (running, row)
}

fn children(parent: Pid) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let of_parent = |folder: &PathBuf| {
        proc::field(folder.join("status"), "PPid").is_ok_and(|it| it == parent.to_string())
    };
    let children = processes.map(|entry| entry.path()).filter(of_parent);
    let id = |folder: PathBuf| folder.file_name()?.to_str()?.parse().ok();
    children.map(|folder| Pid::from_raw(id(folder).expect("an id"))).collect()
}

/// Checks what a row says of memory against what the kernel says of these processes now.
fn assert_memory(row: &str, processes: &[Pid]) {
    let mut told: Vec<f64> = row
        .split("≈ ")
        .skip(1)
        .map(|rest| rest.split_whitespace().next().expect(row).parse().expect(row))
        .collect();
    let parts = processes.iter().map(|pid| fs::read_to_string(format!("/proc/{pid}/maps")));
    let parts = parts.map(|maps| maps.unwrap().lines().count()).max().unwrap() as f64;
    let told_parts = told.pop().expect(row);
    assert!(
        (told_parts - parts).abs() <= 8.0 && row.matches(" MiB").count() == 3,
        "{parts}: {row}"
    );
    let sum = |file, name| {
        let kib = processes.iter().map(|pid| proc::kib(format!("/proc/{pid}/{file}"), name));
        kib.map(Result::unwrap).sum::<u64>() as f64 / 1024.0
    };
    let kernel = [("status", "VmSize"), ("smaps_rollup", "Pss"), ("status", "VmPTE")];
    assert_eq!(told.len(), kernel.len(), "{row}");
    for (told, (file, name)) in told.into_iter().zip(kernel) {
        // What they share with other processes counts for less while there are more of these.
        let now = sum(file, name);
        assert!(0.7 * told - 0.1 <= now && now <= 1.4 * told + 0.1, "{name} {now} MiB: {row}");
    }
}

#[test]
fn as_many_threads_are_there_as_it_says() {
    let _guard = ONE.lock();
    let (running, row) = start(&THREADS, "300");
    let leader = pid(&row);
    assert_ne!(leader, running.id());
    // And the one that has started them.
    assert_eq!(tasks(leader).len(), 301);
    assert_memory(&row, &[leader]);
}

#[test]
fn as_many_processes_are_there_as_it_says() {
    let _guard = ONE.lock();
    let (running, row) = start(&PROCESSES, "60");
    let leader = pid(&row);
    let mut crowd = children(leader);
    assert_eq!(crowd.len(), 60);
    assert_eq!(children(running.id()), [leader]);
    assert_eq!(tasks(leader).len(), 1);
    crowd.push(leader);
    assert_memory(&row, &crowd);
}

#[test]
fn a_demo_that_is_killed_or_interrupted_leaves_nothing() {
    let _guard = ONE.lock();
    for (arguments, count) in [(&THREADS, "300"), (&PROCESSES, "60")] {
        let (running, _) = start(arguments, count);
        running.kill();
        running.finish_with_orphans();

        let (running, _) = start(arguments, count);
        // As Ctrl-C does.
        killpg(running.id(), Signal::SIGINT).unwrap();
        running.finish_with_orphans();
    }
}

#[test]
fn a_demo_that_ends_leaves_nothing() {
    let _guard = ONE.lock();
    let small = ["crowd", "--threads", "10", "--processes", "10"];
    let (lines, errors, status) = Running::start(demo(&small, "0")).finish();
    assert!(status.success() && errors.is_empty(), "{errors}");
    let counts: Vec<_> = lines.iter().map(|line| line.split_whitespace().next()).collect();
    let expected = ["all", "threads", "1", "10", "processes", "1", "10"].map(Some);
    assert_eq!(counts, expected, "{lines:?}");
}

#[test]
fn without_room_for_another_stack_it_says_so() {
    let _guard = ONE.lock();
    let small = ["crowd", "--threads", "1000", "--processes", "0", "--room", "300"];
    let (_, errors, status) = Running::start(demo(&small, "0")).finish();
    assert_eq!(status.code(), Some(3), "{errors}");
    // Before it there may be a word of a thread that had a stack, and no room for more.
    let last = errors.lines().last().unwrap();
    assert!(last.contains("05-threading: no room after ≈ "), "{errors}");
    let (_, used) = last.split_once("(RLIMIT_AS: ≈ ").expect(last);
    let used: u64 = used.strip_suffix(" of 300 MiB)").expect(last).parse().expect(last);
    assert!((100..=300).contains(&used), "{errors}");
}

#[test]
fn as_many_have_started_as_it_says_when_the_next_is_refused() {
    let _guard = ONE.lock();
    if !start::can_use_strace() {
        return;
    }
    for (kind, other) in [("threads", "processes"), ("processes", "threads")] {
        for after in [3, 8] {
            let fault = format!("clone,clone3,fork,vfork:error=EAGAIN:when={}", after + 1);
            let crowd = [format!("--{kind}=20"), format!("--{other}=0")];
            let mut strace = start::with_fault(&fault);
            start::add_program(&mut strace, &demo(&["crowd", &crowd[0], &crowd[1]], "0"));
            let (_, errors, status) = Running::start(strace).finish_with_orphans();
            assert_eq!(status.code(), Some(3), "{errors}");
            let told = format!("05-threading: no room after ≈ {after} {kind}: EAGAIN (");
            assert!(errors.lines().any(|line| line.starts_with(&told)), "{errors}");
        }
    }
}

#[test]
fn without_room_for_another_process_of_the_user_it_says_so() {
    let _guard = ONE.lock();
    let user = proc::field("/proc/self/status", "Uid").unwrap();
    let is_superuser = user.starts_with("0\t");
    // The superuser has no such limit. This one is nobody, who may not see every folder.
    const NOBODY: u32 = 65_534;
    if is_superuser && demo(&["--list"], "0").uid(NOBODY).output().is_err() {
        start::pass_over("another user may not run the demo here");
        return;
    }
    for crowd in [["--threads", "1000"], ["--processes", "1000"]] {
        let mut command = demo(&["crowd", crowd[0], crowd[1]], "0");
        // Whoever has more than that already cannot even start the demo's first child.
        let limit = || Ok(setrlimit(Resource::RLIMIT_NPROC, 40, 40)?);
        // SAFETY: it makes one system call, and uses no memory.
        unsafe { command.pre_exec(limit) };
        if is_superuser {
            command.uid(NOBODY);
        }
        let (_, errors, status) = Running::start(command).finish();
        assert_eq!(status.code(), Some(3), "{errors}");
        let (_, used) = errors.split_once("EAGAIN (RLIMIT_NPROC: ≈ ").expect(&errors);
        let (used, rest) = used.split_once(" of 40").expect(&errors);
        assert!(used.parse::<u32>().unwrap() >= 40 && rest.starts_with([')', ';']), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let output = demo(&["crowd", "--threads", "-1"], "0").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
