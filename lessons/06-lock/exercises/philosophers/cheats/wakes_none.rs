use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Takes both forks or none, but tells nobody when they are free.
pub struct Table {
    is_taken: Mutex<Vec<bool>>,
    changed: Condvar,
}

impl Table {
    /// A round table, for `count` philosophers: at least 2.
    pub fn new(count: usize) -> Table {
        Table { is_taken: Mutex::new(vec![false; count]), changed: Condvar::new() }
    }

    /// Calls `meal`, with the forks to the left and to the right of the philosopher.
    pub fn eat(&self, philosopher: usize, meal: impl FnOnce()) {
        let mut is_taken = self.is_taken.lock().unwrap();
        let (left, right) = (philosopher, (philosopher + 1) % is_taken.len());
        while is_taken[left] || is_taken[right] {
            is_taken = self.changed.wait(is_taken).unwrap();
        }
        (is_taken[left], is_taken[right]) = (true, true);
        drop(is_taken);
        meal();
        let mut is_taken = self.is_taken.lock().unwrap();
        (is_taken[left], is_taken[right]) = (false, false);
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
