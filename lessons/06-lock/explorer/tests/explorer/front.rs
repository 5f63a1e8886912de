//! What goes wrong with locks, channels and threads in the shape of std, and what is said of it.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use explorer::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering::SeqCst};
use explorer::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock, TryLockError, mpsc};
use explorer::{Bounds, Explorer, Fault, Orders, Outcome, Report, hint, thread};

const LIMIT: Duration = Duration::from_millis(1);

/// All orders and the distinct ones; they come to the same verdict. Returns the distinct ones.
fn explore(run: fn()) -> Report {
    explorer::add_source(file!(), include_str!("front.rs"));
    let explorer = Explorer::default();
    let [all, distinct] = [Orders::All, Orders::Distinct].map(|orders| {
        let report = explorer.explore(orders, explorer::main(run));
        assert!(report.is_exhaustive(), "{report}");
        report
    });
    assert_eq!(all.failures == 0, distinct.failures == 0, "{all}\n{distinct}");
    assert!(distinct.executions <= all.executions);
    if let Some(failure) = &distinct.simplest {
        let replay = explorer.replay(&failure.schedule, explorer::main(run)).expect("a replay");
        assert_eq!(replay.outcome, Outcome::Fault(failure.fault.clone()));
    }
    distinct
}

/// What goes wrong; "right" if nothing does.
fn verdict(run: fn()) -> String {
    explore(run).simplest.map_or("right".to_owned(), |failure| failure.fault.to_string())
}

/// Needs so much of a stack.
fn use_stack(kib: usize) {
    let part = [0_u8; 1 << 10];
    black_box(&part);
    if kib > 0 {
        use_stack(kib - 1);
    }
    black_box(&part);
}

