use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// Marks the accounts that a transfer needs for itself. Wakes one of those that wait, though it may
/// be one that has to wait on.
pub struct Bank {
    accounts: Mutex<Vec<Account>>,
    changed: Condvar,
}

struct Account {
    balance: i64,
    is_busy: bool,
}

impl Bank {
    pub fn new(balances: &[i64]) -> Bank {
        let account = |balance: &i64| Account { balance: *balance, is_busy: false };
        let accounts = balances.iter().map(account).collect();
        Bank { accounts: Mutex::new(accounts), changed: Condvar::new() }
    }

    /// Waits until none of these accounts is busy.
    fn idle(&self, needed: &[usize]) -> MutexGuard<'_, Vec<Account>> {
        let is_busy = |accounts: &mut Vec<Account>| needed.iter().any(|it| accounts[*it].is_busy);
        self.changed.wait_while(self.accounts.lock().unwrap(), is_busy).unwrap()
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: i64,
        is_allowed: impl FnOnce(i64) -> bool,
    ) -> bool {
        let mut accounts = self.idle(&[from, to]);
        let balance = accounts[from].balance;
        accounts[from].is_busy = true;
        accounts[to].is_busy = true;
        drop(accounts);

        let is_allowed = is_allowed(balance);

        let mut accounts = self.accounts.lock().unwrap();
        if is_allowed {
            accounts[from].balance -= amount;
            accounts[to].balance += amount;
        }
        accounts[from].is_busy = false;
        accounts[to].is_busy = false;
        drop(accounts);
        self.changed.notify_one();
        is_allowed
    }

    pub fn balances(&self) -> Vec<i64> {
        self.accounts.lock().unwrap().iter().map(|account| account.balance).collect()
    }
}

pub fn main() {
    let bank = Arc::new(Bank::new(&[100, 100]));
    let threads = [(0, 1, 60), (1, 0, 70)].map(|(from, to, amount)| {
        let bank = Arc::clone(&bank);
        thread::spawn(move || bank.transfer(from, to, amount, |balance| balance >= amount))
    });
    for thread in threads {
        println!("{}", if thread.join().unwrap() { "moved" } else { "refused" });
    }
    println!("the balances are {:?}", bank.balances());
}
