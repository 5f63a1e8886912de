use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Barrier {
    count: usize,
    arrived: Mutex<usize>,
    all_here: Condvar,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        Barrier { count, arrived: Mutex::new(0), all_here: Condvar::new() }
    }

    /// Waits until `count` threads have called it.
    pub fn wait(&self) {
        let mut arrived = self.arrived.lock().unwrap();
        *arrived += 1;
        if *arrived == self.count {
            *arrived = 0;
            self.all_here.notify_all();
        }
        // Not right yet: a fast thread can be here again before the others have looked.
        while *arrived != 0 {
            arrived = self.all_here.wait(arrived).unwrap();
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
