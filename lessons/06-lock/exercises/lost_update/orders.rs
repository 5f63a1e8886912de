//! What must hold in every order.

use std::sync::Arc;
use std::thread;

use harness::Scenario;

use super::program::Account;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "two threads deposit 50 and 60", run: || deposits([50, 60]) },
    Scenario { name: "two threads deposit 50 and withdraw 50", run: || deposits([50, -50]) },
    Scenario { name: "three threads deposit 1, 10 and 100", run: || deposits([1, 10, 100]) },
    Scenario { name: "one thread deposits 5 twice, and then 10000000000", run: alone },
];

fn deposits<const N: usize>(amounts: [i64; N]) {
    let account = Arc::new(Account::new());
    let threads = amounts.map(|amount| {
        let account = Arc::clone(&account);
        thread::spawn(move || account.deposit(amount))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    require(&account, amounts.iter().sum());
}

fn alone() {
    let account = Account::new();
    account.deposit(5);
    require(&account, 5);
    account.deposit(5);
    require(&account, 10);
    account.deposit(10_000_000_000);
    require(&account, 10_000_000_010);
}

fn require(account: &Account, expected: i64) {
    let balance = account.balance();
    assert!(balance == expected, "the balance is {balance}, and not {expected}");
}