#[test]
fn a_thread_has_the_stack_that_it_asks_for() {
    let found = verdict(|| {
        let large = || thread::Builder::new().stack_size(32 << 20);
        // Main has more than others.
        use_stack(3 << 10);
        let changed = Arc::new(AtomicI32::new(0));
        // Who starts the first of the two has the first number, and so has its thread.
        let starts = [false, true].map(|is_large| {
            let changed = Arc::clone(&changed);
            thread::spawn(move || {
                changed.fetch_add(1, SeqCst);
                let builder = if is_large { large() } else { thread::Builder::new() };
                let needs = if is_large { 12 << 10 } else { 100 };
                builder.spawn(move || use_stack(needs)).unwrap().join().unwrap();
            })
        });
        starts.into_iter().for_each(|it| it.join().unwrap());
        thread::scope(|scope| {
            large().spawn_scoped(scope, || use_stack(12 << 10)).unwrap();
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn the_lock_is_free_between_the_look_and_the_change() {
    let found = verdict(|| {
        let money = Arc::new(Mutex::new(100));
        let threads = [60, 70].map(|amount| {
            let money = Arc::clone(&money);
            thread::spawn(move || {
                let there = *money.lock().unwrap();
                if there >= amount {
                    *money.lock().unwrap() -= amount;
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let left = *money.lock().unwrap();
        assert!(left >= 0, "{left} is left");
    });
    assert_eq!(found, "main panics: -30 is left");
}

#[test]
fn a_thread_locks_twice() {
    let found = verdict(|| {
        let lock = Mutex::new(0);
        let _first = lock.lock().unwrap();
        let _second = lock.lock();
    });
    assert_eq!(found, "deadlock: main waits for the lock lock, which it holds itself");
}

#[test]
fn an_object_without_a_variable_is_called_by_its_line() {
    let program = explorer::main(|| {
        drop([Mutex::new(7)][0].lock());
    });
    let line = line!() - 2;
    let run = Explorer::default().replay(&"1".parse().expect("a schedule"), program);
    let steps = run.expect("a run").steps;
    assert_eq!(steps[0].description, format!("lock mutex at line {line}: 7"));
}

#[test]
fn objects_of_several_kinds_may_be_made_in_one_place() {
    #[derive(Default)]
    struct Shared {
        is_open: Mutex<bool>,
        changed: Condvar,
        several: [Condvar; 1],
    }
    let line = line!() - 6;
    let found = verdict(|| {
        let shared = Shared::default();
        let is_open = shared.is_open.lock().unwrap();
        drop(shared.changed.wait(is_open).unwrap());
    });
    let place = format!("condvar at line {line}");
    assert_eq!(found, format!("lost wake-up: main waits for a notification of {place}"));
    let found = verdict(|| {
        let shared = Shared::default();
        let is_open = shared.is_open.lock().unwrap();
        drop(shared.several[0].wait(is_open).unwrap());
    });
    assert_eq!(found, "lost wake-up: main waits for a notification of condvar");
}

#[test]
fn objects_are_called_by_their_variables() {
    let found = verdict(|| {
        let forks = [(); 2].map(|()| Mutex::new(()));
        thread::scope(|scope| {
            for (left, right) in [(0, 1), (1, 0)] {
                let forks = &forks;
                let eats = thread::Builder::new().name(format!("philosopher {left}"));
                let eat = move || {
                    let _left = forks[left].lock().unwrap();
                    let _right = forks[right].lock().unwrap();
                };
                eats.spawn_scoped(scope, eat).unwrap();
            }
        });
    });
    assert_eq!(
        found,
        "deadlock: main waits for the end of philosopher 0; philosopher 0 waits for the lock \
         forks #1, which philosopher 1 has; philosopher 1 waits for the lock forks #0, which \
         philosopher 0 has"
    );
}

#[test]
fn steps_are_described_with_simple_values() {
    explorer::add_source(file!(), include_str!("front.rs"));
    let run = Explorer::default().replay(
        &"1x8".parse().expect("a schedule"),
        explorer::main(|| {
            let balance = Mutex::new(5);
            *balance.lock().unwrap() += 1;
            let count = AtomicI32::new(1);
            count.fetch_add(1, SeqCst);
            let (sender, receiver) = mpsc::channel();
            sender.send("text").unwrap();
            receiver.recv().unwrap();
            drop(balance.try_lock());
            count.load(SeqCst);
        }),
    );
    let steps: Vec<_> = run.expect("a run").steps.into_iter().map(|it| it.description).collect();
    let wanted = [
        "lock balance: 5",
        "unlock balance: 6",
        "fetch_add count: 2",
        "send to sender",
        "recv from sender",
        "try_lock balance: 6",
        "unlock balance: 6",
        "load count: 2",
    ];
    assert_eq!(steps, wanted);
}

#[test]
fn the_column_of_each_thread_is_as_wide_as_what_it_does() {
    explorer::add_source(file!(), include_str!("front.rs"));
    let run = Explorer::default().replay(
        &"1x2,3,2,1x5".parse().expect("a schedule"),
        explorer::main(|| {
            let what_is_left_of_all_of_it = AtomicI32::new(1);
            let count = AtomicI32::new(1);
            thread::scope(|scope| {
                scope.spawn(|| count.fetch_add(1, SeqCst));
                scope.spawn(|| count.fetch_add(1, SeqCst));
            });
            what_is_left_of_all_of_it.load(SeqCst);
        }),
    );
    let run = run.expect("a run");
    let drawn = explorer::timeline_alone(&run, |_| None, 100);
    let begins = |text: &str| {
        let at = drawn.lines().find_map(|line| line.find(text));
        at.unwrap_or_else(|| panic!("{text} in {drawn}"))
    };
    assert_eq!(begins("thread 2"), begins("fetch_add count: 3"), "{drawn}");
    assert_eq!(begins("thread 3"), begins("fetch_add count: 2"), "{drawn}");
    let load = "load what_is_left_of_all_of_it: 1".len();
    assert!(begins("thread 2") > begins("load") + load, "{drawn}");
    assert_eq!(begins("thread 3") - begins("thread 2"), 25, "only main needs more: {drawn}");

    let widest = drawn.lines().map(str::len).max().expect("a line");
    assert_eq!(explorer::timeline_alone(&run, |_| None, widest + 25), drawn);
    let narrow = explorer::timeline_alone(&run, |_| None, widest - 1);
    assert_eq!(narrow.lines().count(), drawn.lines().count() - 1, "it has no head: {narrow}");
    let of_third: Vec<&str> = narrow.lines().filter(|line| line.starts_with("thread 3")).collect();
    assert_eq!(of_third, ["thread 3       fetch_add count: 2"], "{narrow}");
    assert!(narrow.lines().all(|line| line.len() < widest), "{narrow}");
}

#[test]
fn readers_and_a_writer_wait_for_each_other() {
    // Each reads, and then wants to write: with std, for ever.
    let found = verdict(|| {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let child = thread::spawn(move || {
            let _reader = other.read().unwrap();
            *other.write().unwrap() += 1;
        });
        child.join().unwrap();
    });
    assert!(found.contains("thread 2 waits for the lock lock, which"), "{found}");
    assert!(found.ends_with("which it holds itself"), "{found}");
}

#[test]
fn readers_see_what_another_has_not_written_yet() {
    let found = verdict(|| {
        let lock = RwLock::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let seen = *lock.read().unwrap();
                    *lock.write().unwrap() = seen + 1;
                });
            }
        });
        assert!(*lock.read().unwrap() == 2, "one is lost");
    });
    assert_eq!(found, "main panics: one is lost");
}

#[test]
fn readers_make_no_difference_to_each_other() {
    let report = explore(|| {
        let lock = RwLock::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| *lock.read().unwrap());
            }
        });
    });
    assert_eq!((report.executions, report.failures), (1, 0));
}

#[test]
fn try_lock_fails_in_some_orders() {
    let found = verdict(|| {
        let lock = Mutex::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| match lock.try_lock() {
                    Ok(mut guard) => *guard += 1,
                    Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Poisoned(_)) => unreachable!("no panic"),
                });
            }
        });
        assert!(lock.into_inner().unwrap() == 2, "one gave up");
    });
    assert_eq!(found, "main panics: one gave up");
}

