//! Random programs with locks, channels and the like in the shape of std: of what can come of
//! all orders, the reduction leaves nothing out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use explorer::sync::atomic::{AtomicI32, Ordering::SeqCst};
use explorer::sync::{Arc, Barrier, Condvar, Mutex, Once, RwLock, mpsc};
use explorer::{Bounds, Explorer, Fault, Orders, Program, thread};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const LIMIT: Duration = Duration::from_millis(1);

/// What a thread of a random program does.
#[derive(Clone, Debug)]
enum Action {
    Load(usize),
    Store(usize),
    Exchange(usize),
    /// Waits in a loop for a store.
    Until(usize),
    /// Does the other inside the lock.
    Lock(usize, Box<Action>),
    TryLock(usize, Box<Action>),
    /// Tries the lock in a loop.
    Spin(usize),
    Read(Box<Action>),
    Write(Box<Action>),
    TryRead(Box<Action>),
    TryWrite(Box<Action>),
    WaitFor(usize),
    /// Waits with a limit in a loop, for a change of the lock's value.
    WaitUntil(usize),
    Wait(usize),
    Notify,
    Send,
    TrySend,
    Receive,
    TryReceive,
    ReceiveFor,
    Arrive,
    Park,
    ParkFor,
    Unpark(usize),
    Once(Box<Action>),
    IsDone,
}

use Action::*;

fn action() -> impl Strategy<Value = Action> {
    let leaf = || {
        prop_oneof![
            2 => (0..2_usize).prop_map(Load),
            2 => (0..2_usize).prop_map(Store),
            1 => (0..2_usize).prop_map(Exchange),
            1 => Just(Notify),
            1 => (0..3_usize).prop_map(Unpark),
            1 => Just(IsDone),
            1 => Just(TrySend),
            1 => Just(TryReceive),
        ]
    };
    let inner = move || leaf().prop_map(Box::new);
    let lock = || 0..2_usize;
    prop_oneof![
        8 => leaf(),
        2 => prop_oneof![lock().prop_map(Until), lock().prop_map(Spin)],
        2 => (lock(), inner()).prop_map(|(lock, inner)| Lock(lock, inner)),
        2 => (lock(), inner()).prop_map(|(lock, inner)| TryLock(lock, inner)),
        1 => lock().prop_map(|lock| Lock(lock, Box::new(TryLock(1 - lock, Box::new(IsDone))))),
        1 => lock().prop_map(|lock| Lock(lock, Box::new(Lock(1 - lock, Box::new(IsDone))))),
        1 => inner().prop_map(Read),
        1 => inner().prop_map(Write),
        1 => inner().prop_map(TryRead),
        1 => inner().prop_map(TryWrite),
        3 => prop_oneof![lock().prop_map(WaitFor), lock().prop_map(Wait), lock().prop_map(WaitUntil)],
        4 => prop_oneof![Just(Send), Just(Receive), Just(ReceiveFor)],
        2 => Just(Arrive),
        2 => prop_oneof![Just(Park), Just(ParkFor)],
        2 => inner().prop_map(Once),
    ]
}

/// What each thread does, and how much room the channel has.
fn programs() -> impl Strategy<Value = (Vec<Vec<Action>>, Option<usize>)> {
    let threads = prop::collection::vec(prop::collection::vec(action(), 1..3), 2..4);
    (threads, prop_oneof![Just(None), Just(Some(0)), Just(Some(1))])
}

/// What all threads share.
struct Shared {
    variables: [AtomicI32; 2],
    locks: [Mutex<i32>; 2],
    readers: RwLock<i32>,
    changed: Condvar,
    barrier: Barrier,
    once: Once,
    threads: StdMutex<BTreeMap<usize, thread::Thread>>,
    /// What each thread has seen, by the way to it.
    seen: StdMutex<BTreeMap<Vec<usize>, String>>,
}

#[derive(Clone)]
enum Sends {
    Free(mpsc::Sender<i32>),
    Bounded(mpsc::SyncSender<i32>),
}

/// What one thread has.
struct Own {
    shared: Arc<Shared>,
    sends: Sends,
    receiver: Option<mpsc::Receiver<i32>>,
}

