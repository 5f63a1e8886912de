//! What can go wrong is found and reported, and can be replayed.

use explorer::{
    Bounds, Cell, Condvar, Explorer, Failure, Fault, Mutex, Orders, Outcome, Program, Schedule,
    ThreadState, spawn,
};

fn find(program: impl Fn(&mut Program) + Sync) -> Option<Failure> {
    let explorer = Explorer::default();
    let all = explorer.explore(Orders::All, &program);
    let distinct = explorer.explore(Orders::Distinct, &program);
    assert!(all.is_exhaustive() && distinct.is_exhaustive(), "{all}\n{distinct}");
    assert_eq!(all.failures == 0, distinct.failures == 0);
    for failure in [&all.simplest, &distinct.simplest].into_iter().flatten() {
        let schedule: Schedule = failure.schedule.to_string().parse().expect("a schedule");
        let run = explorer.replay(&schedule, &program).expect("it was possible once");
        assert_eq!(run.outcome, Outcome::Fault(failure.fault.clone()));
        assert_eq!(run.steps.len(), schedule.0.len());
    }
    all.simplest
}

/// Two threads that take two locks.
fn two_locks(program: &mut Program, in_one_order: bool) {
    let (a, b) = (Mutex::new("a", 0), Mutex::new("b", 0));
    for (name, swapped) in [("t1", false), ("t2", !in_one_order)] {
        let (first, second) = if swapped { (b.clone(), a.clone()) } else { (a.clone(), b.clone()) };
        program.thread(name, move || {
            let mut first = first.lock();
            let mut second = second.lock();
            *first += 1;
            *second += 1;
        });
    }
}

#[test]
fn locks_in_opposite_order() {
    assert_eq!(find(|program| two_locks(program, true)), None);
    let failure = find(|program| two_locks(program, false)).expect("a deadlock");
    assert_eq!(
        failure.fault.to_string(),
        "deadlock: t1 waits for the lock b, which t2 has; t2 waits for the lock a, which t1 has"
    );
    assert!(!failure.fault.is_lost_wake_up());
    assert_eq!((failure.preemptions, failure.schedule.to_string().as_str()), (1, "1,2"));
}

/// One thread waits for the other's word.
fn wait_for_word(program: &mut Program, check_under_the_lock: bool) {
    let (ready, word) = (Mutex::new("ready", false), Condvar::new("word"));
    {
        let (ready, word) = (ready.clone(), word.clone());
        program.thread("waits", move || {
            if check_under_the_lock {
                let mut ready = ready.lock();
                while !*ready {
                    ready = word.wait(ready);
                }
            } else if !*ready.lock() {
                let guard = ready.lock();
                let _guard = word.wait(guard);
            }
        });
    }
    program.thread("tells", move || {
        *ready.lock() = true;
        word.notify_one();
    });
}

#[test]
fn a_notification_before_the_wait_is_lost() {
    assert_eq!(find(|program| wait_for_word(program, true)), None);
    let failure = find(|program| wait_for_word(program, false)).expect("a lost wake-up");
    assert!(failure.fault.is_lost_wake_up());
    assert_eq!(failure.fault.to_string(), "lost wake-up: waits waits for a notification of word");
}

#[test]
fn a_wait_without_a_loop_ends_too_early_for_no_reason() {
    let program = |with_loop: bool| {
        move |program: &mut Program| {
            let (ready, word) = (Mutex::new("ready", false), Condvar::new("word"));
            let (ready2, word2) = (ready.clone(), word.clone());
            program.thread("waits", move || {
                let mut guard = ready2.lock();
                while !*guard {
                    guard = word2.wait(guard);
                    if !with_loop {
                        break;
                    }
                }
                assert!(*guard, "not ready");
            });
            program.thread("tells", move || {
                *ready.lock() = true;
                word.notify_all();
            });
        }
    };
    let explorer = Explorer { bounds: Bounds { spurious: 1, ..Bounds::default() } };
    for orders in [Orders::All, Orders::Distinct] {
        let report = explorer.explore(orders, program(false));
        let fault = report.simplest.expect("a wake-up without a notification").fault;
        let message = "not ready".to_owned();
        assert_eq!(fault, Fault::Panic { thread: "waits", message });
        let report = explorer.explore(orders, program(true));
        assert!(report.is_exhaustive() && report.failures == 0, "{report}");
        // Where a wait ends for a reason only, the loop is not missed.
        assert_eq!(Explorer::default().explore(orders, program(false)).failures, 0);
    }
}

