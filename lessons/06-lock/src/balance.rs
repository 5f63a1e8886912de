//! The notes' program: two threads put money into one balance and take it out again. Without
//! a lock the balance goes wrong; with a lock it does not. Compare with `notes.py`.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::thread;

use anyhow::{Context, Result, ensure};
use common::menu::Options;

/// Your bank balance, shared by all threads.
static BALANCE: AtomicI64 = AtomicI64::new(0);

fn change_it(n: i64) {
    // The black box keeps load and store apart. On x86-64 an optimised build would make one
    // instruction of them, which cannot be interrupted half-way on a single CPU.
    let balance = black_box(BALANCE.load(Relaxed));
    BALANCE.store(balance + n, Relaxed);
    let balance = black_box(BALANCE.load(Relaxed));
    BALANCE.store(balance - n, Relaxed);
}

/// The same balance inside a lock: `lock()` is the only way to reach it.
static LOCKED_BALANCE: Mutex<i64> = Mutex::new(0);

fn change_it_locked(n: i64) {
    let mut balance = LOCKED_BALANCE.lock().expect("no thread panics while it holds the lock");
    *balance += n;
    *balance -= n;
}

pub fn run(options: &Options) -> Result<()> {
    let times = options.get::<u32>("--times")?.unwrap_or(100_000).into();
    let rounds = options.get::<NonZero<u32>>("--rounds")?.map_or(100, u32::from).into();
    ensure!(times > 0, "with --times 0 nothing can be lost: no thread changes the balance");
    compare(change_it, change_it_locked, times, rounds)
}

fn compare(change_it: fn(i64), change_it_locked: fn(i64), times: u64, rounds: u64) -> Result<()> {
    println!("two threads put in and take out 5 and 8, {times} times each");
    let wrong = first_wrong_round(change_it, times, rounds)?;
    let (round, balance) = wrong.with_context(|| {
        format!("gave up: the balance was 0 after each of {rounds} rounds; more --times may help")
    })?;
    println!("without a lock: balance ≈ {balance} in round ≈ {round}");

    // As often as in the round that went wrong.
    run_threads(change_it_locked, times * round)?;
    let balance = LOCKED_BALANCE.lock().expect("both threads ended well");
    println!("with a lock: balance {balance} after as many changes");
    Ok(())
}

/// Runs the notes' program until its balance is wrong; returns the round and the balance.
/// Round 2 makes twice as many changes, round 3 three times as many: in a short round one
/// thread may be done before the other has begun.
fn first_wrong_round(change_it: fn(i64), times: u64, rounds: u64) -> Result<Option<(u64, i64)>> {
    for round in 1..=rounds {
        BALANCE.store(0, Relaxed);
        run_threads(change_it, times * round)?;
        let balance = BALANCE.load(Relaxed);
        if balance != 0 {
            return Ok(Some((round, balance)));
        }
    }
    Ok(None)
}

/// Two threads run at the same time, one with 5 and one with 8.
fn run_threads(change_it: fn(i64), times: u64) -> Result<()> {
    let run_thread = |n| {
        move || {
            for _ in 0..times {
                change_it(n);
            }
        }
    };
    let t1 = thread::Builder::new().name("t1".to_owned()).spawn(run_thread(5));
    let t2 = thread::Builder::new().name("t2".to_owned()).spawn(run_thread(8));
    for thread in [t1, t2] {
        thread.context("start a thread")?.join().ok().context("join: the thread panicked")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use common::panics;
    use testing::printed;

    use super::*;

    #[test]
    fn it_is_the_balance_inside_the_lock_that_is_changed() {
        // In a process that ends with it: the second thread may still run when the first has
        // panicked.
        printed::lines("1", || {
            run_threads(change_it_locked, 1000).unwrap();
            assert_eq!(*LOCKED_BALANCE.lock().unwrap(), 0);
            panics::silence();
            *LOCKED_BALANCE.lock().unwrap() = i64::MAX;
            let error = run_threads(change_it_locked, 1).unwrap_err();
            assert!(error.to_string().contains("the thread panicked"), "{error}");
        });
    }

    #[test]
    fn the_wrong_balance_is_the_one_that_the_threads_have_left() {
        let lines = printed::lines("1", || {
            run(&Options::of(&[("--times N", ""), ("--rounds N", "")])).unwrap();
            println!("{}", BALANCE.load(Relaxed));
        });
        let [_, wrong, _, left] = &lines[..] else { panic!("{lines:#?}") };
        assert!(wrong.starts_with(&format!("without a lock: balance ≈ {left} in")), "{wrong}");
    }

    #[test]
    fn as_many_changes_are_made_with_the_lock_as_in_the_round_that_went_wrong() {
        static BEFORE: AtomicI64 = AtomicI64::new(0);
        static LOCKED: AtomicI64 = AtomicI64::new(0);
        // Two threads make 10 changes each in the first round, and 20 in the second.
        fn wrong_in_the_third_round(_: i64) {
            if BEFORE.fetch_add(1, Relaxed) == 20 + 40 {
                BALANCE.store(9, Relaxed);
            }
        }
        fn count(_: i64) {
            LOCKED.fetch_add(1, Relaxed);
        }
        let lines = printed::lines("1", || {
            *LOCKED_BALANCE.lock().unwrap() = 7;
            compare(wrong_in_the_third_round, count, 10, 100).unwrap();
            assert_eq!(LOCKED.load(Relaxed), 60);
        });
        assert_eq!(
            lines[1..],
            [
                "without a lock: balance ≈ 9 in round ≈ 3",
                "with a lock: balance 7 after as many changes"
            ]
        );
    }

    #[test]
    fn the_demo_changes_the_balance_inside_the_lock() {
        printed::lines("1", || {
            panics::silence();
            *LOCKED_BALANCE.lock().unwrap() = i64::MAX;
            let error = run(&Options::of(&[("--times N", ""), ("--rounds N", "")])).unwrap_err();
            assert!(error.to_string().contains("the thread panicked"), "{error}");
        });
    }

    #[test]
    fn a_thread_waits_while_another_has_the_lock() {
        let guard = LOCKED_BALANCE.lock().unwrap();
        let t = thread::spawn(|| change_it_locked(5));
        // Time enough for a change that does not wait for the lock.
        thread::sleep(Duration::from_millis(50));
        assert!(!t.is_finished());

        drop(guard);
        t.join().unwrap();
        assert_eq!(*LOCKED_BALANCE.lock().unwrap(), 0);
    }
}
