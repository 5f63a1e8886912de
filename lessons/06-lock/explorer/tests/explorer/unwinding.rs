//! Steps in `Drop`, in `Clone` and `Debug`, and while a panic unwinds a thread: each program
//! gets its verdict. None of them hangs, and none aborts the process.

use std::cell::{Cell as StdCell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use explorer::sync::mpsc;
use explorer::{
    Atomic, Cell, Condvar, Explorer, Failure, Fault, JoinHandle, Mutex, Orders, Outcome, Program,
    spawn, thread,
};

/// Explores all orders and the distinct ones, and replays the failures. Returns the fault of
/// the simplest, or "right".
fn verdict(program: impl Fn(&mut Program) + Sync) -> String {
    let verdicts = [Orders::All, Orders::Distinct].map(|orders| {
        let report = Explorer::default().explore(orders, &program);
        let aborts = |it: &Failure| matches!(it.fault, Fault::Abort { .. });
        let is_early = report.simplest.as_ref().is_some_and(aborts);
        assert!(report.is_exhaustive() || is_early, "{report}");
        let Some(failure) = report.simplest else { return "right".to_owned() };
        let run = Explorer::default().replay(&failure.schedule, &program).expect("a replay");
        assert_eq!(run.outcome, Outcome::Fault(failure.fault.clone()));
        failure.fault.to_string()
    });
    assert_eq!(verdicts[0], verdicts[1]);
    verdicts[0].clone()
}

/// Calls a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Panics, and catches it.
fn caught(panics: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(panics)).expect_err("it panics");
}

#[test]
fn a_drop_takes_a_lock_while_another_thread_is_inside() {
    let found = verdict(|program| {
        let (free, visits) = (Mutex::new("free", 1), Atomic::new("visits", 0));
        let (free2, visits2) = (free.clone(), visits.clone());
        program.thread("t1", move || {
            let _permit = OnDrop(|| *free.lock() += 1);
            let mut guard = free.lock();
            visits.fetch_add(1);
            visits.fetch_add(1);
            *guard -= 1;
        });
        program.thread("t2", move || {
            let _permit = OnDrop(|| *free2.lock() += 1);
            assert!(visits2.load() == 0, "the work fails");
        });
    });
    assert_eq!(found, "t2 panics: the work fails");
}

#[test]
fn a_drop_takes_a_lock_that_its_own_thread_holds() {
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        program.thread("t1", move || {
            let _guard = lock.lock();
            let _permit = OnDrop(|| *lock.lock() += 1);
            panic!("the work fails");
        });
    });
    assert_eq!(found, "deadlock: t1 waits for the lock lock, which it holds itself");
}

/// Joins a thread when it is dropped.
struct Joins(Option<JoinHandle<()>>);

impl Drop for Joins {
    fn drop(&mut self) {
        self.0.take().map(JoinHandle::join);
    }
}

#[test]
fn a_drop_joins_a_thread() {
    let found = verdict(|program| {
        let (x, y) = (Atomic::new("x", 0), Atomic::new("y", 0));
        program.thread("main", move || {
            let _joins = Joins(Some(spawn("child", move || _ = y.fetch_add(1))));
            assert!(x.load() == 1, "too early");
        });
    });
    assert_eq!(found, "main panics: too early");
}

#[test]
fn a_drop_joins_a_thread_that_waits_for_a_lock_of_the_one_that_unwinds() {
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        program.thread("main", move || {
            let guard = lock.lock();
            let other = lock.clone();
            let _joins = Joins(Some(spawn("child", move || *other.lock() += 1)));
            assert!(*guard == 1, "too early");
        });
    });
    assert!(found.starts_with("deadlock: main waits for the end of child"), "{found}");
}

#[test]
fn a_drop_joins_a_thread_that_returns_something() {
    let found = verdict(|program| {
        let number = Atomic::new("number", 0);
        program.thread("main", move || {
            let shared = number.clone();
            let mut child = Some(spawn("child", move || shared.fetch_add(1) + shared.load()));
            let _joins = OnDrop(move || assert_eq!(child.take().map(JoinHandle::join), Some(1)));
            panic!("always");
        });
        program.thread("waits", || {
            let word = Condvar::new("word");
            drop(word.wait(Mutex::new("lock", ()).lock()));
        });
    });
    assert_eq!(found, "main panics: always");
}

