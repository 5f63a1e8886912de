//! How a pool ends, and that nothing is left of it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use process_pool::{Function, PoolError, ProcessPool, TaskError, Tasks, work_if_worker};
use testing::start;

use crate::tasks::{ADD_ONE, File, TASKS, UNTIL_GONE, WAIT, needs_a_pool, pool};

/// An hour, in microseconds.
const LONG: u64 = 3_600_000_000;

pub fn is_gone(pid: i32) -> bool {
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
    let mut pool = pool();
    for chunk_size in [1, 10, 1000] {
        let mut results = pool.imap(&ADD_ONE, 0..1000, chunk_size).unwrap();
        let unordered = pool.imap_unordered(&ADD_ONE, 0..1000, chunk_size).unwrap();
        assert_eq!(results.next(), Some(Ok(1)));
        pool.close();
        // What has begun is done to its end, and nothing else.
        assert!(pool.imap(&ADD_ONE, 0..3, 1).is_err_and(|why| why == PoolError::Closed));
        assert!(pool.imap_unordered(&ADD_ONE, 0..3, 1).is_err_and(|why| why == PoolError::Closed));
        assert!(results.eq((2..=1000).map(Ok)));
        let mut unordered: Vec<_> = unordered.collect();
        unordered.sort_unstable_by_key(|(number, _)| *number);
        assert!(unordered.into_iter().eq((0..1000).map(|n| (n, Ok(n as u64 + 1)))));
        pool.join().unwrap();
        pool = ProcessPool::with_workers(TASKS, 2).unwrap();
    }
    // One that is not taken to its end does not hold up the others.
    drop(pool.imap(&ADD_ONE, 0.., 1).unwrap());
    let mut results = pool.imap(&ADD_ONE, 0.., 1).unwrap();
    assert_eq!(results.next(), Some(Ok(1)));
    drop(results);
    pool.close();
    pool.join().unwrap();
}

pub fn imap_terminated() {
    let pool = pool();
    let mut results = pool.imap(&ADD_ONE, 0.., 1).unwrap();
    assert_eq!(results.next(), Some(Ok(1)));
    pool.terminate();
    // What was submitted is done or has an error; then comes the error of the pool, and the end.
    let rest: Vec<_> = results.by_ref().collect();
    assert_eq!(rest.last(), Some(&Err(TaskError::Refused(PoolError::Closed))));
    assert!(rest.len() <= 2 * 4 + 1, "{rest:?}");
    assert_eq!(results.next(), None);
    assert!(pool.imap(&ADD_ONE, 0.., 1).is_err_and(|why| why == PoolError::Closed));
}

pub fn terminated_meanwhile() {
    let pool = pool();
    std::thread::scope(|scope| {
        let (pool, gate) = (&pool, File::new());
        let files = [gate.path.clone(), gate.path.clone()];
        let waiting = scope.spawn(move || pool.map(&UNTIL_GONE, files, Some(1)));
        let another = scope.spawn(|| pool.apply(&WAIT, LONG));
        let one_more = scope
            .spawn(|| pool.imap(&WAIT, [LONG; 3], 1).map(|results| results.collect::<Vec<_>>()));
        // Any moment will do, also before they have begun.
        pool.terminate();
        let ended = Err(TaskError::Ended("it was terminated".to_owned()));
        let refused = PoolError::Closed;
        assert!(match waiting.join().unwrap() {
            Ok(results) => results.into_iter().all(|result| result.map(|()| 0) == ended),
            Err(why) => why == refused,
        });
        let result = another.join().unwrap();
        assert!(result == ended || result == Err(refused.clone().into()), "{result:?}");
        match one_more.join().unwrap() {
            Ok(results) => assert!(results.iter().all(Result::is_err), "{results:?}"),
            Err(why) => assert_eq!(why, refused),
        }
        drop(gate);
    });
}

pub fn not_closed() {
    let mut pool = pool();
    assert_eq!(pool.join(), Err(PoolError::NotClosed));
    assert_eq!(pool.apply(&ADD_ONE, 1).unwrap(), 2);
}

pub fn terminated() {
    let pool = pool();
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
    needs_a_pool();
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

static OTHER: Function<u64, u64> = Function::new("other", |number| number);
static SAME_NAME: Function<u64, u64> = Function::new("add_one", |number| number);
static OTHER_TYPES: Function<u64, u8> = Function::new("add_one", |number| number as u8);

pub fn functions_are_known() {
    let pool = ProcessPool::new(TASKS).unwrap();
    assert_eq!(pool.apply_async(&OTHER, 1).err(), Some(PoolError::Unknown("other")));
    assert_eq!(pool.apply_async(&SAME_NAME, 1).err(), Some(PoolError::Unknown("add_one")));
    assert_eq!(pool.map(&OTHER_TYPES, [1], None), Err(PoolError::Unknown("add_one")));
    assert!(pool.imap(&OTHER, [1], 1).is_err_and(|why| why == PoolError::Unknown("other")));

    static TWICE: Tasks = &[&ADD_ONE, &SAME_NAME];
    assert_eq!(ProcessPool::new(TWICE).err(), Some(PoolError::Duplicate("add_one")));
    // The workers know only those that `main` has registered.
    static FEWER: Tasks = &[&ADD_ONE];
    static OTHERS: Tasks = &[&OTHER];
    static ANOTHER_OF_THAT_NAME: Tasks = &[&SAME_NAME];
    for (tasks, theirs) in [
        (FEWER, "add_one: u64 -> u64"),
        (OTHERS, "other: u64 -> u64"),
        (ANOTHER_OF_THAT_NAME, "add_one: u64 -> u64"),
        (&[], ""),
    ] {
        // Too late: a worker never comes to this.
        work_if_worker(tasks);
        match ProcessPool::new(tasks).err() {
            Some(PoolError::OtherFunctions { pool, worker }) => {
                assert_eq!(pool, theirs);
                assert!(worker.starts_with("add_one: u64 -> u64; echo: "), "{worker}");
            }
            other => panic!("{other:?}"),
        }
    }
}
