use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// The thread that comes first gives up.
pub struct Meeting {
    is_here: Mutex<[bool; 2]>,
    changed: Condvar,
}

impl Meeting {
    pub fn new() -> Meeting {
        Meeting { is_here: Mutex::new([false; 2]), changed: Condvar::new() }
    }

    /// Waits until the other thread is here, too. The two threads are 0 and 1.
    pub fn meet(&self, me: usize) {
        let other = 1 - me;
        let mut is_here = self.is_here.lock().unwrap();
        is_here[me] = true;
        self.changed.notify_one();
        assert!(is_here[other], "nobody is here");
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
