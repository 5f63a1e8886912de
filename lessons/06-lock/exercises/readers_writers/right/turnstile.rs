use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// All go through a turnstile. A writer stays in it until the room is empty.
pub struct Room {
    turnstile: Mutex<()>,
    /// The number of readers; -1: a thread writes.
    inside: Mutex<isize>,
    changed: Condvar,
}

impl Room {
    pub fn new() -> Room {
        Room { turnstile: Mutex::new(()), inside: Mutex::new(0), changed: Condvar::new() }
    }

    pub fn start_reading(&self) {
        let _turnstile = self.turnstile.lock().unwrap();
        let inside = self.inside.lock().unwrap();
        let mut inside = self.changed.wait_while(inside, |inside| *inside < 0).unwrap();
        *inside += 1;
    }

    pub fn stop_reading(&self) {
        *self.inside.lock().unwrap() -= 1;
        self.changed.notify_one();
    }

    pub fn start_writing(&self) {
        let _turnstile = self.turnstile.lock().unwrap();
        let inside = self.inside.lock().unwrap();
        let mut inside = self.changed.wait_while(inside, |inside| *inside != 0).unwrap();
        *inside = -1;
    }

    pub fn stop_writing(&self) {
        *self.inside.lock().unwrap() = 0;
        self.changed.notify_one();
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
