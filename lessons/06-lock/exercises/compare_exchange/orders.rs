//! What must hold in every order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

use harness::Scenario;

use super::program::withdraw;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a thread withdraws what is there, and more", run: alone },
    Scenario { name: "two threads withdraw 60 and 70 out of 100", run: one_of_two },
    Scenario { name: "two threads withdraw 60 and 40 out of 100", run: both },
    Scenario { name: "a thread withdraws 60 out of 100, another deposits 50", run: deposit },
    Scenario {
        name: "a thread withdraws 60 out of 100, another deposits 1 eight times",
        run: often,
    },
    Scenario { name: "a thread withdraws 70 out of 50, another deposits 60", run: enough_later },
    Scenario { name: "two threads withdraw 60 and 150 out of 100", run: too_much },
    Scenario { name: "three threads withdraw 50, 30 and 40 out of 100", run: three },
    Scenario { name: "a thread withdraws 60, another takes 50 and puts it back", run: back },
    Scenario {
        name: "a thread withdraws 60 out of 50, another puts 50 in and takes it back",
        run: forth,
    },
    Scenario { name: "two threads withdraw 60 and 70 out of 100, a third looks", run: watched },
];

fn account(money: i64) -> Arc<AtomicI64> {
    let balance = AtomicI64::new(money);
    Arc::new(balance)
}

/// Starts a thread that withdraws an amount.
fn withdrawal(balance: &Arc<AtomicI64>, amount: i64) -> thread::JoinHandle<bool> {
    let balance = Arc::clone(balance);
    thread::spawn(move || withdraw(&balance, amount))
}

/// Starts a thread that deposits an amount.
fn deposit_of(balance: &Arc<AtomicI64>, amount: i64) -> thread::JoinHandle<()> {
    let balance = Arc::clone(balance);
    thread::spawn(move || {
        balance.fetch_add(amount, SeqCst);
    })
}

fn alone() {
    let balance = account(100);
    require_paid(60, withdraw(&balance, 60));
    require(&balance, 40);
    require_refused(41, withdraw(&balance, 41));
    require(&balance, 40);
    require_paid(40, withdraw(&balance, 40));
    require(&balance, 0);
    require_refused(1, withdraw(&balance, 1));
    require(&balance, 0);
}

fn one_of_two() {
    let balance = account(100);
    let threads = [60, 70].map(|amount| withdrawal(&balance, amount));
    match threads.map(|thread| thread.join().unwrap()) {
        [true, false] => require(&balance, 40),
        [false, true] => require(&balance, 30),
        [true, true] => panic!("60 and 70 were paid, but only 100 was there"),
        [false, false] => panic!("both were refused, although 100 was there"),
    }
}

fn both() {
    let balance = account(100);
    let threads = [60, 40].map(|amount| (amount, withdrawal(&balance, amount)));
    for (amount, thread) in threads {
        require_paid(amount, thread.join().unwrap());
    }
    require(&balance, 0);
}

fn deposit() {
    let balance = account(100);
    let (paid, other) = (withdrawal(&balance, 60), deposit_of(&balance, 50));
    other.join().unwrap();
    require_paid(60, paid.join().unwrap());
    require(&balance, 90);
}

/// Another thread can come between many times.
fn often() {
    let balance = account(100);
    let other = Arc::clone(&balance);
    let other = thread::spawn(move || {
        for _ in 0..8 {
            other.fetch_add(1, SeqCst);
        }
    });
    let is_paid = withdraw(&balance, 60);
    other.join().unwrap();
    require_paid(60, is_paid);
    require(&balance, 48);
}

/// Whether it is paid depends on the order.
fn enough_later() {
    let balance = account(50);
    let (paid, other) = (withdrawal(&balance, 70), deposit_of(&balance, 60));
    other.join().unwrap();
    let is_paid = paid.join().unwrap();
    require(&balance, if is_paid { 40 } else { 110 });
}

fn too_much() {
    let balance = account(100);
    let (small, large) = (withdrawal(&balance, 60), withdrawal(&balance, 150));
    require_refused(150, large.join().unwrap());
    require_paid(60, small.join().unwrap());
    require(&balance, 40);
}

fn three() {
    let balance = account(100);
    let threads = [50, 30, 40].map(|amount| (amount, withdrawal(&balance, amount)));
    let mut left = 100;
    let mut refused = Vec::new();
    for (amount, thread) in threads {
        if thread.join().unwrap() {
            left -= amount;
        } else {
            refused.push(amount);
        }
    }
    require(&balance, left);
    assert!(!refused.is_empty(), "50, 30 and 40 were paid, but only 100 was there");
    assert!(
        refused.len() == 1,
        "{refused:?} were refused, but only one of the three is too much for 100"
    );
}

fn back() {
    let balance = account(100);
    let other = Arc::clone(&balance);
    let other = thread::spawn(move || {
        other.fetch_sub(50, SeqCst);
        other.fetch_add(50, SeqCst);
    });
    let is_paid = withdraw(&balance, 60);
    other.join().unwrap();
    require(&balance, if is_paid { 40 } else { 100 });
}

/// The balance is the same again, and was enough between.
fn forth() {
    let balance = account(50);
    let other = Arc::clone(&balance);
    let other = thread::spawn(move || {
        other.fetch_add(50, SeqCst);
        withdraw(&other, 50)
    });
    let is_paid = withdraw(&balance, 60);
    let is_back = other.join().unwrap();
    assert!(!(is_paid && is_back), "60 and 50 were paid, but only 100 was there");
    assert!(is_paid || is_back, "50 was refused, although enough was there");
    require(&balance, if is_paid { 40 } else { 50 });
}

fn watched() {
    let balance = account(100);
    let threads = [60, 70].map(|amount| withdrawal(&balance, amount));
    let seen = balance.load(SeqCst);
    assert!([100, 40, 30].contains(&seen), "another thread sees a balance of {seen}");
    for thread in threads {
        thread.join().unwrap();
    }
}

fn require(balance: &AtomicI64, expected: i64) {
    let balance = balance.load(SeqCst);
    assert!(balance == expected, "the balance is {balance}, and not {expected}");
}

fn require_paid(amount: i64, is_paid: bool) {
    assert!(is_paid, "{amount} was refused, although enough was there");
}

fn require_refused(amount: i64, is_paid: bool) {
    assert!(!is_paid, "{amount} was paid, although not enough was there");
}