#[test]
fn a_time_out_comes_although_it_is_ready() {
    let found = verdict(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        let tells = thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let mut ready = pair.0.lock().unwrap();
        if !*ready {
            let (guard, result) = pair.1.wait_timeout(ready, LIMIT).unwrap();
            ready = guard;
            assert!(!(result.timed_out() && *ready), "its time is over, and it is ready");
        }
        drop(ready);
        tells.join().unwrap();
    });
    assert_eq!(found, "main panics: its time is over, and it is ready");
}

#[test]
fn a_loop_with_a_time_out_waits_for_the_end() {
    let report = explore(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        // Nobody is notified: only the time is over, again and again.
        let tells = thread::spawn(move || *other.0.lock().unwrap() = true);
        let mut ready = pair.0.lock().unwrap();
        while !*ready {
            ready = pair.1.wait_timeout(ready, LIMIT).unwrap().0;
        }
        drop(ready);
        tells.join().unwrap();
    });
    assert_eq!(report.failures, 0);
    assert!(report.polls.is_some());
    let report = explore(|| {
        let (sender, receiver) = mpsc::channel();
        let sends = thread::spawn(move || sender.send(1).unwrap());
        while receiver.recv_timeout(LIMIT).is_err() {}
        sends.join().unwrap();
    });
    assert_eq!(report.failures, 0);
    assert!(report.polls.is_some());
    let report = explore(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&flag);
        let sets = thread::spawn(move || other.store(true, SeqCst));
        while !flag.load(SeqCst) {
            thread::park_timeout(LIMIT);
        }
        sets.join().unwrap();
    });
    assert_eq!(report.failures, 0);
    assert!(report.polls.is_some());
}

#[test]
fn only_waits_for_a_notification_or_an_unpark_can_be_woken_for_nothing() {
    let report = explore(|| {
        let (sender, receiver) = mpsc::channel();
        let sends = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(1));
        sends.join().unwrap();
    });
    assert!(!report.wakes);
    let report = explore(|| {
        let main = thread::current();
        let wakes = thread::spawn(move || main.unpark());
        thread::park();
        wakes.join().unwrap();
    });
    assert!(report.wakes);
    let report = explore(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        let tells = thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let ready = pair.0.lock().unwrap();
        drop(pair.1.wait_while(ready, |ready| !*ready).unwrap());
        tells.join().unwrap();
    });
    assert!(report.wakes);
}

