use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Burns no CPU, but still looks again and again.
pub struct Semaphore {
    permits: Mutex<usize>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits) }
    }

    pub fn acquire(&self) {
        while !self.try_acquire() {
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn try_acquire(&self) -> bool {
        let mut permits = self.permits.lock().unwrap();
        let is_there = *permits > 0;
        if is_there {
            *permits -= 1;
        }
        is_there
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
