//! Random programs: of all orders that differ only in independent steps, the reduction
//! tries one, and just one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as StdMutex};

use explorer::{Atomic, Bounds, Condvar, Explorer, Fault, Mutex, Orders, Program, Schedule, spawn};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What a thread of a random program does.
#[derive(Clone, Debug)]
enum Action {
    Load(usize),
    Store(usize),
    Add(usize),
    Notify(bool),
    /// Panics if somebody has stored to the variable.
    Check(usize),
    /// Does these inside the lock.
    Locked(usize, Vec<Action>),
    /// The same, and then it waits.
    Wait(usize, Vec<Action>),
    /// Another thread does these, and is joined.
    Child(Vec<Action>),
}

fn action(depth: usize) -> BoxedStrategy<Action> {
    let simple = prop_oneof![
        3 => (0..2_usize).prop_map(Action::Load),
        3 => (0..2_usize).prop_map(Action::Store),
        1 => (0..2_usize).prop_map(Action::Add),
        3 => any::<bool>().prop_map(Action::Notify),
        1 => (0..2_usize).prop_map(Action::Check),
    ];
    if depth == 0 {
        return simple.boxed();
    }
    let inner = || prop::collection::vec(action(depth - 1), 0..2);
    prop_oneof![
        4 => simple,
        3 => (0..2_usize, inner()).prop_map(|(lock, inner)| Action::Locked(lock, inner)),
        2 => (0..2_usize, inner()).prop_map(|(lock, inner)| Action::Wait(lock, inner)),
        1 => inner().prop_map(Action::Child),
        // Two that do this in opposite order can be in each other's way.
        1 => (0..2_usize).prop_map(|lock| {
            Action::Locked(lock, vec![Action::Locked(1 - lock, Vec::new())])
        }),
    ]
    .boxed()
}

/// What each thread does, and how often it may end a wait for no reason.
fn programs() -> impl Strategy<Value = (Vec<Vec<Action>>, u32)> {
    let threads = prop::collection::vec(prop::collection::vec(action(2), 1..3), 2..4);
    (threads, prop_oneof![3 => Just(0), 1 => Just(1)])
}

/// What all threads share.
#[derive(Clone)]
struct Shared {
    variables: [Atomic; 2],
    locks: [Mutex<()>; 2],
    condition: Condvar,
    /// What each thread has read, by the way to it.
    seen: Arc<StdMutex<BTreeMap<Vec<usize>, i64>>>,
}

fn run(shared: &Shared, actions: &[Action], way: &[usize], held: [bool; 2]) {
    for (number, action) in actions.iter().enumerate() {
        let way: Vec<_> = way.iter().copied().chain([number]).collect();
        // A different value for each action.
        let mine = || way.iter().fold(1, |value, place| value * 10 + *place as i64);
        let read = |value| _ = shared.seen.lock().expect("no panic").insert(way.clone(), value);
        match action {
            Action::Load(variable) => read(shared.variables[*variable].load()),
            Action::Store(variable) => shared.variables[*variable].store(mine()),
            Action::Add(variable) => read(shared.variables[*variable].fetch_add(mine())),
            Action::Check(variable) => assert!(shared.variables[*variable].load() == 0, "stored"),
            Action::Notify(false) => shared.condition.notify_one(),
            Action::Notify(true) => shared.condition.notify_all(),
            Action::Locked(lock, inner) | Action::Wait(lock, inner) => {
                let Some(held) = take(held, *lock) else { continue };
                let guard = shared.locks[*lock].lock();
                run(shared, inner, &way, held);
                if let Action::Wait(..) = action {
                    drop(shared.condition.wait(guard));
                }
            }
            Action::Child(inner) => {
                let (other, inner) = (shared.clone(), inner.clone());
                spawn("child", move || run(&other, &inner, &way, [false; 2])).join();
            }
        }
    }
}

/// No thread takes a lock that it has.
fn take(mut held: [bool; 2], lock: usize) -> Option<[bool; 2]> {
    (!std::mem::replace(&mut held[lock], true)).then_some(held)
}

/// A step, by what it touches: variables 0 and 1, locks 2 and 3, the condition variable 4.
/// Threads get their numbers from a counter, 5.
#[derive(Clone)]
enum Step {
    Read(usize),
    /// Reads it, and may panic; then it releases these locks.
    Check(usize, Vec<usize>),
    Change(Vec<usize>),
    Spawn(Vec<Step>),
}