#[test]
fn a_notification_wakes_any_of_those_that_wait() {
    // The second thread to wait is the only one that does something about it.
    let failure = find(|program| {
        let (waiting, word) = (Mutex::new("waiting", 0), Condvar::new("word"));
        for name in ["t1", "t2"] {
            let (waiting, word) = (waiting.clone(), word.clone());
            program.thread(name, move || {
                let mut guard = waiting.lock();
                *guard += 1;
                let mine = *guard;
                guard = word.wait(guard);
                drop(guard);
                assert!(mine == 1, "the second woke first");
            });
        }
        program.thread("tells", move || {
            if *waiting.lock() == 2 {
                word.notify_one();
            }
        });
    });
    let fault = failure.expect("somebody is left").fault;
    assert!(matches!(fault, Fault::Deadlock(_) | Fault::Panic { .. }), "{fault}");
}

#[test]
fn threads_make_threads_and_wait_for_them() {
    let failure = find(|program| {
        let balance = Cell::new("balance", 0);
        program.thread("main", move || {
            let other = balance.clone();
            let child = spawn("child", move || {
                other.set(other.get() + 1);
                other.get()
            });
            balance.set(balance.get() + 1);
            let seen = child.join();
            assert!(balance.get() == 2, "a store was lost");
            assert!((1..=2).contains(&seen));
        });
    });
    let fault = failure.expect("a lost update").fault;
    assert_eq!(fault.to_string(), "main panics: a store was lost");
}

#[test]
fn a_join_of_a_thread_that_waits_for_this_one_is_a_deadlock() {
    let failure = find(|program| {
        let lock = Mutex::new("lock", ());
        program.thread("main", move || {
            let guard = lock.lock();
            let other = lock.clone();
            let child = spawn("child", move || drop(other.lock()));
            child.join();
            drop(guard);
        });
    });
    assert_eq!(
        failure.expect("a deadlock").fault.to_string(),
        "deadlock: main waits for the end of child; child waits for the lock lock, which main has"
    );
}

#[test]
fn what_has_no_end_is_cut_off_and_counted() {
    let explorer = Explorer { bounds: Bounds { steps: 20, executions: 1000, ..Bounds::default() } };
    let spin = |program: &mut Program| {
        let flag = Cell::new("flag", false);
        let other = flag.clone();
        program.thread("spins", move || while !other.get() {});
        program.thread("sets", move || flag.set(true));
    };
    let report = explorer.explore(Orders::All, spin);
    assert!(report.finished && report.too_long > 0 && !report.is_exhaustive(), "{report}");
    assert!(report.to_string().contains("cut off after 20 steps"), "{report}");
}

#[test]
fn a_bound_on_the_executions_is_reported() {
    let explorer = Explorer { bounds: Bounds { executions: 1, ..Bounds::default() } };
    let report = explorer.explore(Orders::All, |program| two_locks(program, false));
    assert!(!report.finished && report.executions == 1, "{report}");
    assert!(report.to_string().starts_with("not every order: stopped after 1"), "{report}");
}

#[test]
fn a_schedule_that_cannot_be_is_an_error_that_says_why() {
    let replay = |text: &str| {
        let schedule: Schedule = text.parse().expect("a schedule");
        let run = Explorer::default().replay(&schedule, |program| two_locks(program, false));
        run.map_err(|why| why.to_string())
    };
    let wrong = |text| replay(text).expect_err(text);
    assert_eq!(
        wrong("1,2x2"),
        "step 3 cannot be one of thread 2: it waits for the lock a, which t1 has"
    );
    assert_eq!(wrong("3"), "step 1 cannot be one of thread 3: there are 2");
    assert_eq!(wrong("1x9"), "step 5 cannot be one of thread 1: it has ended");

    let run = replay("1x2,2").expect_err("t1 has both");
    assert!(run.contains("which t1 has"), "{run}");
    let run = replay("1x2").expect("it can be");
    assert_eq!(run.outcome, Outcome::Unfinished);
    let ThreadState::Blocked(blocked) = &run.threads[1].state else { panic!("{run:?}") };
    assert_eq!(blocked.to_string(), "t2 waits for the lock b, which t1 has");
    assert!(matches!(run.threads[0].state, ThreadState::Ready(_)), "{run:?}");
    let steps: Vec<_> = run.steps.iter().map(|step| step.description.as_str()).collect();
    assert_eq!(steps, ["lock a", "lock b"]);
}

