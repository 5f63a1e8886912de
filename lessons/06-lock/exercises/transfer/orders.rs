//! What must hold in every order.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Bank;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one thread moves money to and fro", run: alone },
    Scenario { name: "two threads move money from 0 to 1 and from 1 to 0", run: || opposite(0, 1) },
    Scenario { name: "two threads move money from 0 to 2 and from 2 to 0", run: || opposite(0, 2) },
    Scenario { name: "two threads move money from 0 to 3 and from 3 to 0", run: || opposite(0, 3) },
    Scenario { name: "two threads move money from 1 to 3 and from 3 to 1", run: || opposite(1, 3) },
    Scenario { name: "a thread moves money from an account to itself", run: to_itself },
    Scenario { name: "two threads move 60 out of the same 100", run: one_of_two },
    Scenario { name: "two threads move 60 into the same account", run: same_target },
    Scenario { name: "two threads move money, and main looks at the balances", run: watched },
    Scenario {
        name: "a thread moves money into an account while another asks to move some out of it",
        run: || into_asked(0, 1),
    },
    Scenario {
        name: "a thread moves money into an account while another moves some from it to itself",
        run: || into_asked(0, 0),
    },
    Scenario {
        name: "two threads move money between different accounts, and meet as they do",
        run: meet,
    },
    Scenario {
        name: "during each of 12 transfers, another begins between two other accounts",
        run: one_in_another,
    },
    Scenario {
        name: "two transfers wait for different accounts, and one of them can go on",
        run: one_can_go_on,
    },
    Scenario {
        name: "three threads move money from 0 to 1, from 1 to 2, and from 2 to 0",
        run: || circle([(0, 1), (1, 2), (2, 0)]),
    },
    Scenario {
        name: "three threads move money from 0 to 2, from 2 to 1, and from 1 to 0",
        run: || circle([(0, 2), (2, 1), (1, 0)]),
    },
];

/// Starts a thread that moves an amount if it is there.
fn start(bank: &Arc<Bank>, from: usize, to: usize, amount: i64) -> JoinHandle<bool> {
    let bank = Arc::clone(bank);
    thread::spawn(move || move_what_is_there(&bank, from, to, amount))
}

fn move_what_is_there(bank: &Bank, from: usize, to: usize, amount: i64) -> bool {
    bank.transfer(from, to, amount, |balance| balance >= amount)
}

fn alone() {
    let bank = Bank::new(&[100, 50, 10]);
    assert!(move_what_is_there(&bank, 0, 2, 100), "100 out of 100 was not moved");
    require(&bank, [0, 50, 110]);
    assert!(!move_what_is_there(&bank, 1, 0, 51), "51 out of 50 was moved");
    require(&bank, [0, 50, 110]);
    assert!(move_what_is_there(&bank, 2, 1, 20), "20 out of 110 was not moved");
    require(&bank, [0, 70, 90]);
    bank.transfer(2, 0, 1, |balance| {
        assert!(balance == 90, "is_allowed gets {balance}, and not the 90 of account 2");
        true
    });
    require(&bank, [1, 70, 89]);
}

fn opposite(a: usize, b: usize) {
    let bank = Arc::new(Bank::new(&[100; 4]));
    let other = start(&bank, b, a, 70);
    assert!(move_what_is_there(&bank, a, b, 60), "60 was not moved, although it was there");
    assert!(other.join().unwrap(), "70 was not moved, although it was there");
    let mut balances = [100; 4];
    balances[a] = 110;
    balances[b] = 90;
    require(&bank, balances);
}

fn to_itself() {
    let bank = Arc::new(Bank::new(&[100, 100]));
    let mut is_asked = false;
    let is_moved = bank.transfer(1, 1, 60, |balance| {
        is_asked = true;
        balance == 100
    });
    assert!(is_asked, "is_allowed is not asked");
    assert!(is_moved, "transfer returns false, although it was allowed");
    assert!(
        !move_what_is_there(&bank, 0, 0, 101),
        "transfer returns true, although it was not allowed"
    );
    require(&bank, [100, 100]);
}

fn one_of_two() {
    let bank = Arc::new(Bank::new(&[20, 100, 20]));
    let other = start(&bank, 1, 0, 60);
    let is_moved = move_what_is_there(&bank, 1, 2, 60);
    match [is_moved, other.join().unwrap()] {
        [true, false] => require(&bank, [20, 40, 80]),
        [false, true] => require(&bank, [80, 40, 20]),
        [true, true] => panic!("60 was moved twice, but only 100 was there"),
        [false, false] => panic!("60 was not moved, although 100 was there"),
    }
}

