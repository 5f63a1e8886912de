//! Your own threads in every order of their steps. Copy this demo, and write your program where
//! `program` is: `cargo xtask copy 06-lock orders mine`.

// With `std` in place of `explorer`, the same program runs with real threads.
use explorer::sync::{Arc, Mutex};
use explorer::thread;

/// Wrong, though it looks right: takes money out if there is enough.
fn withdraw(money: &Mutex<i64>, amount: i64) {
    let there = *money.lock().unwrap();
    if there >= amount {
        *money.lock().unwrap() -= amount;
    }
}

/// Right: nobody else can take money out between the look and the withdrawal.
fn withdraw_under_one_lock(money: &Mutex<i64>, amount: i64) {
    let mut there = money.lock().unwrap();
    if *there >= amount {
        *there -= amount;
    }
}

/// Makes the threads, joins them, and panics if the result is wrong.
fn two_threads(withdraw: fn(&Mutex<i64>, i64)) {
    let money = Arc::new(Mutex::new(100));
    let threads = [60, 70].map(|amount| {
        let money = Arc::clone(&money);
        thread::spawn(move || withdraw(&money, amount))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    let left = *money.lock().unwrap();
    assert!(left >= 0, "{left} is left");
}

/// The program whose orders are tried.
fn program() {
    two_threads(withdraw);
}

/// The same, mended.
fn mended() {
    two_threads(withdraw_under_one_lock);
}

// What follows needs no change.

use anyhow::Result;
use common::menu::Options;
use explorer::{Schedule, add_source};

use crate::found::{show_order, try_and_show};
use crate::game::{Game, Played};

const SOURCE: &str = include_str!("orders.rs");

pub fn run(options: &Options) -> Result<()> {
    // So the reports call a lock by its variable.
    add_source(file!(), SOURCE);
    let program = explorer::main(if options.has("--mended") { mended } else { program });
    if let Some(schedule) = options.get::<Schedule>("--replay")? {
        return show_order(&schedule, &program, SOURCE);
    }
    if ["--play", "--keys", "--html"].into_iter().any(|option| options.has(option)) {
        let title = "make it go wrong";
        let right = "nothing went wrong";
        let (hint, keys) = (String::new(), "1, 2, 3");
        let program = Box::new(program);
        return Game::new(vec![Played { program, title, right, hint, keys }], SOURCE).play(options);
    }
    try_and_show(&program, SOURCE)
}
