//! Workers die. A task that was running then is lost, and no other.

use std::collections::HashSet;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process_pool::{ProcessPool, TaskError};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_bytes::ByteBuf;

use crate::tasks::{ADD_ONE, BIG, DIE, DIE_EACH_TIME, DIE_ONCE, ECHO, File, NOTED, WAIT, pool};

/// The same numbers in every run.
struct Random(TestRng);

impl Random {
    fn new() -> Self {
        Self(TestRng::deterministic_rng(RngAlgorithm::XorShift))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }
}

/// Kills a worker, if it is still there.
fn kill_worker(pid: i32) {
    // The pool may have waited for it meanwhile; its id is not given away so soon.
    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// As many workers as before, none of which is one of these.
fn replaced(pool: &ProcessPool, before: &[i32]) {
    let before: HashSet<i32> = before.iter().copied().collect();
    loop {
        let now = pool.pids();
        if now.len() == before.len() && now.iter().all(|pid| !before.contains(pid)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn a_death_costs_the_task_that_ran() {
    let pool = pool();
    let died = |how: &str| Err(TaskError::WorkerDied(how.to_owned()));
    for chunk_size in [1, 2, 3, 9] {
        assert_eq!(
            pool.map(&DIE, [0, 1, 0, 2, 3, 0, 0, 1, 0], Some(chunk_size)).unwrap(),
            [
                Ok(0),
                died("exit status: 7"),
                Ok(0),
                died("killed by SIGABRT"),
                died("killed by SIGKILL"),
                Ok(0),
                Ok(0),
                died("exit status: 7"),
                Ok(0),
            ]
        );
    }
    assert_eq!(pool.pids().len(), 2);
}

pub fn none_is_lost_or_run_twice() {
    let pool = pool();
    for chunk_size in [1, 10, 500] {
        let file = File::new();
        let noted = (0..2000).map(|number| (file.path.clone(), number, 20));
        let (results, killed) = std::thread::scope(|scope| {
            let killer = scope.spawn(|| {
                let mut random = Random::new();
                for killed in 0..20 {
                    let pids = pool.pids();
                    std::thread::sleep(Duration::from_micros(random.below(2000)));
                    match pids.get(random.below(2) as usize) {
                        Some(pid) => kill_worker(*pid),
                        None => return killed,
                    }
                }
                20
            });
            let results = pool.map(&NOTED, noted, Some(chunk_size)).unwrap();
            (results, killer.join().unwrap())
        });
        let lost = results.iter().filter(|result| result.is_err()).count();
        assert!(lost <= killed, "{killed} kills cost {lost} tasks");
        for (number, result) in (0..).zip(&results) {
            match result {
                Ok(same) => assert_eq!(*same, number),
                Err(why) => {
                    assert_eq!(*why, TaskError::WorkerDied("killed by SIGKILL".to_owned()));
                }
            }
        }
        let noted = file.numbers();
        let once = noted.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(once, "a task was run twice: {noted:?}");
        let done = results.iter().flatten().count();
        assert!((done..=done + lost).contains(&noted.len()), "{} of {done} were run", noted.len());
    }
}

pub fn a_repeatable_task_is_run_again() {
    let pool = pool();
    for way in 1..=3 {
        let file = File::new();
        std::fs::remove_file(&file.path).unwrap();
        assert_eq!(pool.apply(&DIE_ONCE, (way, file.path.clone())).unwrap(), way);
    }
}

pub fn it_is_given_up() {
    let pool = pool();
    // The marker can never be made there, so the task never dies; and this one always.
    let nowhere = "/no/such/folder/marker".into();
    assert_eq!(pool.apply(&DIE_ONCE, (1, nowhere)).unwrap(), 1);
    // This one takes three workers along, and then no more.
    let file = File::new();
    let why = pool.apply(&DIE_EACH_TIME, file.path.clone()).unwrap_err();
    assert!(why.to_string().contains("killed by SIGKILL"), "{why}");
    assert_eq!(std::fs::read(&file.path).unwrap(), b"xxx");
    let before = pool.pids();
    assert_eq!(pool.map(&DIE, [3; 30], Some(1)).unwrap().len(), 30);
    assert_eq!(pool.map(&ADD_ONE, [1, 2], None).unwrap(), [Ok(2), Ok(3)]);
    replaced(&pool, &before);
}

pub fn idle_workers_may_be_killed() {
    let pool = pool();
    for _ in 0..5 {
        let before = pool.pids();
        before.iter().for_each(|&pid| kill_worker(pid));
        replaced(&pool, &before);
        assert_eq!(
            pool.map(&ADD_ONE, 0..10, Some(1)).unwrap(),
            std::array::from_fn::<_, 10, _>(|n| Ok(n as u64 + 1))
        );
    }
}

pub fn all_at_once() {
    let pool = pool();
    let handles: Vec<_> = (0..40).map(|_| pool.apply_async(&WAIT, 2000).unwrap()).collect();
    pool.pids().iter().for_each(|&pid| kill_worker(pid));
    let lost = handles.into_iter().filter_map(|handle| handle.wait().err()).count();
    assert!(lost <= 2, "two workers died, and {lost} tasks are lost");
}

pub fn while_it_sends() {
    let pool = pool();
    for time in 0..20 {
        let handle = pool.apply_async(&BIG, 64 << 20).unwrap();
        let others: Vec<_> = (0..4)
            .map(|_| pool.apply_async(&ECHO, ByteBuf::from(vec![1; 1 << 20])).unwrap())
            .collect();
        std::thread::sleep(Duration::from_millis(time));
        pool.pids().iter().for_each(|&pid| kill_worker(pid));
        let mut lost = usize::from(handle.wait().is_err());
        lost += others.into_iter().filter_map(|handle| handle.wait().err()).count();
        assert!(lost <= 2, "two workers died, and {lost} tasks are lost");
    }
}

pub fn a_thousand_random_kills() {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    let mut pool = pool();
    let mut random = Random::new();
    let (mut kills, mut tasks, mut lost) = (0, 0, 0);
    while kills < 1000 {
        let count = 1 + random.below(60);
        let chunk_size = 1 + random.below(9) as usize;
        let times: Vec<u64> = (0..count).map(|_| random.below(300)).collect();
        let results = std::thread::scope(|scope| {
            let work = scope.spawn(|| pool.map(&WAIT, times.clone(), Some(chunk_size)).unwrap());
            while !work.is_finished() && kills < 1000 {
                std::thread::sleep(Duration::from_micros(random.below(4000)));
                let pids = pool.pids();
                let all = random.below(8) == 0;
                for pid in pids.iter().skip(random.below(2) as usize).take(if all { 2 } else { 1 })
                {
                    kill_worker(*pid);
                    kills += 1;
                }
            }
            work.join().unwrap()
        });
        assert_eq!(results.len(), times.len());
        for (time, result) in times.iter().zip(&results) {
            match result {
                Ok(same) => assert_eq!(same, time),
                Err(TaskError::WorkerDied(how)) => {
                    assert_eq!(how, "killed by SIGKILL");
                    lost += 1;
                }
                Err(why) => panic!("{why}"),
            }
        }
        tasks += results.len();
    }
    assert!(lost <= kills, "{kills} kills cost {lost} of {tasks} tasks");
    pool.close();
    pool.join().unwrap();
    drop(pool);
    assert_eq!(descriptors(), before, "descriptors were left");
    let children =
        std::fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
    assert_eq!(children.unwrap(), "", "processes were left");
}
