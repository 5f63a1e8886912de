//! A program that is not the same each time is refused: whatever it keeps from one execution to
//! the next, and whenever that makes a difference.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex as StdMutex, OnceLock};

use explorer::{Atomic, Cell, Condvar, Explorer, Mutex, Orders, Program, spawn};

/// The message with which the exploration of a new program of this kind fails.
fn refusal<P: Fn(&mut Program) + Sync>(orders: Orders, new: impl Fn() -> P) -> String {
    let explore = || Explorer::default().explore(orders, new());
    match catch_unwind(AssertUnwindSafe(explore)) {
        Ok(report) => panic!("not refused: {report}, exhaustive: {}", report.is_exhaustive()),
        Err(panic) => panic.downcast_ref::<String>().expect("a message").clone(),
    }
}

const ORDERS: [Orders; 3] = [Orders::All, Orders::Distinct, Orders::Preemptions(2)];

/// Asserts that a program is refused because it changes.
fn changes<P: Fn(&mut Program) + Sync>(new: impl Fn() -> P) {
    for orders in ORDERS {
        let message = refusal(orders, &new);
        assert!(message.starts_with("exploration failed: the program does not"), "{message}");
        assert!(message.contains("again"), "{message}");
    }
}

/// Two threads that call a function with a number that counts on from one execution to the
/// next, as a static does that is not reset.
fn counting(step: fn(&Cell<i64>, i64)) -> impl Fn(&mut Program) + Sync {
    let count = std::sync::Arc::new(AtomicI64::new(0));
    move |program| {
        let x = Cell::new("x", 0);
        for name in ["t1", "t2"] {
            let (x, count) = (x.clone(), count.clone());
            program.thread(name, move || {
                x.set(0);
                step(&x, count.fetch_add(1, Ordering::Relaxed));
                x.get();
            });
        }
    }
}

#[test]
fn a_counter_leads_to_another_step() {
    changes(|| {
        counting(|x, count| {
            if count >= 2 {
                x.set(1)
            }
        })
    });
    changes(|| {
        counting(|x, count| {
            if count % 4 < 2 {
                x.set(1)
            }
        })
    });
    // After all that are repeated at once.
    changes(|| {
        counting(|x, count| {
            if count >= 9 {
                x.set(1)
            }
        })
    });
    changes(|| {
        counting(|x, count| {
            if count >= 12 {
                x.set(1)
            }
        })
    });
}

#[test]
fn a_counter_leads_to_a_fault() {
    changes(|| counting(|_, count| assert!(count < 2, "late")));
    changes(|| counting(|_, count| assert!(count < 12, "late")));
    changes(|| counting(|_, count| assert!(count >= 2, "early")));
    // The message is another one each time.
    changes(|| counting(|_, count| panic!("{count}")));
}

#[test]
fn a_counter_makes_a_difference_in_some_orders_only() {
    changes(|| {
        counting(|x, count| {
            if x.get() == 0 && count >= 9 {
                x.set(2);
            }
            x.set(1);
        })
    });
}

#[test]
fn a_value_is_taken_once() {
    changes(|| {
        let first = StdMutex::new(Some(1));
        move |program: &mut Program| {
            let first = first.lock().expect("no panic").take();
            let x = Cell::new("x", 0);
            for name in ["t1", "t2"] {
                let x = x.clone();
                program.thread(name, move || x.set(first.expect("there is one")));
            }
        }
    });
}

/// A balance that is not reset is wrong from the second execution on.
#[test]
fn only_the_check_sees_what_has_changed() {
    changes(|| {
        let balance = std::sync::Arc::new(AtomicI64::new(0));
        move |program: &mut Program| {
            let turn = Mutex::new("turn", ());
            for name in ["t1", "t2"] {
                let (turn, balance) = (turn.clone(), balance.clone());
                program.thread(name, move || {
                    let _guard = turn.lock();
                    balance.fetch_add(1, Ordering::Relaxed);
                });
            }
            let balance = balance.clone();
            program.at_the_end(move || match balance.load(Ordering::Relaxed) {
                2 => Ok(()),
                other => Err(format!("the balance is {other}")),
            });
        }
    });
}