/// Not before: the thread has come to its wait, in every order, and even with wake-ups for nothing.
#[test]
fn all_others_wait_once_they_have_settled() {
    for spurious in [0, 1] {
        let explorer = Explorer { bounds: Bounds { spurious, ..Bounds::default() } };
        let report = explorer.explore(
            Orders::All,
            explorer::main(|| {
                let pair = Arc::new((Mutex::new([false; 2]), Condvar::new()));
                let other = Arc::clone(&pair);
                let waits = thread::spawn(move || {
                    let mut state = other.0.lock().unwrap();
                    state[0] = true;
                    drop(other.1.wait_while(state, |state| !state[1]).unwrap());
                });
                explorer::settle();
                let mut state = pair.0.lock().unwrap();
                assert!(state[0]);
                assert_eq!(explorer::other_threads(), 1);
                state[1] = true;
                pair.1.notify_one();
                drop(state);
                explorer::settle();
                assert_eq!(explorer::other_threads(), 0);
                waits.join().unwrap();
            }),
        );
        assert_eq!(report.failures, 0);
        assert!(report.is_exhaustive() && report.executions > 0);
    }
}

#[test]
fn a_thread_that_is_joined_has_ended() {
    let report = explore(|| {
        let thread = thread::spawn(|| ());
        assert_eq!(explorer::other_threads(), 1);
        thread.join().unwrap();
        assert_eq!(explorer::other_threads(), 0);
    });
    assert_eq!(report.failures, 0);
}

#[test]
fn what_one_thread_uses_is_not_shared() {
    let report = explore(|| {
        let (one, both) = (Arc::new(AtomicI64::new(0)), Arc::new(Mutex::new(0)));
        let (of_other, and_other) = (Arc::clone(&one), Arc::clone(&both));
        let other = thread::spawn(move || {
            for _ in 0..3 {
                of_other.fetch_add(1, SeqCst);
                *and_other.lock().unwrap() += 1;
            }
        });
        other.join().unwrap();
        assert_eq!(explorer::shared_steps(), 0);
        assert_eq!(one.load(SeqCst), 3);
        assert_eq!(explorer::shared_steps(), 1);
        *both.lock().unwrap() += 1;
        // It is unlocked, too.
        assert_eq!(explorer::shared_steps(), 3);
    });
    assert_eq!(report.failures, 0);
}

#[test]
fn items_come_in_any_order() {
    let found = verdict(|| {
        let (sender, receiver) = mpsc::channel();
        for item in 0..2 {
            let sender = sender.clone();
            thread::spawn(move || sender.send(item).unwrap());
        }
        assert!(receiver.recv() == Ok(0), "the second came first");
    });
    assert_eq!(found, "main panics: the second came first");
}

#[test]
fn a_sender_is_left() {
    let found = verdict(|| {
        let (sender, receiver) = mpsc::channel();
        let other = sender.clone();
        let sends = thread::spawn(move || other.send(1).unwrap());
        assert_eq!(receiver.iter().sum::<i32>(), 1);
        sends.join().unwrap();
        drop(sender);
    });
    assert_eq!(found, "deadlock: main waits for an item of sender");
}

#[test]
fn nobody_makes_room() {
    let found = verdict(|| {
        let (sender, receiver) = mpsc::sync_channel(1);
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        drop(receiver);
    });
    assert_eq!(found, "deadlock: main waits for room in sender");
    let found = verdict(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        sender.send(1).unwrap();
        drop(receiver);
    });
    assert!(found.starts_with("deadlock: main waits for a thread that receives from "), "{found}");
}

#[test]
fn a_barrier_waits_for_more_than_come() {
    let found = verdict(|| {
        let barrier = Arc::new(Barrier::new(3));
        let other = Arc::clone(&barrier);
        let comes = thread::spawn(move || _ = other.wait());
        barrier.wait();
        comes.join().unwrap();
    });
    assert!(found.contains("main waits for the other threads at barrier"), "{found}");
}

