use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// A lock: never too many threads inside, and never more than one.
pub struct Semaphore {
    is_taken: Mutex<bool>,
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { is_taken: Mutex::new(permits == 0), released: Condvar::new() }
    }

    pub fn acquire(&self) {
        let mut is_taken = self.is_taken.lock().unwrap();
        while *is_taken {
            is_taken = self.released.wait(is_taken).unwrap();
        }
        *is_taken = true;
    }

    pub fn release(&self) {
        *self.is_taken.lock().unwrap() = false;
        self.released.notify_one();
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