impl Own {
    fn run(&self, action: &Action, way: &[usize]) {
        let shared = &*self.shared;
        let see = |value: &dyn Debug| {
            let value = format!("{value:?}");
            shared.seen.lock().expect("no panic").insert(way.to_vec(), value);
        };
        // A different value for each action.
        let mine = way.iter().fold(1, |value, &place| value * 10 + place as i32);
        let inside = |value: &mut i32, inner: &Action| {
            see(value);
            *value = mine;
            self.run(inner, &[way, &[0]].concat());
        };
        match action {
            Load(variable) => see(&shared.variables[*variable].load(SeqCst)),
            Store(variable) => shared.variables[*variable].store(mine, SeqCst),
            Exchange(variable) => {
                see(&shared.variables[*variable].compare_exchange(0, mine, SeqCst, SeqCst));
            }
            Until(variable) => {
                while shared.variables[*variable].load(SeqCst) == 0 {
                    thread::yield_now();
                }
                see(&"stored");
            }
            Lock(lock, inner) => inside(&mut shared.locks[*lock].lock().expect("no panic"), inner),
            TryLock(lock, inner) => match shared.locks[*lock].try_lock() {
                Ok(mut guard) => inside(&mut guard, inner),
                Err(_) => see(&"taken"),
            },
            Spin(lock) => loop {
                if let Ok(guard) = shared.locks[*lock].try_lock() {
                    break see(&*guard);
                }
                thread::yield_now();
            },
            Read(inner) => {
                let guard = shared.readers.read().expect("no panic");
                see(&*guard);
                self.run(inner, &[way, &[0]].concat());
            }
            Write(inner) => inside(&mut shared.readers.write().expect("no panic"), inner),
            TryRead(inner) => match shared.readers.try_read() {
                Ok(guard) => {
                    see(&*guard);
                    self.run(inner, &[way, &[0]].concat());
                }
                Err(_) => see(&"taken"),
            },
            TryWrite(inner) => match shared.readers.try_write() {
                Ok(mut guard) => inside(&mut guard, inner),
                Err(_) => see(&"taken"),
            },
            WaitFor(lock) => {
                let guard = shared.locks[*lock].lock().expect("no panic");
                let waited = shared.changed.wait_timeout(guard, LIMIT).expect("no panic");
                see(&(*waited.0, waited.1.timed_out()));
            }
            WaitUntil(lock) => {
                let mut guard = shared.locks[*lock].lock().expect("no panic");
                while *guard == 0 {
                    guard = shared.changed.wait_timeout(guard, LIMIT).expect("no panic").0;
                }
                see(&*guard);
            }
            Wait(lock) => {
                let guard = shared.locks[*lock].lock().expect("no panic");
                see(&*shared.changed.wait(guard).expect("no panic"));
            }
            Notify => shared.changed.notify_one(),
            Send => see(&match &self.sends {
                Sends::Free(sender) => sender.send(mine).is_ok(),
                Sends::Bounded(sender) => sender.send(mine).is_ok(),
            }),
            TrySend => see(&match &self.sends {
                Sends::Free(sender) => sender.send(mine).map_err(|_| "gone".to_owned()),
                Sends::Bounded(sender) => sender.try_send(mine).map_err(|why| why.to_string()),
            }),
            Receive | TryReceive | ReceiveFor => {
                let Some(receiver) = &self.receiver else { return };
                match action {
                    Receive => see(&receiver.recv()),
                    TryReceive => see(&receiver.try_recv()),
                    _ => see(&receiver.recv_timeout(LIMIT)),
                }
            }
            Arrive => see(&shared.barrier.wait().is_leader()),
            Park => thread::park(),
            ParkFor => thread::park_timeout(LIMIT),
            Unpark(other) => {
                let other = shared.threads.lock().expect("no panic").get(other).cloned();
                other.inspect(thread::Thread::unpark);
            }
            Once(inner) => {
                shared.once.call_once(|| {
                    see(&"it runs");
                    self.run(inner, &[way, &[0]].concat());
                });
            }
            IsDone => see(&shared.once.is_completed()),
        }
    }
}

/// What was tried of a program.
#[derive(Default)]
struct Tried {
    executions: u64,
    outcomes: BTreeSet<String>,
    finished: bool,
    faults: BTreeSet<&'static str>,
}

