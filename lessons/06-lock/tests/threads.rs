//! The demo `balance`, seen from outside: the threads that the kernel lists in
//! `/proc/PID/task` while it runs (proc(5)).

mod demo;

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use demo::demo;
use nix::unistd::Pid;
use testing::running::Running;
use testing::test;

#[test]
fn two_threads_do_the_work_without_the_lock_and_with_it() {
    // With ever more to do, for a machine so busy that the threads have ended
    // before they were looked at.
    for times in ["2000000", "20000000", "200000000"] {
        let running = Running::start(demo(&["balance", "--times", times], "1"));
        let without_lock = two_busy_threads(&running, &[]);
        running.line_with(&["without a lock: balance ≈ "]);
        let with_lock = two_busy_threads(&running, without_lock.as_deref().unwrap_or_default());
        if without_lock.is_some() && with_lock.is_some() {
            return;
        }
    }
    panic!("nobody saw two threads at work");
}

/// Two threads, neither the main one nor of `others`, that have used a CPU;
/// `None` if the process ends without. A minute is for a busy machine.
fn two_busy_threads(demo: &Running, others: &[Pid]) -> Option<Vec<Pid>> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while demo.tasks()[&demo.id()].state != 'Z' {
        let mut ticks = cpu_ticks(demo.id());
        ticks.retain(|id, ticks| *ticks > 0 && *id != demo.id() && !others.contains(id));
        if ticks.len() == 2 {
            return Some(ticks.into_keys().collect());
        }
        assert!(Instant::now() < deadline, "no two threads at work: {ticks:?}");
        thread::sleep(Duration::from_millis(1));
    }
    None
}

/// How many clock ticks each thread of the process has used a CPU in user
/// mode: the field `utime`, the twelfth behind the name.
fn cpu_ticks(process: Pid) -> HashMap<Pid, u64> {
    let entries = fs::read_dir(format!("/proc/{process}/task"));
    let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter_map(|path| {
            let id = Pid::from_raw(path.file_name()?.to_str()?.parse().ok()?);
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            let (_, behind_name) = stat.rsplit_once(')')?;
            let utime = behind_name.split_whitespace().nth(11)?.parse().ok()?;
            Some((id, utime))
        })
        .collect()
}
