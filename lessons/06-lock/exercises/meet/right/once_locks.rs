use std::sync::{Arc, OnceLock};
use std::thread;

pub struct Meeting {
    is_here: [OnceLock<()>; 2],
}

impl Meeting {
    pub fn new() -> Meeting {
        Meeting { is_here: Default::default() }
    }

    pub fn meet(&self, me: usize) {
        self.is_here[me].set(()).unwrap();
        self.is_here[1 - me].wait();
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
