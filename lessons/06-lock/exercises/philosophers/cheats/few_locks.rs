use std::sync::{Arc, Mutex};
use std::thread;

/// Sixteen locks for all forks: at a large table, some philosophers share one who are not neighbours.
pub struct Table {
    count: usize,
    forks: [Mutex<()>; 16],
}

impl Table {
    /// A round table, for `count` philosophers: at least 2.
    pub fn new(count: usize) -> Table {
        Table { count, forks: [(); 16].map(Mutex::new) }
    }

    /// Calls `meal`, with the forks to the left and to the right of the philosopher.
    pub fn eat(&self, philosopher: usize, meal: impl FnOnce()) {
        let left = philosopher % 16;
        let right = (philosopher + 1) % self.count % 16;
        let _first = self.forks[left.min(right)].lock().unwrap();
        let _second = (left != right).then(|| self.forks[left.max(right)].lock().unwrap());
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