/// A worker returns how much it has received, or a thread of a scope nothing, and a `Drop` unwraps it when
/// the execution is over.
#[test]
fn a_drop_expects_the_result_of_a_worker() {
    let counts = || {
        let (send, receive) = mpsc::channel::<i32>();
        let worker = thread::spawn(move || receive.iter().count());
        let mut pool = Some((send, worker));
        let _ends = OnDrop(move || {
            let (send, worker) = pool.take().unwrap();
            drop(send);
            worker.join().unwrap();
        });
        thread::park();
    };
    let in_scope = || {
        thread::scope(|scope| {
            let mut parked = Some(scope.spawn(thread::park));
            let _joins = OnDrop(move || parked.take().unwrap().join().unwrap());
            thread::park();
        });
    };
    for report in [
        Explorer::default().explore(Orders::Distinct, explorer::main(counts)),
        Explorer::default().explore(Orders::Distinct, explorer::main(in_scope)),
    ] {
        assert_eq!(report.failures, report.executions, "{report}");
    }
}

/// As in many a program: a worker ends when there is nothing more to receive, and is joined. Here
/// the execution is over before.
#[test]
fn a_drop_expects_that_a_worker_ends_well() {
    let report = Explorer::default().explore(
        Orders::Distinct,
        explorer::main(|| {
            let (send, receive) = mpsc::channel::<i32>();
            let worker = thread::spawn(move || receive.iter().for_each(drop));
            let mut pool = Some((send, worker));
            let _ends = OnDrop(move || {
                let (send, worker) = pool.take().unwrap();
                drop(send);
                worker.join().unwrap();
            });
            thread::park();
        }),
    );
    assert_eq!(report.failures, report.executions, "{report}");
}

#[test]
fn a_drop_expects_that_there_is_a_receiver_and_that_nothing_is_poisoned() {
    let report = Explorer::default().explore(
        Orders::Distinct,
        explorer::main(|| {
            let (send, receive) = mpsc::channel();
            let lock = Arc::new(explorer::sync::Mutex::new(0));
            let locked = Arc::clone(&lock);
            thread::spawn(move || {
                let _guard = locked.lock().unwrap();
                receive.recv().unwrap();
                receive.recv().unwrap();
            });
            thread::spawn(move || {
                let _says = OnDrop(|| {
                    send.send(1).unwrap();
                    drop(lock.lock().unwrap());
                });
                thread::park();
            });
            thread::park();
        }),
    );
    assert_eq!(report.failures, report.executions, "{report}");
}

/// Here std would abort the process, and the test with it.
#[test]
fn a_panic_that_cannot_be_unwound_is_a_fault() {
    extern "C" fn called_by_c() {
        panic!("no way out");
    }
    let found = |panics: fn()| {
        verdict(move |program| {
            let (x, lock) = (Atomic::new("x", 0), Mutex::new("lock", ()));
            let (x2, lock2) = (x.clone(), lock.clone());
            program.thread("t1", move || {
                let _guard = lock.lock();
                if x.fetch_add(1) == 1 {
                    panics();
                }
            });
            program.thread("t2", move || {
                x2.fetch_add(1);
                drop(lock2.lock());
            });
        })
    };
    let in_drop = || {
        let _panics = OnDrop(|| panic!("second"));
        panic!("first");
    };
    assert_eq!(
        found(in_drop),
        "t1 panics: second (panic in a destructor during cleanup, which aborts the process)"
    );
    assert_eq!(
        found(|| called_by_c()),
        "t1 panics: no way out (panic in a function that cannot unwind, which aborts the process)"
    );
}

#[test]
fn a_thread_local_that_panics_is_a_fault() {
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("too late");
        }
    }
    thread_local! {
        static PANICS: RefCell<Option<PanicsInDrop>> = const { RefCell::new(None) };
    }
    let found = verdict(|program| {
        program.thread("t1", || PANICS.set(Some(PanicsInDrop)));
    });
    assert_eq!(
        found,
        "t1 panics: too late (in the `Drop` of a thread-local, which aborts the process)"
    );
}

/// What a `Drop` unwraps never comes when the execution is over.
#[test]
fn a_drop_expects_what_others_would_have_sent_or_notified() {
    let report = Explorer::default().explore(
        Orders::Distinct,
        explorer::main(|| {
            let (send, receive) = mpsc::channel::<i32>();
            let sender = thread::spawn(move || {
                thread::park();
                send.send(1).unwrap();
            });
            let _receives = OnDrop(|| _ = receive.recv().unwrap());
            let _panics = OnDrop(|| {
                sender.thread().unpark();
                panic!("always");
            });
            thread::park();
        }),
    );
    assert_eq!(report.failures, 1, "{report}");
    assert!(report.simplest.is_some_and(|it| matches!(it.fault, Fault::Deadlock(_))));
}

