//! The demos `processes` and `robust`, seen from outside: who writes which line, and what is
//! in the memory that their processes share.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use common::proc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use testing::running::{Running, kill_at_several_lines, pid};
use testing::strace::record;
use testing::{start, test, witness};

fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_06-lock"));
    command.args(arguments).env("LESSON_PACE", "0.05");
    command
}

#[test]
fn whatever_step_the_owner_is_killed_at_the_next_one_makes_it_good() {
    for (step, left, told, repaired) in [
        (0, "100 + 100 = 200", "nothing is half done", "100 + 100 = 200"),
        (1, "100 + 100 = 200", "nothing is half done", "100 + 100 = 200"),
        (2, "100 + 100 = 200", "its transfer is undone", "100 + 100 = 200"),
        (3, "70 + 100 = 170", "its transfer is undone", "100 + 100 = 200"),
        (4, "70 + 130 = 200", "its transfer is undone", "100 + 100 = 200"),
        (5, "70 + 130 = 200", "nothing is half done", "70 + 130 = 200"),
    ] {
        let step = step.to_string();
        let command = demo(&["robust", "--step", &step, "--kills", "3"]);
        let testimony = witness::run(command).unwrap();
        assert!(testimony.status.success(), "{testimony:#?}");
        let texts = testimony.texts();
        let parent = testimony.pid;
        let [owner, next] = [1, 2].map(|line| pid(texts[line]).as_raw() as u32);
        let written_by = |writer: u32, text: String| {
            let found = testimony.lines.iter().find(|line| line.text == text);
            let line = found.unwrap_or_else(|| panic!("no line {text:?} in {texts:#?}"));
            assert_eq!(line.pid, writer, "{text}");
        };
        written_by(owner, format!("  child (pid {owner}): I have the lock; step {step} is done"));
        written_by(next, format!("  child (pid {next}): I want the lock"));
        written_by(next, format!("  child (pid {next}): the owner has died and left {left}"));
        written_by(next, format!("  child (pid {next}): {told}: {repaired}"));
        written_by(
            parent,
            format!("  parent (pid {parent}): I kill pid {owner}: killed by SIGKILL"),
        );
        written_by(parent, format!("  parent (pid {parent}): I have the lock: {repaired}"));
        written_by(parent, format!("  parent (pid {parent}): the lock is not recoverable"));
        // Two rounds with two children each; the others write nothing.
        assert_eq!(testimony.writers().len(), 1 + 2 * 2);
        assert_eq!(texts.len(), 16, "{texts:#?}");
    }
}

/// The words in the last memory that a process shares with others, as `/proc/PID/maps` has
/// it: an inode, and what stands behind the mutex. `None` if this process may not look.
fn shared_words(pid: Pid) -> Option<(String, [i64; 5])> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let line = maps.lines().find(|line| line.contains(" rw-s ")).expect("shared memory");
    let fields: Vec<_> = line.split_whitespace().collect();
    let start = u64::from_str_radix(fields[0].split('-').next().unwrap(), 16).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
    let mutex = size_of::<nix::libc::pthread_mutex_t>() as u64;
    let mut words = [0; 5];
    for (number, word) in words.iter_mut().enumerate() {
        let mut bytes = [0; 8];
        memory.read_exact_at(&mut bytes, start + mutex + 8 * number as u64).ok()?;
        *word = i64::from_ne_bytes(bytes);
    }
    Some((fields[4].to_owned(), words))
}

#[test]
fn the_one_that_waits_for_a_dead_owner_sleeps_beside_what_it_left() {
    // Minutes to look at it.
    let running = Running::start(demo(&["processes", "--pace", "1000"]));
    running.line_with(&["A child is killed"]);
    let owner = running.pid_in("  child (pid");
    let waiting = running.pid_in("  child (pid");
    running.line_with(&["  parent (pid"]);
    assert_eq!(running.pid_in("  pid "), waiting);
    assert!(fs::metadata(format!("/proc/{owner}")).is_err(), "the owner was to be dead");
    assert!(proc::poll_until_asleep(waiting).unwrap());
    let parent = proc::field(format!("/proc/{waiting}/status"), "PPid").unwrap();
    assert_eq!(parent, running.id().to_string());
    // A kernel may keep it secret.
    let place = proc::wchan(waiting).unwrap();
    assert!(place.starts_with("futex") || place == "0", "{place}");

    // What there is, that a transfer is under way, and what there was.
    if let Some((inode, words)) = shared_words(waiting) {
        assert_eq!(words, [70, 100, 1, 100, 100]);
        assert_eq!(shared_words(running.id()), Some((inode, words)));
    } else {
        start::pass_over("this system does not let a test look into another process");
    }

    running.signal(waiting, Signal::SIGKILL);
    let (_, errors, status) = running.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(&format!("pid {waiting} has ended")), "{errors}");
}

#[test]
fn without_a_child_or_memory_it_fails_and_leaves_nothing() {
    if !start::can_use_strace() {
        return;
    }
    for (demo, option, forks, kills) in
        [("processes", "--times=1", 4, 2), ("robust", "--kills=1", 5, 3)]
    {
        let forks = (1..=forks).map(|number| ("clone,clone3,fork,vfork", "EAGAIN", number));
        let kills = (1..=kills).map(|number| ("kill", "EPERM", number));
        for (calls, error, number) in forks.chain(kills) {
            let fault = format!("{calls}:error={error}:when={number}");
            let mut strace = start::with_fault(&fault);
            strace.args([env!("CARGO_BIN_EXE_06-lock"), demo, option]);
            strace.env("LESSON_PACE", "0");
            let (lines, errors, status) = Running::start(strace).finish_with_orphans();
            assert_eq!(status.code(), Some(1), "{demo} {fault}: {lines:#?} {errors}");
            assert!(errors.contains(error), "{demo} {fault}: {errors}");
        }
    }
}

#[test]
fn a_child_that_it_may_not_kill_does_not_hold_it_up() {
    if !start::can_use_strace() {
        return;
    }
    // It gives up while a child waits for ever.
    let mut strace = start::with_fault("pidfd_open:error=ENOSYS");
    strace.args(["-e", "inject=kill:error=EPERM:when=2"]);
    strace.args([env!("CARGO_BIN_EXE_06-lock"), "processes", "--times=1"]).env("LESSON_PACE", "0");
    let (lines, errors, status) = Running::start(strace).finish_with_orphans();
    assert_eq!(status.code(), Some(3), "{lines:#?} {errors}");
    assert!(errors.contains("pidfd_open"), "{errors}");
}

#[test]
fn as_many_are_killed_as_it_says() {
    let robust = demo(&["robust", "--kills=40"]);
    let Some(record) = record(&robust, "") else { return };
    let killed = record.callers().filter(|it| it.killed_by.as_deref() == Some("SIGKILL"));
    // And one in each of the two other rounds.
    assert_eq!(killed.count(), 40 + 2, "{record:#?}");
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along() {
    kill_at_several_lines(|| Running::start(demo(&["processes", "--times", "10"])));
    kill_at_several_lines(|| Running::start(demo(&["robust", "--kills", "3"])));
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, words) in [
        (["robust", "--step", "6"], "a number from 0 to 5"),
        (["robust", "--kills", "-1"], "--kills: "),
        (["processes", "--times", "many"], "--times: "),
    ] {
        let output = demo(&arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(words) && errors.lines().count() == 1, "{errors}");
    }
}
