use std::process::{Command, exit};

use crossbeam::channel::unbounded;
use threadpool::ThreadPool;

pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    let pool = ThreadPool::new(limit);
    let (tx, rx) = unbounded();
    for job in arguments {
        let tx = tx.clone();
        pool.execute(move || {
            let status = Command::new("sh").arg("-c").arg(job).status().expect("sh");
            tx.send(status.success()).expect("main receives");
        });
    }
    drop(tx);
    exit(rx.iter().map(|success| i32::from(!success)).sum());
}
