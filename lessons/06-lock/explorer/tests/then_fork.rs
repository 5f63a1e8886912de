//! When an exploration is over, so are its threads: the process may fork. Only the main thread
//! of a process can test that, so this is a program and not a `#[test]`.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::thread;

use common::child;
use explorer::{Atomic, Cell, Explorer, Mutex, Orders, Program, Schedule, spawn};

const TIMES: usize = 100;

fn main() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // An exploration fails in a thread of its own.
        if thread::current().name() == Some("main") {
            hook(panic);
        }
    }));
    for _ in 0..TIMES {
        for end in [right, deadlock, panics, caught, replays, no_program, interrupted, two_crews] {
            end();
            child::fork_child(|| Ok(())).expect("one thread is left").join().expect("no error");
        }
    }
    // A thread that is parked for good stays.
    late_step();
    child::ensure_one_thread().expect_err("a thread is parked");
}

fn explore(program: impl Fn(&mut Program) + Sync) -> u64 {
    let report = Explorer::default().explore(Orders::All, program);
    assert!(report.is_exhaustive(), "{report}");
    report.failures
}

fn counting(program: &mut Program) {
    let x = Cell::new("x", 0);
    for name in ["t1", "t2"] {
        let x = x.clone();
        program.thread(name, move || x.set(x.get() + 1));
    }
}

fn right() {
    assert_eq!(explore(counting), 0);
}

fn deadlock() {
    let failures = explore(|program| {
        let (a, b) = (Mutex::new("a", ()), Mutex::new("b", ()));
        let (a1, b1) = (a.clone(), b.clone());
        program.thread("t1", move || drop((a1.lock(), b1.lock())));
        program.thread("t2", move || drop((b.lock(), a.lock())));
    });
    assert!(failures > 0);
}

fn panics() {
    let failures = explore(|program| {
        let x = Atomic::new("x", 0);
        for name in ["t1", "t2"] {
            let x = x.clone();
            program.thread(name, move || assert!(x.fetch_add(1) == 0, "late"));
        }
    });
    assert!(failures > 0);
}

fn caught() {
    let failures = explore(|program| {
        let lock = Mutex::new("lock", 0);
        program.thread("t1", move || {
            let locks_and_panics = || {
                let mut guard = lock.lock();
                *guard += 1;
                panic!("inside");
            };
            catch_unwind(AssertUnwindSafe(locks_and_panics)).expect_err("it panics");
        });
    });
    assert_eq!(failures, 0);
}

fn replays() {
    let replay = |schedule: &str| {
        let schedule: Schedule = schedule.parse().expect("a schedule");
        Explorer::default().replay(&schedule, counting)
    };
    replay("1,2").expect("it can be");
    replay("3").expect_err("there are two threads");
}

fn no_program() {
    let explore = || Explorer::default().explore(Orders::All, |_| panic!("no threads"));
    catch_unwind(explore).expect_err("it panics");
}

/// The panic comes when the threads are kept.
fn interrupted() {
    let mut seen = 0;
    let explore = AssertUnwindSafe(|| {
        Explorer::default().explore_each(Orders::All, counting, |_, _| {
            seen += 1;
            assert!(seen < 4, "enough");
        })
    });
    catch_unwind(explore).expect_err("it panics");
}

/// A thread has the same number as another one in other orders, and another name.
fn two_crews() {
    let failures = explore(|program| {
        for (name, child) in [("t1", "child of t1"), ("t2", "child of t2")] {
            program.thread(name, move || {
                let named = move || assert_eq!(thread::current().name(), Some(child));
                spawn(child, named).join();
            });
        }
    });
    assert_eq!(failures, 0);
}

/// Only in later orders, when the threads are kept, a thread-local takes a step in its `Drop`:
/// when all executions are over.
fn late_step() {
    struct AtExit(Cell<i32>);
    impl Drop for AtExit {
        fn drop(&mut self) {
            self.0.set(1);
        }
    }
    thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }

    let explore = || {
        Explorer::default().explore(Orders::All, |program| {
            let x = Cell::new("x", 0);
            let of_t1 = x.clone();
            program.thread("t1", move || {
                if of_t1.get() == 3 {
                    AT_EXIT.set(Some(AtExit(of_t1)));
                }
            });
            program.thread("t2", move || (1..4).for_each(|value| x.set(value)));
        })
    };
    // It may notice that new threads take other steps.
    let _ = catch_unwind(explore);
}
