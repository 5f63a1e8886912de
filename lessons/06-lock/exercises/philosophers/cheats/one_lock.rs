use std::sync::{Arc, Mutex};
use std::thread;

/// A single lock for the whole table.
pub struct Table {
    forks: Vec<Mutex<()>>,
}

impl Table {
    /// A round table, for `count` philosophers: at least 2.
    pub fn new(count: usize) -> Table {
        let forks = (0..count).map(|_| Mutex::new(())).collect();
        Table { forks }
    }

    /// Calls `meal`, with the forks to the left and to the right of the philosopher.
    pub fn eat(&self, philosopher: usize, meal: impl FnOnce()) {
        let _ = philosopher;
        let _guard = self.forks[0].lock().unwrap();
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
