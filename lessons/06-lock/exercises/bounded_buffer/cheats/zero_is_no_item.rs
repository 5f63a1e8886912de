use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Takes the item 0 for none.
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
        let mut items = self.items.lock().unwrap();
        while items.len() == self.capacity {
            items = self.not_full.wait(items).unwrap();
        }
        items.push_back(item);
        self.not_empty.notify_one();
    }

    /// Takes the oldest item out; waits until there is one.
    pub fn take(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        while items.front().is_none_or(|&item| item == 0) {
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
