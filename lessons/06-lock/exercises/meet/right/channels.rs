use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// For each thread: how it says that it is here, and how it hears of the other.
pub struct Meeting {
    ends: [Mutex<(Sender<()>, Receiver<()>)>; 2],
}

impl Meeting {
    pub fn new() -> Meeting {
        let (to_1, from_0) = channel();
        let (to_0, from_1) = channel();
        Meeting { ends: [Mutex::new((to_1, from_1)), Mutex::new((to_0, from_0))] }
    }

    pub fn meet(&self, me: usize) {
        let (sender, receiver) = &*self.ends[me].lock().unwrap();
        sender.send(()).unwrap();
        receiver.recv().unwrap();
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