/// A run knows its first panic, but none that only its end has caused.
#[test]
fn a_run_knows_its_first_panic() {
    let first_panic = |before: fn()| {
        let schedule = "1x2".parse().expect("a schedule");
        let run = Explorer::default().replay(&schedule, |program| {
            let word = Condvar::new("word");
            program.thread("t1", move || {
                before();
                let _panics = OnDrop(|| caught(|| panic!("after the end")));
                drop(word.wait(Mutex::new("lock", ()).lock()));
            });
        });
        let run = run.expect("a replay");
        assert!(matches!(run.outcome, Outcome::Fault(Fault::Deadlock(_))));
        run.panic.map(|panic| panic.message)
    };
    assert_eq!(first_panic(|| ()), None);
    let panics_twice = || ["first", "second"].iter().for_each(|what| caught(|| panic!("{what}")));
    assert_eq!(first_panic(panics_twice).as_deref(), Some("first"));
}

#[test]
fn where_each_order_aborts_one_is_told() {
    let report = Explorer::default().explore(Orders::All, |program| {
        let x = Atomic::new("x", 0);
        for name in ["t1", "t2", "t3"] {
            let x = x.clone();
            program.thread(name, move || {
                (0..4).for_each(|_| _ = x.fetch_add(1));
                if x.load() == 12 {
                    let _panics = OnDrop(|| panic!("second"));
                    panic!("first");
                }
            });
        }
    });
    assert!(report.failures == 1 && !report.is_exhaustive(), "{report}");
}

#[test]
fn a_drop_starts_a_thread() {
    let found = verdict(|program| {
        let number = Atomic::new("number", 0);
        program.thread("main", move || {
            let _spawns = OnDrop(|| {
                let number = number.clone();
                spawn("child", move || _ = number.fetch_add(1)).join();
            });
            assert!(number.load() == 1, "not yet");
        });
    });
    assert_eq!(found, "main panics: not yet");
}

#[test]
fn a_drop_waits_for_a_notification_that_never_comes() {
    let found = verdict(|program| {
        let (idle, word) = (Mutex::new("idle", false), Condvar::new("word"));
        for name in ["t1", "t2"] {
            let (idle, word) = (idle.clone(), word.clone());
            program.thread(name, move || {
                let _waits = OnDrop(|| {
                    let mut idle = idle.lock();
                    while !*idle {
                        idle = word.wait(idle);
                    }
                });
                drop(idle.lock());
            });
        }
    });
    assert!(found.starts_with("lost wake-up: t1 waits for a notification of word"), "{found}");
}

#[test]
fn a_thread_panics_while_another_waits_for_its_notification() {
    let found = verdict(|program| {
        let (ready, word) = (Mutex::new("ready", false), Condvar::new("word"));
        let (ready2, word2) = (ready.clone(), word.clone());
        program.thread("waits", move || {
            let mut ready = ready2.lock();
            while !*ready {
                ready = word2.wait(ready);
            }
        });
        program.thread("tells", move || {
            let _guard = ready.lock();
            let _tells = OnDrop(|| word.notify_one());
            panic!("no word");
        });
    });
    assert_eq!(found, "tells panics: no word");
}

