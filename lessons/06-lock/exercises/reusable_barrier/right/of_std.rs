use std::sync::Arc;
use std::thread;

/// That of std can be used again.
pub struct Barrier {
    inner: std::sync::Barrier,
}

impl Barrier {
    pub fn new(count: usize) -> Barrier {
        Barrier { inner: std::sync::Barrier::new(count) }
    }

    pub fn wait(&self) {
        self.inner.wait();
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
