use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Buffer {
    sender: SyncSender<u32>,
    receiver: Mutex<Receiver<u32>>,
}

impl Buffer {
    pub fn new(capacity: usize) -> Buffer {
        let (sender, receiver) = sync_channel(capacity);
        Buffer { sender, receiver: Mutex::new(receiver) }
    }

    pub fn put(&self, item: u32) {
        self.sender.send(item).unwrap();
    }

    pub fn take(&self) -> u32 {
        self.receiver.lock().unwrap().recv().unwrap()
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
