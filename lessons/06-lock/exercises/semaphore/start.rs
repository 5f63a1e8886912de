use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub struct Semaphore {
    permits: Mutex<usize>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits) }
    }

    /// Takes a permit; waits until there is one.
    pub fn acquire(&self) {
        // Not right yet: without a permit it looks again and again, as `release` wakes no thread.
        loop {
            let mut permits = self.permits.lock().unwrap();
            if *permits > 0 {
                *permits -= 1;
                return;
            }
            drop(permits);
            thread::yield_now();
        }
    }

    /// Gives a permit back, or adds one.
    pub fn release(&self) {
        *self.permits.lock().unwrap() += 1;
    }
}

pub fn main() {
    let semaphore = Arc::new(Semaphore::new(2));
    let threads = [1, 2, 3, 4].map(|number| {
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || {
            semaphore.acquire();
            println!("{number} is inside");
            thread::sleep(Duration::from_millis(200));
            println!("{number} leaves");
            semaphore.release();
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
