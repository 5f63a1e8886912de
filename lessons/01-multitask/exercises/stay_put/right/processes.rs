use std::fs;
use std::process::exit;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn main() {
    let mut children = Vec::new();
    for (worker, cpu) in allowed().into_iter().enumerate() {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                stay_on(cpu);
                report(worker);
                exit(0);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

fn stay_on(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu).expect("a CPU");
    sched_setaffinity(Pid::from_raw(0), &set).expect("sched_setaffinity");
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
