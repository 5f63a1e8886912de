//! Random programs: the reduction leaves out no outcome, and tries none twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as StdMutex};

use lesson_06_lock::explorer::{Cell, Condvar, Explorer, Mutex, Orders, Program, Schedule, spawn};
use proptest::prelude::*;

/// What a thread of a random program does.
#[derive(Clone, Debug)]
enum Action {
    Load(usize),
    Store(usize),
    /// What stands behind it is done inside the lock.
    Locked(usize, Vec<Action>),
    Wait(usize),
    Notify(bool),
    Child(Vec<Action>),
}

fn action() -> impl Strategy<Value = Action> {
    let simple = prop_oneof![
        3 => (0..2_usize).prop_map(Action::Load),
        3 => (0..2_usize).prop_map(Action::Store),
        1 => (0..2_usize).prop_map(Action::Wait),
        1 => any::<bool>().prop_map(Action::Notify),
    ];
    simple.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            3 => (0..2_usize, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(lock, inner)| Action::Locked(lock, inner)),
            1 => prop::collection::vec(inner, 0..2).prop_map(Action::Child),
        ]
    })
}

fn programs() -> impl Strategy<Value = Vec<Vec<Action>>> {
    prop::collection::vec(prop::collection::vec(action(), 0..3), 1..4)
}

/// What all threads share.
#[derive(Clone)]
struct Shared {
    variables: [Cell<i64>; 2],
    locks: [Mutex<()>; 2],
    condition: Condvar,
    /// What each thread has read, by the way to it.
    seen: Arc<StdMutex<BTreeMap<Vec<usize>, Vec<i64>>>>,
}

fn run(shared: &Shared, actions: &[Action], way: &[usize], held: &mut [bool; 2]) {
    for (number, action) in actions.iter().enumerate() {
        let way: Vec<_> = way.iter().copied().chain([number]).collect();
        match action {
            Action::Load(variable) => {
                let value = shared.variables[*variable].get();
                shared.seen.lock().expect("no panic").entry(way).or_default().push(value);
            }
            // A value that says who wrote it.
            Action::Store(variable) => {
                let value = way.iter().fold(1, |value, place| value * 10 + *place as i64);
                shared.variables[*variable].set(value);
            }
            // No thread takes a lock that it has.
            Action::Locked(lock, inner) if !held[*lock] => {
                let guard = shared.locks[*lock].lock();
                held[*lock] = true;
                run(shared, inner, &way, held);
                held[*lock] = false;
                drop(guard);
            }
            Action::Wait(lock) if !held[*lock] => {
                let guard = shared.locks[*lock].lock();
                drop(shared.condition.wait(guard));
            }
            Action::Locked(..) | Action::Wait(_) => {}
            Action::Notify(false) => shared.condition.notify_one(),
            Action::Notify(true) => shared.condition.notify_all(),
            Action::Child(inner) => {
                let (other, inner) = (shared.clone(), inner.clone());
                let child = spawn("child", move || run(&other, &inner, &way, &mut [false; 2]));
                child.join();
            }
        }
    }
}

/// Every outcome of the orders that are tried, and the orders.
fn outcomes(threads: &[Vec<Action>], orders: Orders) -> (BTreeSet<String>, Vec<Schedule>) {
    let last = StdMutex::new(None::<Shared>);
    let program = |program: &mut Program| {
        let shared = Shared {
            variables: ["x", "y"].map(|name| Cell::new(name, 0)),
            locks: ["a", "b"].map(|name| Mutex::new(name, ())),
            condition: Condvar::new("condition"),
            seen: Arc::default(),
        };
        for (number, actions) in threads.iter().enumerate() {
            let (shared, actions) = (shared.clone(), actions.clone());
            let name = ["t1", "t2", "t3"][number];
            program.thread(name, move || run(&shared, &actions, &[number + 1], &mut [false; 2]));
        }
        let (x, y) = (shared.variables[0].clone(), shared.variables[1].clone());
        *last.lock().expect("no panic") = Some(shared);
        program.at_the_end(move || Err(format!("x {} y {}", x.get(), y.get())));
    };
    let (mut found, mut schedules) = (BTreeSet::new(), Vec::new());
    let explorer = Explorer {
        bounds: lesson_06_lock::explorer::Bounds { executions: 20_000, ..Default::default() },
    };
    let report = explorer.explore_each(orders, program, |schedule, fault| {
        let last = last.lock().expect("no panic");
        let seen = last.as_ref().expect("one ran").seen.lock().expect("no panic").clone();
        let fault = fault.map(ToString::to_string);
        found.insert(format!("{fault:?} {seen:?}"));
        schedules.push(schedule.clone());
    });
    if !report.finished {
        return (BTreeSet::new(), Vec::new());
    }
    (found, schedules)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn the_reduction_leaves_out_no_outcome(threads in programs()) {
        let (all, every) = outcomes(&threads, Orders::All);
        prop_assume!(!every.is_empty());
        let (distinct, fewer) = outcomes(&threads, Orders::Distinct);
        prop_assert_eq!(&distinct, &all);
        prop_assert!(fewer.len() <= every.len());
        for orders in [every, fewer] {
            let mut once: Vec<_> = orders.iter().map(ToString::to_string).collect();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), orders.len(), "an order was tried twice");
        }
    }
}
