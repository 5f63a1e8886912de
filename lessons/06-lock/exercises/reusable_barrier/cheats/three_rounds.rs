use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Lets all pass from the fourth round on.
pub struct Barrier {
    count: usize,
    state: Mutex<State>,
    all_here: Condvar,
}

struct State {
    arrived: usize,
    round: usize,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        let state = State { arrived: 0, round: 0 };
        Barrier { count, state: Mutex::new(state), all_here: Condvar::new() }
    }

    /// Waits until `count` threads have called it.
    pub fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        let round = state.round;
        state.arrived += 1;
        if state.arrived == self.count {
            state.arrived = 0;
            state.round += 1;
            self.all_here.notify_all();
        }
        while state.round == round && round < 3 {
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
