use std::thread;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

/// It prints the right text.
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
    println!("worker {worker} may run on CPUs {cpu}");
}

/// The CPUs that this program may use.
fn allowed() -> Vec<usize> {
    // 0 is the caller.
    let set = sched_getaffinity(Pid::from_raw(0)).expect("sched_getaffinity");
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect()
}