#[test]
fn what_is_before_a_barrier_is_seen_after_it() {
    let report = explore(|| {
        let (barrier, x) = (Barrier::new(2), AtomicI32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                x.store(1, SeqCst);
                barrier.wait();
            });
            barrier.wait();
            assert!(x.load(SeqCst) == 1);
        });
    });
    // Either comes last.
    assert_eq!((report.executions, report.failures), (2, 0));
}

#[test]
fn an_unpark_is_not_lost_but_counts_once() {
    let park_twice = || {
        let parks = thread::spawn(|| {
            thread::park();
            thread::park();
        });
        parks.thread().unpark();
        parks.thread().unpark();
        parks.join().unwrap();
    };
    let found = verdict(park_twice);
    assert!(found.ends_with("thread 2 waits for an unpark"), "{found}");
    let found = verdict(|| {
        let parks = thread::spawn(thread::park);
        parks.thread().unpark();
        parks.join().unwrap();
    });
    assert_eq!(found, "right");
}

#[test]
fn a_once_that_calls_itself_waits_for_ever() {
    let found = verdict(|| {
        let once = Once::new();
        once.call_once(|| once.call_once(|| {}));
    });
    assert!(
        found.starts_with("deadlock: main waits for the lock once, which it holds itself"),
        "{found}"
    );
}

#[test]
fn a_value_that_is_made_once_is_waited_for() {
    let found = verdict(|| {
        let value = Arc::new(OnceLock::new());
        let other = Arc::clone(&value);
        let makes = thread::spawn(move || other.set(1).unwrap());
        assert_eq!(*value.wait(), 1);
        makes.join().unwrap();
        assert_eq!(*value.wait(), 1);
    });
    assert_eq!(found, "right");
    let found = verdict(|| {
        let value: OnceLock<i32> = OnceLock::new();
        value.wait();
    });
    assert_eq!(found, "deadlock: main waits for a value in value");
}

#[test]
fn a_number_is_updated_in_two_steps() {
    let found = verdict(|| {
        let number = Arc::new(AtomicI32::new(0));
        let other = Arc::clone(&number);
        let adds = thread::spawn(move || other.update(SeqCst, SeqCst, |old| old + 1));
        let added = number.try_update(SeqCst, SeqCst, |old| (old < 1).then_some(old + 1));
        adds.join().unwrap();
        assert_eq!(number.load(SeqCst), if added.is_ok() { 2 } else { 1 });
    });
    assert_eq!(found, "right");
}

#[test]
fn a_thread_that_panics_is_an_error_for_the_one_that_joins() {
    let found = verdict(|| {
        let fails = thread::spawn(|| panic!("it fails"));
        assert!(fails.join().is_err());
    });
    assert_eq!(found, "right");
    let found = verdict(|| {
        let fails = thread::spawn(|| panic!("it fails"));
        fails.join().unwrap();
    });
    assert!(found.starts_with("main panics: called `Result::unwrap()` on an `Err`"), "{found}");
}

