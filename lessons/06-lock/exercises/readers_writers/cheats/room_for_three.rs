use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// No more than three readers get in.
#[derive(Default)]
struct State {
    readers: usize,
    is_writing: bool,
    waiting_writers: usize,
}

pub struct Room {
    state: Mutex<State>,
    changed: Condvar,
}

impl Room {
    pub fn new() -> Room {
        Room { state: Mutex::new(State::default()), changed: Condvar::new() }
    }

    /// Waits until no thread writes, and none waits to write.
    pub fn start_reading(&self) {
        let mut state = self.state.lock().unwrap();
        while state.is_writing || state.waiting_writers > 0 || state.readers == 3 {
            state = self.changed.wait(state).unwrap();
        }
        state.readers += 1;
    }

    pub fn stop_reading(&self) {
        self.state.lock().unwrap().readers -= 1;
        self.changed.notify_all();
    }

    /// Waits until no thread reads or writes.
    pub fn start_writing(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting_writers += 1;
        while state.is_writing || state.readers > 0 {
            state = self.changed.wait(state).unwrap();
        }
        state.waiting_writers -= 1;
        state.is_writing = true;
    }

    pub fn stop_writing(&self) {
        self.state.lock().unwrap().is_writing = false;
        self.changed.notify_all();
    }
}

pub fn main() {
    let room = Arc::new(Room::new());
    let readers = [1, 2, 3].map(|number| {
        let room = Arc::clone(&room);
        thread::spawn(move || {
            for _ in 0..5 {
                room.start_reading();
                println!("reader {number} reads");
                thread::sleep(Duration::from_millis(20));
                room.stop_reading();
            }
        })
    });
    room.start_writing();
    println!("the writer writes");
    room.stop_writing();
    for reader in readers {
        reader.join().unwrap();
    }
}
