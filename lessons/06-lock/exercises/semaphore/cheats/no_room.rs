use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The permits are in a channel, and there is room for one more than at first: `release` may wait.
pub struct Semaphore {
    give: SyncSender<()>,
    take: Mutex<Receiver<()>>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        let (give, take) = sync_channel(permits + 1);
        for _ in 0..permits {
            give.send(()).unwrap();
        }
        Semaphore { give, take: Mutex::new(take) }
    }

    pub fn acquire(&self) {
        self.take.lock().unwrap().recv().unwrap();
    }

    pub fn release(&self) {
        self.give.send(()).unwrap();
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
