use std::sync::{Arc, Mutex};
use std::thread;

/// Takes both forks at once, but waits for them with the gate shut: all others wait, too.
pub struct Table {
    forks: Vec<Mutex<()>>,
    gate: Mutex<()>,
}

impl Table {
    /// A round table, for `count` philosophers: at least 2.
    pub fn new(count: usize) -> Table {
        let forks = (0..count).map(|_| Mutex::new(())).collect();
        Table { forks, gate: Mutex::new(()) }
    }

    /// Calls `meal`, with the forks to the left and to the right of the philosopher.
    pub fn eat(&self, philosopher: usize, meal: impl FnOnce()) {
        let left = philosopher;
        let right = (philosopher + 1) % self.forks.len();
        let gate = self.gate.lock().unwrap();
        let _left = self.forks[left].lock().unwrap();
        let _right = self.forks[right].lock().unwrap();
        drop(gate);
        meal();
    }
}

pub fn main() {
    let table = Arc::new(Table::new(5));
    let philosophers: Vec<_> = (0..5)
        .map(|number| {
            let table = Arc::clone(&table);
            thread::spawn(move || table.eat(number, || println!("philosopher {number} eats")))
        })
        .collect();
    for philosopher in philosophers {
        philosopher.join().unwrap();
    }
}
