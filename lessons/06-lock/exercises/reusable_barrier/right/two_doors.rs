use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// As in the Little Book of Semaphores: a door in, and a door out. One is shut as the other opens.
pub struct Barrier {
    count: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    inside: usize,
    /// All are inside: now they leave, and nobody comes in.
    is_leaving: bool,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        let state = State { inside: 0, is_leaving: false };
        Barrier { count, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub fn wait(&self) {
        let state = self.state.lock().unwrap();
        let mut state = self.changed.wait_while(state, |state| state.is_leaving).unwrap();
        state.inside += 1;
        if state.inside == self.count {
            state.is_leaving = true;
            self.changed.notify_all();
        }
        let mut state = self.changed.wait_while(state, |state| !state.is_leaving).unwrap();
        state.inside -= 1;
        if state.inside == 0 {
            state.is_leaving = false;
            self.changed.notify_all();
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