#[test]
fn a_caught_panic_gives_the_lock_back() {
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        for name in ["t1", "t2"] {
            let lock = lock.clone();
            program.thread(name, move || {
                caught(|| {
                    let mut guard = lock.lock();
                    *guard += 1;
                    panic!("inside");
                });
            });
        }
        program.at_the_end(move || {
            let count = *lock.lock();
            if count == 2 { Ok(()) } else { Err(format!("{count}")) }
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn another_thread_waits_for_a_lock_that_unwinding_releases() {
    // Whoever comes second sees what the first has left there.
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        for name in ["t1", "t2"] {
            let lock = lock.clone();
            program.thread(name, move || {
                caught(|| {
                    let mut guard = lock.lock();
                    assert!(*guard == 0, "one was here before");
                    *guard += 1;
                    panic!("inside");
                });
            });
        }
        program.at_the_end(move || {
            let count = *lock.lock();
            if count == 1 { Ok(()) } else { Err(format!("{count}")) }
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn steps_while_unwinding_are_interleaved() {
    let found = verdict(|program| {
        let x = Cell::new("x", 0);
        for name in ["t1", "t2"] {
            let x = x.clone();
            program.thread(name, move || {
                caught(|| {
                    let _adds = OnDrop(|| x.set(x.get() + 1));
                    panic!("caught");
                });
            });
        }
        program.at_the_end(move || if x.get() == 2 { Ok(()) } else { Err("lost".to_owned()) });
    });
    assert_eq!(found, "lost");
}

#[test]
fn a_panic_inside_a_drop_that_unwinds_is_caught() {
    let found = verdict(|program| {
        let x = Atomic::new("x", 0);
        for name in ["t1", "t2"] {
            let x = x.clone();
            program.thread(name, move || {
                caught(|| {
                    let _outer = OnDrop(|| {
                        caught(|| {
                            let _inner = OnDrop(|| _ = x.fetch_add(1));
                            panic!("inner");
                        });
                    });
                    panic!("outer");
                });
            });
        }
        program.at_the_end(move || {
            if x.load() == 2 { Ok(()) } else { Err("a Drop is missing".to_owned()) }
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn a_loop_catches_every_panic() {
    let found = verdict(|program| {
        let (jobs, done) = (Atomic::new("jobs", 1), Atomic::new("done", 0));
        program.thread("worker", move || {
            loop {
                if let Ok(true) = catch_unwind(AssertUnwindSafe(|| jobs.fetch_add(-1) <= 0)) {
                    break;
                }
            }
        });
        program.thread("main", move || assert!(done.load() == 1, "not done"));
    });
    assert_eq!(found, "main panics: not done");
}

#[test]
fn a_drop_waits_in_a_loop() {
    let found = verdict(|program| {
        let flag = Atomic::new("flag", 0);
        program.thread("main", move || {
            // Only the end of the execution unwinds this thread.
            let _waits = OnDrop(|| while flag.load() == 0 {});
            let word = Condvar::new("word");
            drop(word.wait(Mutex::new("other", ()).lock()));
        });
    });
    assert_eq!(found, "lost wake-up: main waits for a notification of word");
}

#[test]
fn a_panic_may_carry_anything() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("in the Drop of a payload");
        }
    }
    let with = |payload: fn() -> Box<dyn std::any::Any + Send>| {
        verdict(move |program| {
            program.thread("t1", move || panic::resume_unwind(payload()));
        })
    };
    assert_eq!(with(|| Box::new("text")), "t1 panics: text");
    assert_eq!(with(|| Box::new("made".to_owned())), "t1 panics: made");
    assert_eq!(with(|| Box::new(7)), "t1 panics: a panic without a message");
    assert_eq!(with(|| Box::new(Loud)), "t1 panics: a panic without a message");
}

#[test]
fn the_value_before_is_dropped_outside_of_the_step() {
    struct Node(Cell<i32>);
    impl Drop for Node {
        fn drop(&mut self) {
            self.0.set(1);
        }
    }
    impl fmt::Debug for Node {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("node")
        }
    }
    let found = verdict(|program| {
        let gone = Cell::new("gone", 0);
        let slot = Cell::new("slot", Some(Arc::new(Node(gone.clone()))));
        let slot2 = slot.clone();
        program.thread("t1", move || slot.set(None));
        program.thread("t2", move || {
            if let Some(node) = slot2.get() {
                assert!(node.0.get() == 0, "used after it was dropped");
            }
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn clone_and_debug_take_steps() {
    struct Counts(Cell<i32>);
    impl Clone for Counts {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Counts(self.0.clone())
        }
    }
    impl fmt::Debug for Counts {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0.get())
        }
    }
    let found = verdict(|program| {
        let clones = Cell::new("clones", 0);
        let value = Cell::new("value", Counts(clones.clone()));
        for name in ["t1", "t2"] {
            let value = value.clone();
            program.thread(name, move || drop(value.get()));
        }
        program.at_the_end(move || match clones.get() {
            2 => Ok(()),
            _ => Err("a clone is not counted".to_owned()),
        });
    });
    assert_eq!(found, "a clone is not counted");
}

#[test]
fn a_forgotten_guard_is_a_fault() {
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        let other = lock.clone();
        program.thread("t1", move || std::mem::forget(other.lock()));
        program.at_the_end(move || if *lock.lock() == 0 { Ok(()) } else { Err(String::new()) });
    });
    assert_eq!(found, "the check at the end waits for the lock lock, which t1 has");

    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        let other = lock.clone();
        program.thread("t1", move || std::mem::forget(other.lock()));
        program.thread("t2", move || _ = lock.lock());
    });
    assert_eq!(found, "deadlock: t2 waits for the lock lock, which t1 has");
}

#[test]
fn a_drop_takes_a_step_in_every_order_that_goes_wrong() {
    let found = verdict(|program| {
        let lock = Mutex::new("lock", 0);
        for name in ["t1", "t2"] {
            let lock = lock.clone();
            program.thread(name, move || {
                let _again = OnDrop(|| *lock.lock() += 1);
                assert!(*lock.lock() == 0, "late");
            });
        }
    });
    assert!(found.ends_with("panics: late"), "{found}");
}

/// A step that a thread takes when its thread-locals are dropped.
type AtExit = OnDrop<Box<dyn FnMut()>>;

thread_local! {
    static SEEN: StdCell<u32> = const { StdCell::new(0) };
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

#[test]
fn each_execution_has_its_own_thread_locals() {
    let found = verdict(|program| {
        let x = Atomic::new("x", 0);
        for name in ["t1", "t2"] {
            let x = x.clone();
            program.thread(name, move || {
                x.fetch_add(1);
                SEEN.set(SEEN.get() + 1);
                assert!(SEEN.get() == 1, "seen {}", SEEN.get());
                assert_eq!(std::thread::current().name(), Some(name));
            });
        }
    });
    assert_eq!(found, "right");
}

#[test]
fn a_thread_local_that_only_later_orders_use_is_noticed() {
    thread_local! {
        static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }

    // In the first order t1 reads 0. In all others it finds its own thread-local.
    let explore = || {
        Explorer::default().explore(Orders::All, |program| {
            let x = Cell::new("x", 0);
            let of_t1 = x.clone();
            program.thread("t1", move || {
                if of_t1.get() != 0 {
                    CALLS.set(CALLS.get() + 1);
                    assert_eq!(CALLS.get(), 1, "a thread-local is not new");
                }
            });
            program.thread("t2", move || (1..4).for_each(|value| x.set(value)));
        })
    };
    match std::panic::catch_unwind(explore) {
        Ok(report) => assert_eq!((report.failures, report.finished), (0, true)),
        Err(panic) => {
            let message = panic.downcast_ref::<String>().expect("a message");
            assert!(message.contains("the same way again"), "{message}");
        }
    }
}

#[test]
fn thread_locals_take_steps_when_they_are_dropped() {
    let at_exit = |in_one_step: bool| {
        move |program: &mut Program| {
            let x = Atomic::new("x", 0);
            for name in ["t1", "t2"] {
                let x = x.clone();
                program.thread(name, move || {
                    let add = move || {
                        if in_one_step {
                            x.fetch_add(1);
                        } else {
                            x.store(x.load() + 1);
                        }
                    };
                    AT_EXIT.set(Some(OnDrop(Box::new(add))));
                });
            }
            program.at_the_end(move || if x.load() == 2 { Ok(()) } else { Err("lost".to_owned()) });
        }
    };
    assert_eq!(verdict(at_exit(true)), "right");
    assert_eq!(verdict(at_exit(false)), "lost");
}

#[test]
fn threads_make_objects_of_their_own_at_any_time() {
    for first_step in [false, true] {
        let found = verdict(|program| {
            let x = Atomic::new("x", 0);
            for name in ["t1", "t2"] {
                let x = x.clone();
                program.thread(name, move || {
                    if first_step {
                        x.fetch_add(1);
                    }
                    let own = Mutex::new("own", 0);
                    *own.lock() += 1;
                    let after = Cell::new("after", 1);
                    assert_eq!(after.get(), 1);
                });
            }
        });
        assert_eq!(found, "right");
    }
}

#[test]
fn a_child_makes_objects_of_its_own() {
    let found = verdict(|program| {
        program.thread("main", || {
            let child = spawn("child", || *Mutex::new("childs", 0).lock() += 1);
            let own = Mutex::new("own", 0);
            *own.lock() += 1;
            child.join();
            assert_eq!(Cell::new("after", 1).get(), 1);
        });
    });
    assert_eq!(found, "right");
}
