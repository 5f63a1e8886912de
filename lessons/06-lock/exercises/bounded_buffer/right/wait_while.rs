use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

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

    pub fn put(&self, item: u32) {
        let items = self.items.lock().unwrap();
        let is_full = |items: &mut VecDeque<u32>| items.len() >= self.capacity;
        let mut items = self.not_full.wait_while(items, is_full).unwrap();
        items.push_back(item);
        drop(items);
        self.not_empty.notify_one();
    }

    pub fn take(&self) -> u32 {
        let items = self.items.lock().unwrap();
        let mut items = self.not_empty.wait_while(items, |items| items.is_empty()).unwrap();
        let item = items.pop_front().unwrap();
        drop(items);
        self.not_full.notify_one();
        item
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