#[test]
fn what_waits_when_main_has_ended_does_not_matter() {
    let found = verdict(|| {
        thread::spawn(thread::park);
        thread::spawn(|| {
            loop {
                let lock = Mutex::new(0);
                drop(lock.lock());
                thread::park();
            }
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn a_detached_thread_is_tried_to_its_end() {
    let found = verdict(|| {
        let (x, y) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicI32::new(0)));
        let (x2, y2) = (Arc::clone(&x), Arc::clone(&y));
        thread::spawn(move || {
            y2.store(1, SeqCst);
            x2.store(1, SeqCst);
        });
        assert!(x.load(SeqCst) == 0, "it was quicker");
    });
    assert_eq!(found, "main panics: it was quicker");
}

#[test]
fn threads_that_only_wait_for_each_other_in_loops_are_a_livelock() {
    let found = verdict(|| {
        let flags = [AtomicBool::new(false), AtomicBool::new(false)];
        thread::scope(|scope| {
            for me in 0..2 {
                let flags = &flags;
                scope.spawn(move || {
                    while !flags[1 - me].load(SeqCst) {
                        thread::yield_now();
                    }
                    flags[me].store(true, SeqCst);
                });
            }
        });
    });
    assert_eq!(
        found,
        "livelock: main waits for the end of thread 2; thread 2 waits for a change in a loop; \
         thread 3 waits for a change in a loop"
    );
}

#[test]
fn a_loop_that_gives_up_is_no_livelock() {
    let found = verdict(|| {
        let lock = Mutex::new(0);
        let _guard = lock.lock().unwrap();
        let tries = || {
            for _ in 0..5 {
                if lock.try_lock().is_ok() {
                    return true;
                }
                hint::spin_loop();
            }
            false
        };
        assert!(!thread::scope(|scope| scope.spawn(tries).join().unwrap()));
    });
    assert_eq!(found, "right");
}

#[test]
fn a_loop_without_a_look_is_not_stopped() {
    // What comes after it can come at any time.
    let found = verdict(|| {
        let x = Arc::new(AtomicI32::new(0));
        let other = Arc::clone(&x);
        let sleeps = thread::spawn(move || {
            (0..3).for_each(|_| thread::sleep(LIMIT));
            other.store(1, SeqCst);
        });
        let early = x.load(SeqCst);
        x.load(SeqCst);
        assert!(early == 0, "it did not sleep long");
        sleeps.join().unwrap();
    });
    assert_eq!(found, "main panics: it did not sleep long");
}

#[test]
fn peterson_with_loops() {
    let peterson = |flag_first: bool| {
        let flags = [AtomicBool::new(false), AtomicBool::new(false)];
        let (turn, inside) = (AtomicI32::new(0), AtomicI32::new(0));
        thread::scope(|scope| {
            for me in 0..2 {
                let (flags, turn, inside) = (&flags, &turn, &inside);
                scope.spawn(move || {
                    if flag_first {
                        flags[me].store(true, SeqCst);
                    }
                    turn.store(1 - me as i32, SeqCst);
                    flags[me].store(true, SeqCst);
                    while flags[1 - me].load(SeqCst) && turn.load(SeqCst) != me as i32 {
                        hint::spin_loop();
                    }
                    assert!(inside.fetch_add(1, SeqCst) == 0, "two are inside");
                    inside.fetch_sub(1, SeqCst);
                    flags[me].store(false, SeqCst);
                });
            }
        });
    };
    let explorer = Explorer::default();
    for (flag_first, wanted) in [(true, false), (false, true)] {
        let program = explorer::main(move || peterson(flag_first));
        let report = explorer.explore(Orders::Distinct, program);
        assert!(report.is_exhaustive(), "{report}");
        assert_eq!(report.failures > 0, wanted, "{report}");
    }
}

#[test]
fn a_scope_whose_threads_are_in_a_deadlock_is_unwound() {
    struct Counts<'a>(&'a std::sync::atomic::AtomicUsize, &'a [i32]);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            assert_eq!(self.1, [1, 2, 3], "it is still there");
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    static DROPPED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

    let report = Explorer::default().explore(
        Orders::All,
        explorer::main(|| {
            let numbers = vec![1, 2, 3];
            let locks = [Mutex::new(()), Mutex::new(())];
            thread::scope(|scope| {
                for me in 0..2 {
                    let (numbers, locks) = (&numbers, &locks);
                    scope.spawn(move || {
                        let _counts = Counts(&DROPPED, numbers);
                        let _first = locks[me].lock().unwrap();
                        let _second = locks[1 - me].lock().unwrap();
                    });
                }
            });
        }),
    );
    assert!(report.failures > 0 && report.failures < report.executions, "{report}");
    let dropped = DROPPED.load(std::sync::atomic::Ordering::Relaxed);
    assert!(dropped as u64 >= 2 * report.executions, "{dropped} of {report}");
}

#[test]
fn a_scoped_thread_waits_when_main_panics() {
    let found = verdict(|| {
        let lock = Mutex::new(0);
        thread::scope(|scope| {
            scope.spawn(|| *lock.lock().unwrap() += 1);
            panic!("in the scope");
        });
    });
    assert_eq!(found, "main panics: in the scope");
}

#[test]
fn outside_of_an_exploration_they_panic() {
    let message = |make: fn()| {
        let panic = catch_unwind(make).expect_err("a panic");
        panic.downcast_ref::<&str>().map(|text| (*text).to_owned())
    };
    let wanted = "the locks, variables and threads of the explorer are for an explored program: \
                  make and use them in the closure that the explorer runs, and start its threads \
                  with explorer::thread";
    let uses: [fn(); 5] = [
        || _ = Mutex::new(0),
        || _ = AtomicBool::new(true),
        || drop(mpsc::channel::<i32>()),
        || drop(thread::spawn(|| {})),
        thread::yield_now,
    ];
    for outside in uses {
        assert_eq!(message(outside).as_deref(), Some(wanted));
    }
}

#[test]
fn too_many_threads_are_refused() {
    let program = explorer::main(|| {
        (0..63).for_each(|_| drop(thread::spawn(|| {})));
    });
    let report = Explorer::default().explore(Orders::Preemptions(0), program);
    let message = "an explored program has at most 63 threads".to_owned();
    let fault = report.simplest.expect("a panic").fault;
    assert_eq!(fault, Fault::Panic { thread: "main", message });
}

#[test]
fn main_is_alone_at_first() {
    let explore = || {
        Explorer::default().explore(Orders::All, |program| {
            program.thread("t1", || {});
            program.main(|| {});
        })
    };
    let panic = catch_unwind(AssertUnwindSafe(explore)).expect_err("a refusal");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert_eq!(message, "exploration failed: the main thread is added before any other");
}

#[test]
fn a_scope_ends_after_all_of_its_threads_whoever_joins_them() {
    let found = verdict(|| {
        let y = AtomicI32::new(0);
        thread::scope(|scope| {
            let first = scope.spawn(|| _ = y.load(SeqCst));
            let y = &y;
            scope.spawn(move || {
                first.join().unwrap();
                y.store(1, SeqCst);
            });
        });
        assert_eq!(y.load(SeqCst), 1, "the scope has ended before its thread");
    });
    assert_eq!(found, "right");
}

#[test]
fn a_panic_that_another_thread_of_the_scope_has_joined_is_not_the_scope_s() {
    let found = verdict(|| {
        thread::scope(|scope| {
            let fails = scope.spawn(|| panic!("it fails"));
            scope.spawn(move || assert!(fails.join().is_err()));
        });
    });
    assert_eq!(found, "right");
}

#[test]
fn a_sleep_at_one_place_after_a_look_at_something_else_is_no_loop() {
    fn nap() {
        thread::sleep(LIMIT);
    }
    let found = verdict(|| {
        let [a, b, c] = [(); 3].map(|()| Arc::new(AtomicI32::new(0)));
        let of_other = Arc::clone(&c);
        let other = thread::spawn(move || {
            a.load(SeqCst);
            nap();
            b.load(SeqCst);
            nap();
            of_other.store(1, SeqCst);
        });
        assert!(c.load(SeqCst) == 0, "the other was quicker");
        other.join().unwrap();
    });
    assert_eq!(found, "main panics: the other was quicker");
}

#[test]
fn a_thread_too_many_that_has_a_sender_is_refused() {
    let report = Explorer::default().explore(
        Orders::Preemptions(0),
        explorer::main(|| {
            let (sender, _receiver) = mpsc::channel::<i32>();
            for _ in 0..63 {
                let sender = sender.clone();
                thread::spawn(move || drop(sender));
            }
        }),
    );
    let fault = report.simplest.expect("a failure").fault.to_string();
    assert_eq!(fault, "main panics: an explored program has at most 63 threads");
}

#[test]
fn a_compare_exchange_says_whether_it_has_stored() {
    explorer::add_source(file!(), include_str!("front.rs"));
    let run = Explorer::default().replay(
        &"1x2".parse().expect("a schedule"),
        explorer::main(|| {
            let balance = AtomicI32::new(60);
            let _ = balance.compare_exchange(60, 70, SeqCst, SeqCst);
            let _ = balance.compare_exchange(60, 80, SeqCst, SeqCst);
        }),
    );
    let steps: Vec<_> = run.expect("a run").steps.into_iter().map(|it| it.description).collect();
    assert_eq!(steps, ["compare_exchange balance: 70", "compare_exchange balance: no (70)"]);
}
