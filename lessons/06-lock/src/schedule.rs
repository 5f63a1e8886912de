//! Every order in which two threads can take the steps of the notes' `change_it`: how many
//! there are, how many end with a wrong balance, and the simplest of these, step by step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use anyhow::{Context, Result};
use common::menu::{Options, WrongUsage};
use common::text;
use lesson_06_lock::explorer::{
    Cell, Explorer, Mutex, Orders, Outcome, Program, Schedule, timeline,
};

/// How many orders end with which balance.
type Balances = Arc<StdMutex<BTreeMap<i64, u64>>>;

/// The program of the notes. Each `get` and each `set` is a step.
fn change_it(balance: &Cell<i64>, n: i64) {
    let b = balance.get();
    balance.set(b + n);
    let b = balance.get();
    balance.set(b - n);
}

fn change_it_locked(lock: &Mutex<()>, balance: &Cell<i64>, n: i64) {
    let _guard = lock.lock();
    change_it(balance, n);
}

/// Two threads, one with 5 and one with 8.
fn two_threads(times: u32, locked: bool, balances: &Balances) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let lock = Mutex::new("lock", ());
        let balance = Cell::new("balance", 0);
        for (name, n) in [("t1", 5), ("t2", 8)] {
            let (lock, balance) = (lock.clone(), balance.clone());
            program.thread(name, move || {
                for _ in 0..times {
                    match locked {
                        true => change_it_locked(&lock, &balance, n),
                        false => change_it(&balance, n),
                    }
                }
            });
        }
        let balances = Arc::clone(balances);
        program.at_the_end(move || {
            let balance = balance.get();
            *balances.lock().unwrap_or_else(PoisonError::into_inner).entry(balance).or_default() +=
                1;
            if balance == 0 { Ok(()) } else { Err(format!("the balance is {balance}")) }
        });
    }
}

pub fn run(options: &Options) -> Result<()> {
    let times = options.number("--times", 1..=2)?.unwrap_or(1);
    let locked = options.has("--lock");
    if let Some(schedule) = options.get::<Schedule>("--replay")? {
        return show(&schedule, times, locked);
    }
    let explorer = Explorer::default();
    let balances = Balances::default();
    println!("t1 calls change_it(5), t2 calls change_it(8); how often: {times}");

    let report = explorer.explore(Orders::All, two_threads(times, false, &balances));
    println!("without a lock, {report}");
    for (balance, orders) in balances.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("  the balance is {balance:>3} after {orders:>4}");
    }
    let simplest = report.simplest.context("no order went wrong, and without a lock some do")?;
    let (preemptions, switches) = (simplest.preemptions, simplest.schedule.switches());
    println!("the simplest that goes wrong, with {preemptions} preemptions, {switches} switches:");
    show(&simplest.schedule, times, false)?;

    let report = explorer.explore(Orders::All, two_threads(times, true, &balances));
    println!("with the lock, {report}");
    println!("bounds: {}", report.bounds);
    Ok(())
}

/// Runs it in this order, and shows each step.
fn show(schedule: &Schedule, times: u32, locked: bool) -> Result<()> {
    let balances = Balances::default();
    let run = Explorer::default().replay(schedule, two_threads(times, locked, &balances));
    let run = run.map_err(|why| WrongUsage(format!("--replay: {why}")))?;
    print!("{}", timeline(&run, include_str!("schedule.rs"), text::width().min(100)));
    match run.outcome {
        Outcome::Right => println!("the balance is 0"),
        Outcome::Fault(fault) => println!("{fault}: --replay {schedule}"),
        Outcome::Unfinished => println!("not at the end: threads could go on"),
    }
    Ok(())
}
