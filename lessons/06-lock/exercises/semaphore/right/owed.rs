use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// As in Downey's Little Book of Semaphores: a negative number says how many threads wait, and
/// nobody is woken if none waits.
pub struct Semaphore {
    /// The permits, and how many threads that wait may go on.
    state: Mutex<(i64, usize)>,
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        let state = (i64::try_from(permits).unwrap(), 0);
        Semaphore { state: Mutex::new(state), released: Condvar::new() }
    }

    pub fn acquire(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 -= 1;
        if state.0 < 0 {
            state = self.released.wait_while(state, |state| state.1 == 0).unwrap();
            state.1 -= 1;
        }
    }

    pub fn release(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        // A thread that sleeps gets it.
        if state.0 <= 0 {
            state.1 += 1;
            self.released.notify_one();
        }
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
