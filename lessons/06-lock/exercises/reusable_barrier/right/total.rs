use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Counts all calls: the first `count` of them are round 0, the next ones are round 1.
pub struct Barrier {
    count: usize,
    calls: Mutex<usize>,
    all_here: Condvar,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        Barrier { count, calls: Mutex::new(0), all_here: Condvar::new() }
    }

    pub fn wait(&self) {
        let mut calls = self.calls.lock().unwrap();
        let end = (*calls / self.count + 1) * self.count;
        *calls += 1;
        if *calls == end {
            self.all_here.notify_all();
        } else {
            drop(self.all_here.wait_while(calls, |calls| *calls < end).unwrap());
        }
    }
}

pub fn main() {
    let barrier = Arc::new(Barrier::new(3));
    let threads = [1, 2, 3].map(|number| {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || {
            for round in 1..=3 {
                println!("thread {number} has done its part of round {round}");
                barrier.wait();
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
