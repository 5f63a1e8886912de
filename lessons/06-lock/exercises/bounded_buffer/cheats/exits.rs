use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Ends the process instead of waiting for room.
pub struct Buffer {
    capacity: usize,
    items: Mutex<VecDeque<u32>>,
    not_empty: Condvar,
    not_full: Condvar,
}

impl Buffer {
    pub fn new(capacity: usize) -> Buffer {
        Buffer {
            capacity,
            items: Mutex::new(VecDeque::new()),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    /// Puts an item in; waits until there is room.
    pub fn put(&self, item: u32) {
        if self.items.lock().unwrap().len() == self.capacity {
            std::process::exit(0);
        }
        let mut items = self.items.lock().unwrap();
        items.push_back(item);
        self.not_empty.notify_one();
    }

    /// Takes the oldest item out; waits until there is one.
    pub fn take(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.not_empty.wait(items).unwrap();
        }
        self.not_full.notify_one();
        items.pop_front().unwrap()
    }
}

pub fn main() {
    let buffer = Arc::new(Buffer::new(1));
    let takers = [1, 2].map(|number| {
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || println!("taker {number} gets {}", buffer.take()))
    });
    for item in [10, 20] {
        buffer.put(item);
    }
    for taker in takers {
        taker.join().unwrap();
    }
}
