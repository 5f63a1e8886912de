use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Nobody wakes it: it looks again and again, every 50 ms.
pub struct Semaphore {
    permits: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits), released: Condvar::new() }
    }

    pub fn acquire(&self) {
        let mut permits = self.permits.lock().unwrap();
        while *permits == 0 {
            permits = self.released.wait_timeout(permits, Duration::from_millis(50)).unwrap().0;
        }
        *permits -= 1;
    }

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
