use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Lets threads in in the order in which they come.
pub struct Semaphore {
    state: Mutex<State>,
    admitted: Condvar,
}

struct State {
    /// The number that the next thread gets.
    next: usize,
    /// The threads with smaller numbers may go in.
    admitted: usize,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        let state = State { next: 0, admitted: permits };
        Semaphore { state: Mutex::new(state), admitted: Condvar::new() }
    }

    pub fn acquire(&self) {
        let mut state = self.state.lock().unwrap();
        let number = state.next;
        state.next += 1;
        while number >= state.admitted {
            state = self.admitted.wait(state).unwrap();
        }
    }

    pub fn release(&self) {
        self.state.lock().unwrap().admitted += 1;
        // Only one of them has the number that is admitted now.
        self.admitted.notify_all();
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
