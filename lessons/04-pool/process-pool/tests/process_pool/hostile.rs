//! What happens to the program and its workers from outside: limits that are lowered meanwhile,
//! workers that end again and again.

use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process_pool::{ProcessPool, TaskError};
use serde_bytes::ByteBuf;

use crate::ends::is_gone;
use crate::misuse::CHANGE;
use crate::programs::{PID, USELESS, lines, program, until, useless_file};
use crate::tasks::{self, ADD_ONE, DIE, ECHO, TASKS, UNTIL_GONE, pool};

/// The program may have fewer descriptors by now than it has.
pub fn few_descriptors() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    for limit in [0, 1, 2] {
        let pool = pool();
        let gate = tasks::File::new();
        let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
        let before = pool.pids();
        setrlimit(Resource::RLIMIT_NOFILE, limit, hard).unwrap();
        let waiting: Vec<_> = (0..20).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
        // The other worker does these.
        assert!(waiting.into_iter().map(|handle| handle.wait()).eq((1..21).map(Ok)));
        std::fs::remove_file(&gate.path).unwrap();
        assert_eq!(running.wait(), Ok(()));
        let large = ByteBuf::from(vec![1; 10 << 20]);
        assert!(pool.apply(&ECHO, large.clone()).is_ok_and(|echo| echo == large));
        // Whoever dies is replaced later.
        let died = Err(TaskError::WorkerDied("killed by SIGABRT".to_owned()));
        assert_eq!(pool.apply(&DIE, 2), died);
        assert!(pool.map(&ADD_ONE, 0..9, Some(1)).unwrap().into_iter().eq((1..10).map(Ok)));
        assert_eq!(pool.pids().len(), 1);
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        until("two workers", || pool.pids().len() == 2);
        assert_ne!(pool.pids(), before);
        drop(pool);

        let mut pool = ProcessPool::with_workers(TASKS, 1).unwrap();
        assert_eq!(pool.apply(&CHANGE, 0), Ok(0));
        setrlimit(Resource::RLIMIT_NOFILE, limit, hard).unwrap();
        pool.close();
        pool.join().unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        println!();
    }
}

pub fn a_limit_below_what_is_open() {
    let lines = lines(&mut program("few descriptors"));
    assert_eq!(lines.len(), 3);
    // A worker that is killed prints nothing. On a machine with much to do, one may be late.
    assert_eq!(lines[0], "no end of line ", "with a limit of 0");
}

/// Waits until a pool of two workers has another one in place of this.
fn until_replaced(pool: &ProcessPool, worker: i32) {
    until("another worker", || {
        let pids = pool.pids();
        pids.len() == 2 && !pids.contains(&worker)
    });
}

pub fn killed_again_and_again() {
    for other_works in [false, true] {
        let pool = pool();
        let mut spared = pool.pids()[0];
        let (mut kills, mut begin) = (0, Instant::now());
        until("40 kills in a row", || {
            let seen = Instant::now();
            let works = if other_works { pool.apply(&PID, ()).unwrap() } else { spared };
            let victim = *pool.pids().iter().find(|&&pid| pid != works).unwrap();
            let is_old = seen.elapsed() > Duration::from_millis(500);
            kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
            until_replaced(&pool, victim);
            kills += 1;
            if works != spared || is_old {
                // On a busy machine another worker may get the task. One that has worked, or was
                // there for a while, is replaced at once.
                (kills, begin, spared) = (0, Instant::now(), works);
            }
            kills == 40
        });
        // Each time the pool has waited half a millisecond longer. One that kills them as fast as
        // it can would keep a CPU busy otherwise.
        let time = begin.elapsed();
        assert!(time > Duration::from_millis(400), "{time:?}, {other_works}");
        assert!(pool.map(&ADD_ONE, 0..9, Some(1)).unwrap().into_iter().eq((1..10).map(Ok)));
    }
}

/// Each worker aborts at its start, which the file with their ids knows.
pub fn aborting_workers() {
    std::fs::File::create(useless_file()).unwrap();
    let pool = pool();
    let waiting: Vec<_> = (0..3).map(|n| pool.apply_async(&ADD_ONE, n)).collect();
    for handle in waiting.into_iter().flatten() {
        println!("{}", handle.wait().unwrap_err());
    }
}

pub fn none_becomes_ready() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("file");
    let lines = lines(program("aborting workers").env(USELESS, &file));
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(
            line,
            "the pool has ended: many workers in a row ended before they were ready, \
             the last one: killed by SIGABRT"
        );
    }
    let started = std::fs::read_to_string(file).unwrap().lines().count();
    assert!(started <= 25, "{started} workers were started");
}

pub fn one_after_the_other() {
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let (descriptors, threads) = (count("fd"), count("task"));
    for number in 0..100 {
        // Another thread than the one that uses it, or the one that drops it.
        let pool = std::thread::spawn(pool).join().unwrap();
        if number % 2 == 0 {
            assert_eq!(pool.apply(&ADD_ONE, number), Ok(number + 1));
        }
        let pids = pool.pids();
        std::thread::spawn(move || drop(pool)).join().unwrap();
        assert!(pids.into_iter().all(is_gone));
    }
    assert_eq!(count("fd"), descriptors);
    // A thread that has ended may still be listed for a moment.
    until("the end of all threads", || count("task") <= threads);
}
