//! How a pool ends, and that nothing is left of it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use process_pool::{Function, PoolError, ProcessPool, TaskError, Tasks};
use testing::start;

use crate::tasks::{ADD_ONE, File, TASKS, WAIT, pool};

/// An hour, in microseconds.
const LONG: u64 = 3_600_000_000;

fn is_gone(pid: i32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

pub fn closed() {
    let mut pool = pool();
    let handles: Vec<_> = (0..50).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
    let pids = pool.pids();
    pool.close();
    assert_eq!(pool.apply_async(&ADD_ONE, 1).err(), Some(PoolError::Closed));
    assert_eq!(pool.map(&ADD_ONE, [1], None), Err(PoolError::Closed));
    pool.join().unwrap();
    // What was submitted before was done, and the workers are gone.
    for (number, handle) in (0..).zip(handles) {
        assert_eq!(handle.wait(), Ok(number + 1));
    }
    assert!(pids.into_iter().all(is_gone));
    pool.join().unwrap();
}

pub fn imap_closed() {
    let pool = pool();
    let mut results = pool.imap(&ADD_ONE, 0.., 1).unwrap();
    assert_eq!(results.next(), Some(Ok(1)));
    pool.close();
    // What was submitted before is done; then comes the error, and then the end.
    let rest: Vec<_> = results.by_ref().collect();
    let (last, done) = rest.split_last().unwrap();
    assert_eq!(*last, Err(TaskError::Refused(PoolError::Closed)));
    assert!(done.iter().cloned().eq((2..=done.len() as u64 + 1).map(Ok)), "{done:?}");
    assert_eq!(results.next(), None);
}

pub fn not_closed() {
    let mut pool = pool();
    assert_eq!(pool.join(), Err(PoolError::NotClosed));
    assert_eq!(pool.apply(&ADD_ONE, 1).unwrap(), 2);
}

pub fn terminated() {
    let mut pool = pool();
    let handles: Vec<_> = (0..9).map(|_| pool.apply_async(&WAIT, LONG).unwrap()).collect();
    let pids = pool.pids();
    pool.terminate();
    assert!(pids.into_iter().all(is_gone));
    for handle in handles {
        assert_eq!(handle.wait(), Err(TaskError::Ended("it was terminated".to_owned())));
    }
    assert_eq!(pool.apply_async(&ADD_ONE, 1).err(), Some(PoolError::Closed));
}

pub fn dropped() {
    let pool = pool();
    let handle = pool.apply_async(&WAIT, LONG).unwrap();
    let pids = pool.pids();
    drop(pool);
    assert!(pids.into_iter().all(is_gone));
    assert!(matches!(handle.wait(), Err(TaskError::Ended(_))));
}

/// The argument that makes this program a parent whose workers have much to do.
const PARENT: &str = "be-a-parent";

/// In a program that a test has started: a pool that is busy, and says who its workers
/// are. It is killed, or would be busy for an hour.
pub fn be_started() {
    if std::env::args().nth(1).is_none_or(|argument| argument != PARENT) {
        return;
    }
    let pool = pool();
    let handles: Vec<_> = (0..9).map(|_| pool.apply_async(&WAIT, LONG).unwrap()).collect();
    let pids: Vec<String> = pool.pids().iter().map(i32::to_string).collect();
    println!("{}", pids.join(" "));
    std::io::stdout().flush().unwrap();
    let results: Vec<_> = handles.into_iter().map(|handle| handle.wait()).collect();
    let error = results.into_iter().find_map(Result::err);
    if let Some(why) = &error {
        eprintln!("{why}");
    }
    std::process::exit(error.is_some().into());
}

/// Such a program, and its workers.
fn start_parent() -> (Child, Vec<i32>) {
    start_parent_from(&std::env::current_exe().unwrap())
}

fn start_parent_from(program: &Path) -> (Child, Vec<i32>) {
    let mut command = start::command(program);
    let mut parent = command.arg(PARENT).process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<i32> = line.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2);
    (parent, pids)
}

/// A process that has ended, or that nobody has waited for yet.
fn has_ended(pid: i32) -> bool {
    common::proc::field(format!("/proc/{pid}/status"), "State")
        .is_ok_and(|state| state.starts_with('Z'))
        || is_gone(pid)
}

fn end_within_a_second(pids: &[i32]) {
    let start = Instant::now();
    while !pids.iter().all(|&pid| has_ended(pid)) {
        // Ten times as long as it may take, on a machine that has much to do.
        assert!(start.elapsed() < Duration::from_secs(10), "workers go on without their parent");
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn workers_end_with_their_parent() {
    let (mut parent, pids) = start_parent();
    kill(Pid::from_raw(parent.id() as i32), Signal::SIGKILL).unwrap();
    end_within_a_second(&pids);
    parent.wait().unwrap();
}

/// The children of a process that have not ended.
fn children(pid: u32) -> Vec<i32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let files = threads.map(|thread| thread.unwrap().path().join("children"));
    let lists: Vec<_> = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace());
    pids.map(|pid| pid.parse().unwrap()).filter(|&pid| !has_ended(pid)).collect()
}

pub fn the_file_is_gone() {
    let program = File::new();
    std::fs::copy(std::env::current_exe().unwrap(), &program.path).unwrap();
    let (mut parent, pids) = start_parent_from(&program.path);
    drop(program);
    kill(Pid::from_raw(pids[0]), Signal::SIGKILL).unwrap();
    let start = Instant::now();
    let replaced = loop {
        let now = children(parent.id());
        if now.len() == 2 && !now.contains(&pids[0]) {
            break now;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{now:?} in place of {pids:?}");
        std::thread::yield_now();
    };
    assert!(replaced.contains(&pids[1]), "{replaced:?} in place of {pids:?}");
    parent.kill().unwrap();
    end_within_a_second(&replaced);
    parent.wait().unwrap();
}

pub fn ctrl_c_ends_everything() {
    let (mut parent, pids) = start_parent();
    killpg(Pid::from_raw(parent.id() as i32), Signal::SIGINT).unwrap();
    assert!(!parent.wait().unwrap().success());
    end_within_a_second(&pids);
}

/// The variable that makes this program forget that it may be a worker.
pub const FORGETFUL: &str = "FORGETFUL";

pub fn forgetful() {
    // Its workers look for tests that are called like a worker, and find none.
    let mut command = start::command(std::env::current_exe().unwrap());
    let output = command.env(FORGETFUL, "1").arg(PARENT).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("many workers in a row ended before their first task"), "{errors}");
}

static OTHER: Function<u64, u64> = Function::new("other", |number| number);
static SAME_NAME: Function<u64, u64> = Function::new("add_one", |number| number);
static TWICE: Tasks = &[&ADD_ONE, &SAME_NAME];

pub fn functions_are_known() {
    let pool = ProcessPool::new(TASKS).unwrap();
    assert_eq!(pool.apply_async(&OTHER, 1).err(), Some(PoolError::Unknown("other")));
    assert_eq!(ProcessPool::new(TWICE).err(), Some(PoolError::Duplicate("add_one")));
}