/// What `run` does, as steps, inside these locks. All threads take the same ones in every
/// order, up to a panic.
fn steps(actions: &[Action], inside: &[usize], steps: &mut Vec<Step>) {
    for action in actions {
        match action {
            Action::Load(it) => steps.push(Step::Read(*it)),
            Action::Check(it) => steps.push(Step::Check(*it, inside.to_vec())),
            Action::Store(it) | Action::Add(it) => steps.push(Step::Change(vec![*it])),
            Action::Notify(_) => steps.push(Step::Change(vec![4])),
            Action::Locked(lock, inner) | Action::Wait(lock, inner) => {
                let lock = 2 + lock;
                if inside.contains(&lock) {
                    continue;
                }
                let innermost_first: Vec<_> = [&[lock], inside].concat();
                steps.push(Step::Change(vec![lock]));
                self::steps(inner, &innermost_first, steps);
                if let Action::Wait(..) = action {
                    steps.extend([Step::Change(vec![lock, 4]), Step::Change(vec![lock, 4])]);
                }
                steps.push(Step::Change(vec![lock]));
            }
            Action::Child(inner) => {
                let mut child = Vec::new();
                self::steps(inner, &[], &mut child);
                // The join touches nothing.
                steps.extend([Step::Spawn(child), Step::Change(Vec::new())]);
            }
        }
    }
}

/// What happened to each object, in order: the thread that changed it, and between two
/// changes, the threads that read it. It is the same if only independent steps have changed
/// places.
type History = [Vec<(bool, Vec<usize>)>; 6];

fn history(threads: &[Vec<Action>], schedule: &Schedule, panics: bool) -> History {
    let mut left: Vec<std::vec::IntoIter<Step>> = Vec::new();
    let mut begin = |thread: Vec<Step>| left.push(thread.into_iter());
    begin(Vec::new());
    for actions in threads {
        let mut thread = Vec::new();
        steps(actions, &[], &mut thread);
        begin(thread);
    }
    let mut history = History::default();
    for (position, &thread) in schedule.0.iter().enumerate() {
        let (read, things) = match left[thread].next().expect("it has a step") {
            Step::Check(variable, locks) => {
                // The thread that panics ends the execution, when it has released its locks.
                let later = &schedule.0[position + 1..];
                let panics = panics && schedule.0.last() == Some(&thread);
                if panics && later.iter().filter(|&&other| other == thread).count() == locks.len() {
                    let unlocks: Vec<_> =
                        locks.into_iter().map(|lock| Step::Change(vec![lock])).collect();
                    left[thread] = unlocks.into_iter();
                }
                (true, vec![variable])
            }
            Step::Read(variable) => (true, vec![variable]),
            Step::Change(things) => (false, things),
            Step::Spawn(child) => {
                left.push(child.into_iter());
                (false, vec![5])
            }
        };
        for thing in things {
            match history[thing].last_mut() {
                Some((true, readers)) if read => {
                    readers.push(thread);
                    readers.sort();
                }
                _ => history[thing].push((read, vec![thread])),
            }
        }
    }
    history
}

/// What was tried of a program.
#[derive(Default)]
struct Tried {
    schedules: BTreeSet<Vec<usize>>,
    /// What came of it, for each history.
    outcomes: BTreeMap<History, String>,
    /// Whether all was tried.
    finished: bool,
    panics: bool,
    deadlocks: bool,
    lost_wake_ups: bool,
}

fn explore(threads: &[Vec<Action>], bounds: Bounds, orders: Orders) -> Tried {
    let last = StdMutex::new(None::<Shared>);
    let program = |program: &mut Program| {
        let shared = Shared {
            variables: ["x", "y"].map(|name| Atomic::new(name, 0)),
            locks: ["a", "b"].map(|name| Mutex::new(name, ())),
            condition: Condvar::new("condition"),
            seen: Arc::default(),
        };
        for (number, actions) in threads.iter().enumerate() {
            let (shared, actions) = (shared.clone(), actions.clone());
            let name = ["t1", "t2", "t3"][number];
            program.thread(name, move || run(&shared, &actions, &[number + 1], [false; 2]));
        }
        let [x, y] = shared.variables.clone();
        *last.lock().expect("no panic") = Some(shared);
        program.at_the_end(move || Err(format!("x {} y {}", x.load(), y.load())));
    };
    let mut tried = Tried::default();
    let report = Explorer { bounds }.explore_each(orders, program, |schedule, fault| {
        let fault = fault.expect("the check makes every end a fault");
        let last = last.lock().expect("no panic");
        let seen = last.as_ref().expect("one ran").seen.lock().expect("no panic");
        let outcome = format!("{fault} {seen:?}");
        assert!(tried.schedules.insert(schedule.0.clone()), "{schedule} is tried twice");
        tried.lost_wake_ups |= fault.is_lost_wake_up();
        tried.deadlocks |= matches!(fault, Fault::Deadlock(_)) && !fault.is_lost_wake_up();
        let panics = matches!(fault, Fault::Panic { .. });
        tried.panics |= panics;
        let history = history(threads, schedule, panics);
        let before = tried.outcomes.entry(history).or_insert_with(|| outcome.clone());
        assert_eq!(*before, outcome, "independent steps make a difference");
    });
    tried.finished = report.is_exhaustive();
    tried
}

