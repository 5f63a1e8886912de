use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Barrier {
    count: usize,
    state: Mutex<State>,
    all_here: Condvar,
}

struct State {
    arrived: usize,
    /// Another one in each round. No thread can be two rounds ahead.
    is_odd: bool,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        let state = State { arrived: 0, is_odd: false };
        Barrier { count, state: Mutex::new(state), all_here: Condvar::new() }
    }

    /// Waits until `count` threads have called it.
    pub fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        let is_odd = state.is_odd;
        state.arrived += 1;
        if state.arrived == self.count {
            state.arrived = 0;
            state.is_odd = !is_odd;
            self.all_here.notify_all();
        }
        while state.is_odd == is_odd {
            state = self.all_here.wait(state).unwrap();
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
