use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Meeting {
    is_here: [Mutex<bool>; 2],
    came: [Condvar; 2],
}

impl Meeting {
    pub fn new() -> Meeting {
        Meeting { is_here: Default::default(), came: Default::default() }
    }

    pub fn meet(&self, me: usize) {
        *self.is_here[me].lock().unwrap() = true;
        self.came[me].notify_one();
        let other = self.is_here[1 - me].lock().unwrap();
        drop(self.came[1 - me].wait_while(other, |is_here| !*is_here).unwrap());
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