#[test]
fn a_thread_is_missing_later() {
    changes(|| {
        let count = AtomicI64::new(0);
        move |program: &mut Program| {
            let count = count.fetch_add(1, Ordering::Relaxed);
            let x = Cell::new("x", 0);
            let names: &[_] = if count < 6 { &["t1", "t2"] } else { &["t1"] };
            for name in names {
                let x = x.clone();
                program.thread(name, move || x.set(x.get() + 1));
            }
        }
    });
}

/// Asserts that a program is refused because `name` is made once, and used in each execution.
fn is_foreign<P: Fn(&mut Program) + Sync>(name: &str, new: impl Fn() -> P) {
    for orders in ORDERS {
        let wanted = format!("exploration failed: {name} was made in another execution: make it");
        let message = refusal(orders, &new);
        assert!(message.starts_with(&wanted), "{message}");
    }
}

/// A program of two threads that use what the first execution has made.
fn shares<T: Clone + Send + Sync + 'static>(
    make: fn() -> T,
    take_step: fn(&T),
) -> impl Fn(&mut Program) + Sync {
    let shared = OnceLock::new();
    move |program| {
        let shared = shared.get_or_init(make);
        for name in ["t1", "t2"] {
            let shared = shared.clone();
            program.thread(name, move || take_step(&shared));
        }
    }
}

#[test]
fn objects_of_an_earlier_execution() {
    is_foreign("x", || shares(|| Cell::new("x", 0), |x| x.set(x.get() + 1)));
    is_foreign("n", || shares(|| Atomic::new("n", 0), |n| _ = n.fetch_add(1)));
    is_foreign("lock", || shares(|| Mutex::new("lock", 0), |lock| *lock.lock() += 1));
    is_foreign("word", || shares(|| Condvar::new("word"), Condvar::notify_one));
}

#[test]
fn an_object_of_an_earlier_execution_in_a_drop_that_unwinds() {
    struct Sets(Cell<i32>);
    impl Drop for Sets {
        fn drop(&mut self) {
            self.0.set(1);
        }
    }
    is_foreign("x", || {
        shares(
            || Cell::new("x", 0),
            |x| {
                let _sets = Sets(x.clone());
                panic!("always");
            },
        )
    });
}

#[test]
fn objects_of_an_earlier_execution_in_the_check_and_the_preparation() {
    is_foreign("x", || {
        let shared = OnceLock::new();
        move |program: &mut Program| {
            let x = shared.get_or_init(|| Cell::new("x", 0)).clone();
            program.thread("t1", || {});
            program.at_the_end(move || if x.get() == 0 { Ok(()) } else { Err(String::new()) });
        }
    });
    is_foreign("x", || {
        let shared = OnceLock::new();
        move |program: &mut Program| {
            shared.get_or_init(|| Cell::new("x", 0)).set(0);
            program.thread("t1", || {});
        }
    });
}

#[test]
fn a_thread_of_an_earlier_execution_is_joined() {
    is_foreign("child", || {
        let before = std::sync::Arc::new(StdMutex::new(None));
        move |program: &mut Program| {
            let before = before.clone();
            program.thread("main", move || {
                let child = spawn("child", || {});
                let before = before.lock().expect("no panic").replace(child);
                before.map(explorer::JoinHandle::join);
            });
        }
    });
}

#[test]
fn objects_of_two_explorations_at_once_stay_apart() {
    let inside = |program: &mut Program| {
        let x = Cell::new("x", 0);
        program.thread("t1", move || {
            let report = Explorer::default().explore(Orders::All, |program| {
                let own = Cell::new("own", 0);
                program.thread("t1", move || own.set(1));
            });
            assert_eq!((report.executions, report.failures), (1, 0));
            x.set(1);
        });
    };
    let report = Explorer::default().explore(Orders::All, inside);
    assert_eq!((report.executions, report.failures), (1, 0));
}
