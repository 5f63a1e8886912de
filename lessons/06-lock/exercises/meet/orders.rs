//! What must hold in every order.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Meeting;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "main is 0, another thread is 1", run: || both(0) },
    Scenario { name: "main is 1, another thread is 0", run: || both(1) },
    Scenario { name: "two threads meet twice, at two meetings", run: twice },
];

/// A meeting, and who has come to it.
struct Watched {
    meeting: Meeting,
    has_come: [AtomicBool; 2],
}

impl Watched {
    fn new() -> Arc<Watched> {
        let has_come = [(); 2].map(|()| AtomicBool::new(false));
        Arc::new(Watched { meeting: Meeting::new(), has_come })
    }

    fn meet(&self, me: usize) {
        self.has_come[me].store(true, SeqCst);
        self.meeting.meet(me);
        let other = 1 - me;
        let has_come = self.has_come[other].load(SeqCst);
        assert!(has_come, "thread {me} goes on before thread {other} has come");
    }
}

fn both(me: usize) {
    let watched = Watched::new();
    let other = {
        let watched = Arc::clone(&watched);
        thread::spawn(move || watched.meet(1 - me))
    };
    watched.meet(me);
    join(other);
}

fn twice() {
    let meetings = [Watched::new(), Watched::new()];
    let [first, second] = &meetings;
    let other = {
        let (first, second) = (Arc::clone(first), Arc::clone(second));
        thread::spawn(move || {
            first.meet(1);
            second.meet(0);
        })
    };
    first.meet(0);
    second.meet(1);
    join(other);
}

/// Joins a thread. If it has panicked, panics as it did.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or(panic.downcast_ref::<String>().cloned());
        panic!("{}", text.unwrap_or_default())
    })
}