fn same_target() {
    let bank = Arc::new(Bank::new(&[100, 0, 100]));
    let other = start(&bank, 0, 1, 60);
    assert!(move_what_is_there(&bank, 2, 1, 60), "60 was not moved, although 100 was there");
    assert!(other.join().unwrap(), "60 was not moved, although 100 was there");
    require(&bank, [40, 120, 40]);
}

fn watched() {
    let bank = Arc::new(Bank::new(&[100, 100]));
    let (other, refused) = (start(&bank, 0, 1, 60), start(&bank, 1, 0, 300));
    let seen = bank.balances();
    assert!(seen == [100, 100] || seen == [40, 160], "main sees the balances {seen:?}");
    other.join().unwrap();
    refused.join().unwrap();
    require(&bank, [40, 160]);
}

/// What `is_allowed` was told of an account must be true until the transfer ends.
fn into_asked(from: usize, to: usize) {
    let bank = Arc::new(Bank::new(&[100; 3]));
    let judges_is_over = Arc::new(AtomicBool::new(false));
    let mut other = None;
    bank.transfer(from, to, 60, |_| {
        let (bank, ends) = (Arc::clone(&bank), Arc::clone(&judges_is_over));
        other = Some(thread::spawn(move || {
            let is_moved = move_what_is_there(&bank, 2, from, 10);
            ends.store(true, SeqCst);
            is_moved
        }));
        let is_changed = judges_is_over.load(SeqCst);
        assert!(!is_changed, "the balance has changed before is_allowed has answered");
        true
    });
    join(other);
}

/// Two transfers are on their way at the same time.
fn meet() {
    let bank = Arc::new(Bank::new(&[100; 4]));
    let judges_barrier = Arc::new(Barrier::new(2));
    let move_60 = move |bank: &Bank, from, to, inside: &Barrier| {
        bank.transfer(from, to, 60, |_| {
            inside.wait();
            true
        })
    };
    let other = {
        let (bank, inside) = (Arc::clone(&bank), Arc::clone(&judges_barrier));
        thread::spawn(move || move_60(&bank, 3, 1, &inside))
    };
    move_60(&bank, 0, 2, &judges_barrier);
    other.join().unwrap();
    require(&bank, [40, 160, 160, 40]);
}

/// Each account needs a lock of its own: however the accounts share fewer locks, two of the 24 have
/// the same one.
fn one_in_another() {
    let bank = Bank::new(&[100; 24]);
    move_in_each(&bank, 0);
    let mut balances = [40; 24];
    for to in (1..24).step_by(2) {
        balances[to] = 160;
    }
    require(&bank, balances);
}

/// Moves money between this account and the next, and meanwhile between those after them.
fn move_in_each(bank: &Bank, from: usize) {
    bank.transfer(from, from + 1, 60, |_| {
        if from + 2 < 24 {
            move_in_each(bank, from + 2);
        }
        true
    });
}

/// Main has the accounts 0 and 1, which `back` waits for, until `other` has moved money between 2
/// and 3.
fn one_can_go_on() {
    let bank = Arc::new(Bank::new(&[100; 4]));
    let mut back = None;
    bank.transfer(0, 1, 60, |_| {
        back = Some(start(&bank, 1, 0, 10));
        let mut other = None;
        bank.transfer(2, 3, 60, |_| {
            other = Some(start(&bank, 3, 2, 10));
            true
        });
        join(other);
        true
    });
    join(back);
    require(&bank, [50, 150, 50, 150]);
}

fn join(thread: Option<JoinHandle<bool>>) {
    thread.expect("is_allowed is not called").join().unwrap();
}

fn circle([first, others @ ..]: [(usize, usize); 3]) {
    let bank = Arc::new(Bank::new(&[100; 3]));
    let others = others.map(|(from, to)| start(&bank, from, to, 10));
    move_what_is_there(&bank, first.0, first.1, 10);
    for other in others {
        other.join().unwrap();
    }
    require(&bank, [100; 3]);
}

fn require<const N: usize>(bank: &Bank, expected: [i64; N]) {
    let balances = bank.balances();
    assert!(balances == expected, "the balances are {balances:?}, and not {expected:?}");
}
