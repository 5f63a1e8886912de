use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Counts the threads out, too, but lets a fast thread in again before all are out.
pub struct Barrier {
    count: usize,
    /// How many have come, and how many have left.
    arrived: Mutex<[usize; 2]>,
    all_here: Condvar,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        Barrier { count, arrived: Mutex::new([0, 0]), all_here: Condvar::new() }
    }

    /// Waits until `count` threads have called it.
    pub fn wait(&self) {
        let mut arrived = self.arrived.lock().unwrap();
        arrived[0] += 1;
        if arrived[0] >= self.count {
            self.all_here.notify_all();
        }
        while arrived[0] < self.count {
            arrived = self.all_here.wait(arrived).unwrap();
        }
        arrived[1] += 1;
        if arrived[1] == self.count {
            *arrived = [0, 0];
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
