//! What must hold in every order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Table;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one philosopher eats twice, at a table for 3", run: alone },
    Scenario { name: "two of 2 philosophers eat", run: || all::<2>(2) },
    Scenario { name: "two neighbours of 5 eat", run: || all::<2>(5) },
    Scenario { name: "the philosophers 0 and 2 of 4 meet as they eat", run: || meet(4, [0, 2]) },
    Scenario { name: "the philosophers 1 and 3 of 4 meet as they eat", run: || meet(4, [1, 3]) },
    Scenario { name: "the philosophers 0 and 2 of 5 meet as they eat", run: || meet(5, [0, 2]) },
    Scenario { name: "the philosophers 0 and 3 of 5 meet as they eat", run: || meet(5, [0, 3]) },
    Scenario { name: "the philosophers 1 and 3 of 5 meet as they eat", run: || meet(5, [1, 3]) },
    Scenario { name: "the philosophers 1 and 4 of 5 meet as they eat", run: || meet(5, [1, 4]) },
    Scenario { name: "the philosophers 2 and 4 of 5 meet as they eat", run: || meet(5, [2, 4]) },
    Scenario {
        name: "the philosophers 0, 2 and 4 of 6 meet as they eat",
        run: || meet(6, [0, 2, 4]),
    },
    Scenario {
        name: "the philosophers 0 and 3 of 6 meet as they eat, and 1 wants to eat, too",
        run: meet_past_a_waiting_one,
    },
    Scenario {
        name: "12 of 24 philosophers eat, each during the meal of the one before",
        run: one_during_another,
    },
    Scenario { name: "all 3 philosophers eat", run: || all::<3>(3) },
    Scenario {
        name: "at a table for 4, 0 and 2 come while 1 eats, and then meet as they eat",
        run: meet_after_a_third,
    },
];

/// A table, and how many hold each fork.
struct Watched {
    table: Table,
    holders: Vec<AtomicUsize>,
    is_shared: AtomicBool,
    meals: AtomicUsize,
}

impl Watched {
    fn new(count: usize) -> Arc<Watched> {
        Arc::new(Watched {
            table: Table::new(count),
            holders: (0..count).map(|_| AtomicUsize::new(0)).collect(),
            is_shared: AtomicBool::new(false),
            meals: AtomicUsize::new(0),
        })
    }

    fn eat(&self, philosopher: usize) {
        self.eat_while(philosopher, || ());
    }

    /// Eats as long as something happens.
    fn eat_while(&self, philosopher: usize, happen: impl FnOnce()) {
        self.table.eat(philosopher, || {
            let forks = [philosopher, (philosopher + 1) % self.holders.len()];
            for fork in forks {
                if self.holders[fork].fetch_add(1, SeqCst) > 0 {
                    self.is_shared.store(true, SeqCst);
                }
            }
            happen();
            for fork in forks {
                self.holders[fork].fetch_sub(1, SeqCst);
            }
            self.meals.fetch_add(1, SeqCst);
        });
    }

    fn require_meals(&self, count: usize) {
        assert!(!self.is_shared.load(SeqCst), "two neighbours eat at the same time");
        let meals = self.meals.load(SeqCst);
        assert!(meals == count, "there were {meals} meals, and not {count}");
    }
}

fn alone() {
    let watched = Watched::new(3);
    for meals in [1, 2] {
        watched.eat(1);
        watched.require_meals(meals);
    }
    watched.eat(2);
    watched.require_meals(3);
}

/// The first N philosophers at a table for `count` eat.
fn all<const N: usize>(count: usize) {
    let watched = Watched::new(count);
    let others: Vec<_> = (1..N)
        .map(|philosopher| {
            let watched = Arc::clone(&watched);
            thread::spawn(move || watched.eat(philosopher))
        })
        .collect();
    watched.eat(0);
    others.into_iter().for_each(join);
    watched.require_meals(N);
}

/// These philosophers eat at the same time: none of them ends the meal before all have begun.
fn meet<const N: usize>(count: usize, philosophers: [usize; N]) {
    meet_at(&Arc::new(Table::new(count)), philosophers);
}

/// The philosopher 1 has no fork that 3 wants.
fn meet_past_a_waiting_one() {
    let table = Arc::new(Table::new(6));
    let waiting = {
        let table = Arc::clone(&table);
        thread::spawn(move || table.eat(1, || ()))
    };
    meet_at(&table, [0, 3]);
    join(waiting);
}

/// Two come while the one between them eats. When it has done so, nobody else wants to eat.
fn meet_after_a_third() {
    let table = Arc::new(Table::new(4));
    let judges_barrier = Arc::new(Barrier::new(2));
    let mut others = Vec::new();
    table.eat(1, || {
        for philosopher in [0, 2] {
            let (table, eating) = (Arc::clone(&table), Arc::clone(&judges_barrier));
            others.push(thread::spawn(move || eat_together(&table, philosopher, &eating)));
        }
    });
    others.into_iter().for_each(join);
}

/// Each fork needs a lock of its own: however the forks share fewer locks, two of the 24 have the
/// same one.
fn one_during_another() {
    let watched = Watched::new(24);
    eat_during_each(&watched, 0);
    watched.require_meals(12);
}

fn eat_during_each(watched: &Watched, philosopher: usize) {
    watched.eat_while(philosopher, || {
        if philosopher + 2 < 24 {
            eat_during_each(watched, philosopher + 2);
        }
    });
}

fn meet_at<const N: usize>(table: &Arc<Table>, philosophers: [usize; N]) {
    let judges_barrier = Arc::new(Barrier::new(N));
    let others: Vec<_> = philosophers[1..]
        .iter()
        .map(|&philosopher| {
            let (table, eating) = (Arc::clone(table), Arc::clone(&judges_barrier));
            thread::spawn(move || eat_together(&table, philosopher, &eating))
        })
        .collect();
    eat_together(table, philosophers[0], &judges_barrier);
    others.into_iter().for_each(join);
}

fn eat_together(table: &Table, philosopher: usize, eating: &Barrier) {
    table.eat(philosopher, || {
        eating.wait();
    });
}

fn join(thread: JoinHandle<()>) {
    thread.join().unwrap();
}