/// The message of the panic with which an exploration of all orders fails.
fn failure_of(program: impl Fn(&mut Program) + Sync) -> String {
    let explore = || Explorer::default().explore(Orders::All, program);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(explore));
    let panic = result.expect_err("the exploration fails");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_program_that_panics_before_its_threads_start_is_reported() {
    assert_eq!(failure_of(|_| panic!("no threads")), "exploration failed: no threads");
}

#[test]
fn a_program_that_changes_from_run_to_run_is_reported() {
    use std::sync::atomic::{AtomicU32, Ordering};

    // In its second run a step is another one, is missing, or cannot be taken.
    for change in 0..3 {
        let runs = AtomicU32::new(0);
        let message = failure_of(|program| {
            let first = runs.fetch_add(1, Ordering::Relaxed) == 0;
            let (balance, lock) = (Cell::new("balance", 0), Mutex::new("lock", ()));
            for name in ["t1", "t2"] {
                let (balance, lock) = (balance.clone(), lock.clone());
                program.thread(name, move || {
                    match change {
                        0 if !first => balance.set(1),
                        1 if !first => return,
                        2 if !first => drop(lock.lock()),
                        _ => _ = balance.get(),
                    }
                    balance.set(2);
                });
            }
        });
        let wanted =
            "exploration failed: the program does not take the same steps again: step 1, of t1";
        assert!(message.starts_with(wanted), "change {change}: {message}");
    }
}

#[test]
fn a_state_that_stays_from_run_to_run_is_reported() {
    use std::sync::atomic::{AtomicU32, Ordering};

    // With one thread there is one order: only its repetition shows the change.
    let runs = AtomicU32::new(0);
    let message = failure_of(|program| {
        let first = runs.fetch_add(1, Ordering::Relaxed) == 0;
        program.thread("t1", move || assert!(first, "not the first"));
    });
    let wanted = "exploration failed: the program does not end in the same way again: \
                  the first time after";
    assert_eq!(message, format!("{wanted} 0 steps"));
    let runs = AtomicU32::new(0);
    let message = failure_of(|program| {
        let first = runs.fetch_add(1, Ordering::Relaxed) == 0;
        let x = Cell::new("x", 0);
        program.thread("t1", move || {
            x.get();
            if !first {
                x.set(1);
            }
        });
    });
    assert_eq!(message, format!("{wanted} 1 steps"));
}

#[test]
fn a_thread_that_is_not_one_of_the_program_is_refused() {
    let message = failure_of(|_| spawn("child", || {}).join());
    let wanted = "only a thread can start child: make the first threads with `program.thread`";
    assert_eq!(message, format!("exploration failed: {wanted}"));

    let failure = find(|program| {
        program.at_the_end(|| {
            spawn("child", || {}).join();
            Ok(())
        })
    });
    assert_eq!(failure.expect("a refusal").fault, Fault::Wrong(wanted.to_owned()));
    let failure = find(|program| {
        let (lock, word) = (Mutex::new("lock", ()), Condvar::new("word"));
        program.at_the_end(move || {
            drop(word.wait(lock.lock()));
            Ok(())
        });
    });
    let wanted = "the check at the end waits for a notification of word";
    assert_eq!(failure.expect("a refusal").fault, Fault::Wrong(wanted.to_owned()));
}

#[test]
fn too_many_threads_are_reported() {
    const MOST: usize = 63;
    let message = failure_of(|program| (0..=MOST).for_each(|_| program.thread("t", || {})));
    assert_eq!(message, "exploration failed: an explored program has at most 63 threads");

    let report = Explorer::default().explore(Orders::Preemptions(0), |program| {
        program.thread("main", || (0..MOST).for_each(|_| drop(spawn("child", || {}))));
    });
    let message = "an explored program has at most 63 threads".to_owned();
    let fault = report.simplest.expect("a panic").fault;
    assert_eq!(fault, Fault::Panic { thread: "main", message });
}
