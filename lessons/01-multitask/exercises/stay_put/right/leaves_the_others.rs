use std::fs;
use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

pub fn main() {
    let mut workers = Vec::new();
    for (worker, cpu) in allowed().into_iter().enumerate() {
        workers.push(thread::spawn(move || work(worker, cpu)));
    }
    for worker in workers {
        worker.join().expect("it does not panic");
    }
}

fn work(worker: usize, cpu: usize) {
    for other in allowed().into_iter().filter(|other| *other != cpu) {
        let mut set = sched_getaffinity(Pid::from_raw(0)).expect("sched_getaffinity");
        set.unset(other).expect("a CPU");
        sched_setaffinity(Pid::from_raw(0), &set).expect("sched_setaffinity");
    }
    report(worker);
}

/// The CPUs that this program may use.
fn allowed() -> Vec<usize> {
    // 0 is the caller.
    let set = sched_getaffinity(Pid::from_raw(0)).expect("sched_getaffinity");
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect()
}

/// Says on which CPUs the kernel lets the calling thread run.
fn report(worker: usize) {
    let status = fs::read_to_string("/proc/thread-self/status").expect("read");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    println!("worker {worker} may run on CPUs {}", list.expect("the list").trim());
}