/// Tries all orders of a program, and the distinct ones, and compares.
fn both(threads: &[Vec<Action>], bounds: Bounds) -> Result<(Tried, Tried), TestCaseError> {
    let all = explore(threads, bounds, Orders::All);
    let distinct = explore(threads, bounds, Orders::Distinct);
    prop_assert!(distinct.finished || !all.finished);
    // A panic ends an execution before independent steps of other threads.
    if all.panics {
        prop_assert!(distinct.panics || !distinct.finished);
    } else if all.finished {
        prop_assert_eq!(&distinct.outcomes, &all.outcomes);
    } else if distinct.finished && !distinct.panics {
        for (history, outcome) in &all.outcomes {
            prop_assert_eq!(distinct.outcomes.get(history), Some(outcome), "left out");
        }
    }
    prop_assert_eq!(distinct.outcomes.len(), distinct.schedules.len(), "one is tried twice");
    Ok((all, distinct))
}

#[test]
fn the_reduction_tries_one_of_all_that_come_to_the_same() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let counts = RefCell::new(BTreeMap::new());
    let count = |what, holds| *counts.borrow_mut().entry(what).or_insert(0) += u32::from(holds);
    let hold = |(threads, spurious): (Vec<Vec<Action>>, u32)| {
        let bounds = Bounds { executions: 300, spurious, ..Bounds::default() };
        let (all, distinct) = both(&threads, bounds)?;
        count("all are tried", all.finished);
        count("the distinct ones are tried", distinct.finished);
        count("there is something to leave out", all.outcomes.len() < all.schedules.len());
        let outcomes: BTreeSet<_> = all.outcomes.values().collect();
        count("the order makes a difference", outcomes.len() > 1);
        count("a panic", all.panics);
        count("a deadlock", all.deadlocks);
        count("a lost wake-up", all.lost_wake_ups);
        count("a notification in time", all.lost_wake_ups && outcomes.len() > 1);
        Ok(())
    };
    // Not that all this is true because nothing happens. Chance may choose dull programs; then it
    // gets another one.
    for _ in 0..20 {
        let result = TestRunner::new(config.clone()).run(&programs(), hold);
        result.unwrap_or_else(|why| panic!("{why}"));
        if counts.borrow().values().all(|&count| count > 0) {
            return;
        }
    }
    panic!("too few: {counts:?}");
}

#[test]
fn an_order_that_only_a_thread_that_sleeps_leads_to_is_tried() {
    use Action::{Add, Child, Load, Locked, Notify, Wait};
    let programs = [
        (vec![vec![Wait(1, vec![])], vec![Child(vec![Locked(1, vec![])])], vec![Notify(false)]], 0),
        (vec![vec![Wait(1, vec![])], vec![Wait(0, vec![])], vec![Locked(1, vec![])]], 1),
        (
            vec![
                vec![Notify(false), Locked(0, vec![Wait(1, vec![])])],
                vec![Wait(0, vec![])],
                vec![Load(0)],
            ],
            0,
        ),
        (
            vec![
                vec![Notify(false), Wait(0, vec![Locked(1, vec![])])],
                vec![Locked(1, vec![Locked(0, vec![])]), Load(1)],
                vec![Notify(false), Add(1)],
            ],
            0,
        ),
    ];
    for (threads, spurious) in programs {
        let bounds = Bounds { executions: 10_000, spurious, ..Bounds::default() };
        let (all, _) = both(&threads, bounds).unwrap_or_else(|why| panic!("{threads:?}: {why}"));
        assert!(all.finished);
    }
}
