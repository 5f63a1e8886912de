//! A fair lock: each thread draws a number, and they are served in their order.

use std::sync::{Condvar, Mutex, MutexGuard};

/// A lock that threads get in the order in which they come.
#[derive(Debug)]
pub struct TicketLock {
    numbers: Mutex<Numbers>,
    called: Condvar,
}

#[derive(Debug)]
struct Numbers {
    /// The number that the next thread draws.
    next: u64,
    /// The number that is being served.
    serving: u64,
}

/// The right to be inside, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a>(&'a TicketLock);

impl TicketLock {
    /// A lock that is free.
    pub const fn new() -> TicketLock {
        let numbers = Numbers { next: 0, serving: 0 };
        TicketLock { numbers: Mutex::new(numbers), called: Condvar::new() }
    }

    /// Draws a number, and sleeps until it is called.
    pub fn lock(&self) -> Turn<'_> {
        let mut numbers = self.numbers();
        let mine = numbers.next;
        numbers.next += 1;
        let waiting = |numbers: &mut Numbers| numbers.serving != mine;
        drop(self.called.wait_while(numbers, waiting).expect(NO_PANIC));
        Turn(self)
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().expect(NO_PANIC)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.numbers().serving += 1;
        // Each thread waits for another number, so all must look.
        self.0.called.notify_all();
    }
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use common::proc;
    use nix::unistd::gettid;

    use super::*;

    #[test]
    fn threads_are_served_in_the_order_in_which_they_came() {
        let lock = TicketLock::new();
        let served = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let turn = lock.lock();
            for number in 0..5 {
                let (tx, rx) = channel();
                let (lock, served) = (&lock, &served);
                scope.spawn(move || {
                    tx.send(gettid()).unwrap();
                    let _turn = lock.lock();
                    served.lock().unwrap().push(number);
                });
                assert!(proc::poll_until_asleep(rx.recv().unwrap()).unwrap());
            }
            assert!(served.lock().unwrap().is_empty());
            drop(turn);
        });
        assert_eq!(served.into_inner().unwrap(), [0, 1, 2, 3, 4]);
    }
}
