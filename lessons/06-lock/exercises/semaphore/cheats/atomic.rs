use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Looks without the lock, so a permit can come between the look and the wait.
pub struct Semaphore {
    permits: AtomicUsize,
    lock: Mutex<()>,
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        let permits = AtomicUsize::new(permits);
        Semaphore { permits, lock: Mutex::new(()), released: Condvar::new() }
    }

    pub fn acquire(&self) {
        while !self.try_acquire() {
            let guard = self.lock.lock().unwrap();
            drop(self.released.wait(guard).unwrap());
        }
    }

    fn try_acquire(&self) -> bool {
        self.permits.fetch_update(SeqCst, SeqCst, |permits| permits.checked_sub(1)).is_ok()
    }

    pub fn release(&self) {
        self.permits.fetch_add(1, SeqCst);
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
