use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The worker is bound for a moment, and then may run anywhere again.
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
    let before = sched_getaffinity(Pid::from_raw(0)).expect("sched_getaffinity");
    let mut set = CpuSet::new();
    set.set(cpu).expect("a CPU");
    sched_setaffinity(Pid::from_raw(0), &set).expect("sched_setaffinity");
    sched_setaffinity(Pid::from_raw(0), &before).expect("sched_setaffinity");
    println!("worker {worker} may run on CPUs {cpu}");
}

/// The CPUs that this program may use.
fn allowed() -> Vec<usize> {
    // 0 is the caller.
    let set = sched_getaffinity(Pid::from_raw(0)).expect("sched_getaffinity");
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect()
}
