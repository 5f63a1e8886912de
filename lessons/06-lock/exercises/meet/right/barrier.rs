use std::sync::{Arc, Barrier};
use std::thread;

pub struct Meeting {
    both: Barrier,
}

impl Meeting {
    pub fn new() -> Meeting {
        Meeting { both: Barrier::new(2) }
    }

    pub fn meet(&self, _me: usize) {
        self.both.wait();
    }
}

pub fn main() {
    let meeting = Arc::new(Meeting::new());
    let threads = [0, 1].map(|me| {
        let meeting = Arc::clone(&meeting);
        thread::spawn(move || {
            println!("{me} is on the way");
            meeting.meet(me);
            println!("{me} goes on");
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