fn explore(threads: &[Vec<Action>], room: Option<usize>, orders: Orders) -> Tried {
    let last = StdMutex::new(None::<Arc<Shared>>);
    let program = |program: &mut Program| {
        let shared = Arc::new(Shared {
            variables: [AtomicI32::new(0), AtomicI32::new(0)],
            locks: [Mutex::new(0), Mutex::new(0)],
            readers: RwLock::new(0),
            changed: Condvar::new(),
            barrier: Barrier::new(2),
            once: Once::new(),
            threads: StdMutex::default(),
            seen: StdMutex::default(),
        });
        *last.lock().expect("no panic") = Some(Arc::clone(&shared));
        let (sends, receiver) = match room {
            None => {
                let (sender, receiver) = mpsc::channel();
                (Sends::Free(sender), receiver)
            }
            Some(room) => {
                let (sender, receiver) = mpsc::sync_channel(room);
                (Sends::Bounded(sender), receiver)
            }
        };
        let mut receiver = Some(receiver);
        for (number, actions) in threads.iter().enumerate() {
            let actions = actions.clone();
            let own = Own {
                shared: Arc::clone(&shared),
                sends: sends.clone(),
                receiver: receiver.take(),
            };
            program.thread(["t1", "t2", "t3"][number], move || {
                let this = thread::current();
                own.shared.threads.lock().expect("no panic").insert(number, this);
                for (place, action) in actions.iter().enumerate() {
                    own.run(action, &[number + 1, place]);
                }
            });
        }
        program.at_the_end(move || {
            let values = shared.variables.each_ref().map(|variable| variable.load(SeqCst));
            let locked = shared.locks.each_ref().map(|lock| *lock.lock().expect("no panic"));
            Err(format!("{values:?} {locked:?}"))
        });
    };
    let mut tried = Tried::default();
    let bounds = Bounds { executions: 500, ..Bounds::default() };
    let report = Explorer { bounds }.explore_each(orders, program, |_, fault| {
        let Some(fault) = fault else { return };
        tried.faults.insert(match fault {
            Fault::Deadlock(_) => "deadlock",
            Fault::Livelock(_) => "livelock",
            Fault::Wrong(_) => "end",
            Fault::Panic { .. } | Fault::Abort { .. } => panic!("{fault}"),
        });
        let last = last.lock().expect("no panic");
        let seen = last.as_ref().expect("one ran").seen.lock().expect("no panic");
        tried.outcomes.insert(format!("{fault} {seen:?}"));
    });
    tried.finished = report.is_exhaustive();
    tried.executions = report.executions;
    tried
}

/// The kinds of the actions of a program.
fn kinds(actions: &[Action]) -> BTreeSet<String> {
    let words = |action: &Action| {
        let text = format!("{action:?}");
        let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        words.filter(|word| word.starts_with(char::is_alphabetic)).collect::<Vec<_>>()
    };
    actions.iter().flat_map(words).collect()
}

#[test]
fn no_result_is_left_out() {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    // `PROPTEST_CASES` sets it.
    config.cases /= 8;
    let covered = std::cell::RefCell::new(BTreeSet::new());
    let hold = |(threads, room): (Vec<Vec<Action>>, Option<usize>)| {
        let all = explore(&threads, room, Orders::All);
        let distinct = explore(&threads, room, Orders::Distinct);
        prop_assert!(distinct.finished || !all.finished);
        if all.finished {
            prop_assert_eq!(&distinct.outcomes, &all.outcomes);
            prop_assert!(distinct.executions <= all.executions);
            let mut covered = covered.borrow_mut();
            covered.extend(all.faults.iter().map(|&fault| fault.to_owned()));
            if all.outcomes.len() > 1 {
                covered.extend(threads.iter().flat_map(|actions| kinds(actions)));
            }
        } else if distinct.finished {
            let missing: Vec<_> = all.outcomes.difference(&distinct.outcomes).collect();
            prop_assert!(missing.is_empty(), "left out: {:?}", missing);
        }
        Ok(())
    };
    // Not that all this is true because nothing happens. Chance may choose dull programs; then it
    // gets another one.
    let is_enough = |covered: &BTreeSet<String>| {
        covered.contains("deadlock") && covered.contains("end") && covered.len() > 10
    };
    for _ in 0..20 {
        let result = TestRunner::new(config.clone()).run(&programs(), hold);
        result.unwrap_or_else(|why| panic!("{why}"));
        if is_enough(&covered.borrow()) {
            return;
        }
    }
    panic!("{covered:?}");
}
