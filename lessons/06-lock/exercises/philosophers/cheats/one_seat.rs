use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// One philosopher eats at a time.
pub struct Table {
    forks: Vec<Mutex<()>>,
    /// How many have sat down.
    seated: Mutex<usize>,
    seat_free: Condvar,
}

impl Table {
    /// A round table, for `count` philosophers: at least 2.
    pub fn new(count: usize) -> Table {
        let forks = (0..count).map(|_| Mutex::new(())).collect();
        Table { forks, seated: Mutex::new(0), seat_free: Condvar::new() }
    }

    /// Calls `meal`, with the forks to the left and to the right of the philosopher.
    pub fn eat(&self, philosopher: usize, meal: impl FnOnce()) {
        let left = philosopher;
        let right = (philosopher + 1) % self.forks.len();
        let mut seated = self.seated.lock().unwrap();
        while *seated >= 1 {
            seated = self.seat_free.wait(seated).unwrap();
        }
        *seated += 1;
        drop(seated);
        let first = self.forks[left].lock().unwrap();
        let second = self.forks[right].lock().unwrap();
        meal();
        drop((first, second));
        *self.seated.lock().unwrap() -= 1;
        self.seat_free.notify_one();
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
