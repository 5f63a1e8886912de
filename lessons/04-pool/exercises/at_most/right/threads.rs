use std::process::{Command, exit};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread;

pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    let jobs = Mutex::new(arguments.collect::<Vec<_>>().into_iter());
    let failed = AtomicI32::new(0);
    thread::scope(|scope| {
        for _ in 0..limit {
            scope.spawn(|| {
                loop {
                    let Some(job) = jobs.lock().unwrap().next() else { return };
                    let status = Command::new("sh").arg("-c").arg(job).status().expect("sh");
                    if !status.success() {
                        failed.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    exit(failed.into_inner());
}
