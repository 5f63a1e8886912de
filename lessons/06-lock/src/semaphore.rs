//! A lock that lets so many threads in at the same time: std has none.

use std::sync::{Condvar, Mutex, MutexGuard};

/// So many permits; a thread that finds none sleeps until one is given back.
#[derive(Debug)]
pub struct Semaphore {
    permits: Mutex<usize>,
    given_back: Condvar,
}

impl Semaphore {
    /// A semaphore with so many permits.
    pub const fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits), given_back: Condvar::new() }
    }

    /// Takes a permit, and waits for one if there is none.
    pub fn acquire(&self) -> Permit<'_> {
        // Not `if`: between the wake-up and the lock another may have taken it.
        let none = |permits: &mut usize| *permits == 0;
        let permits = self.given_back.wait_while(self.permits(), none);
        *permits.expect(NO_PANIC) -= 1;
        Permit(self)
    }

    /// Takes a permit if there is one now.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        let mut permits = self.permits();
        *permits = permits.checked_sub(1)?;
        Some(Permit(self))
    }

    fn permits(&self) -> MutexGuard<'_, usize> {
        self.permits.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "no thread panics while it counts the permits";

/// A permit, until it is dropped: then it is given back.
#[derive(Debug)]
#[must_use = "dropped at once, it is given back at once"]
pub struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.permits() += 1;
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier};
    use std::thread;
    use std::time::Duration;

    use common::proc;
    use nix::unistd::gettid;
    use proptest::prelude::*;

    use super::*;
    use crate::inside::Inside;

    /// So many threads do the same: whether all have come to its end within a minute.
    fn all_end(threads: usize, work: impl Fn() + Send + Sync + 'static) -> bool {
        let (work, (tx, rx)) = (Arc::new(work), channel());
        for _ in 0..threads {
            let (work, tx) = (work.clone(), tx.clone());
            thread::spawn(move || {
                work();
                tx.send(()).unwrap();
            });
        }
        (0..threads).all(|_| rx.recv_timeout(Duration::from_secs(60)).is_ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 50,
            max_shrink_iters: 0,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        #[test]
        fn never_more_inside_than_permits(permits in 1..5_usize, threads in 1..8_usize, times in 1..50) {
            let shared = Arc::new((Semaphore::new(permits), Inside::new()));
            let threads_share = shared.clone();
            let all_ended = all_end(threads, move || {
                let (semaphore, inside) = &*threads_share;
                for _ in 0..times {
                    let _permit = semaphore.acquire();
                    let _visit = inside.enter();
                    thread::yield_now();
                }
            });
            prop_assert!(all_ended);
            let (semaphore, inside) = &*shared;
            prop_assert!((1..=permits).contains(&inside.most()), "{}", inside.most());
            prop_assert_eq!(*semaphore.permits(), permits);
        }
    }

    #[test]
    fn as_many_inside_as_permits() {
        let (semaphore, meeting) = (Semaphore::new(3), Barrier::new(3));
        assert!(all_end(3, move || {
            let _permit = semaphore.acquire();
            // Would never end if only two were let in.
            meeting.wait();
        }));
    }

    #[test]
    fn who_finds_no_permit_sleeps_until_one_is_given_back() {
        static SEMAPHORE: Semaphore = Semaphore::new(1);
        let permit = SEMAPHORE.try_acquire().unwrap();
        assert!(SEMAPHORE.try_acquire().is_none());
        let (tx, rx) = channel();
        let waiting = thread::spawn(move || {
            tx.send(gettid()).unwrap();
            drop(SEMAPHORE.acquire());
            tx.send(gettid()).unwrap();
        });
        proc::wait_until_asleep(rx.recv().unwrap()).unwrap();
        assert!(!waiting.is_finished());
        drop(permit);
        rx.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(SEMAPHORE.try_acquire().is_some());
    }

    #[test]
    fn a_panic_gives_the_permit_back() {
        let semaphore = Semaphore::new(1);
        let panic = catch_unwind(|| {
            let _permit = semaphore.acquire();
            panic!("inside");
        });
        assert!(panic.is_err());
        assert!(semaphore.try_acquire().is_some());
    }
}
