//! A lock that lets several threads in at the same time: std has none.

use std::sync::{Condvar, Mutex, MutexGuard};

/// A number of permits; a thread that finds none left sleeps until one is given back.
#[derive(Debug)]
pub struct Semaphore {
    permits: Mutex<usize>,
    given_back: Condvar,
}

impl Semaphore {
    /// A semaphore with `permits` permits.
    pub const fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits), given_back: Condvar::new() }
    }

    /// Takes a permit; sleeps until there is one.
    pub fn acquire(&self) -> Permit<'_> {
        // Not `if`: between the wake-up and the lock another may have taken it.
        let none = |permits: &mut usize| *permits == 0;
        let permits = self.given_back.wait_while(self.permits(), none);
        *permits.expect(NO_PANIC) -= 1;
        Permit(self)
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

    use super::*;
    use crate::inside::Inside;

    /// Runs `work` in `threads` threads, and returns whether all end within a minute.
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

    #[test]
    fn never_more_inside_than_permits() {
        for (permits, threads) in (1..5).flat_map(|permits| (1..8).map(move |it| (permits, it))) {
            let shared = Arc::new((Semaphore::new(permits), Inside::new()));
            let threads_share = shared.clone();
            let all_ended = all_end(threads, move || {
                let (semaphore, inside) = &*threads_share;
                for _ in 0..25 {
                    let _permit = semaphore.acquire();
                    let _visit = inside.enter();
                    thread::yield_now();
                }
            });
            assert!(all_ended, "{threads} threads, {permits} permits");
            let (semaphore, inside) = &*shared;
            assert!((1..=permits).contains(&inside.most()), "{} of {permits}", inside.most());
            assert_eq!(*semaphore.permits(), permits);
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
    fn a_thread_without_a_permit_sleeps_until_one_is_given_back() {
        static SEMAPHORE: Semaphore = Semaphore::new(1);
        let permit = SEMAPHORE.acquire();
        assert_eq!(*SEMAPHORE.permits(), 0);
        let (tx, rx) = channel();
        let waiting = thread::spawn(move || {
            tx.send(gettid()).unwrap();
            drop(SEMAPHORE.acquire());
            tx.send(gettid()).unwrap();
        });
        proc::poll_until_asleep(rx.recv().unwrap()).unwrap();
        assert!(!waiting.is_finished());
        drop(permit);
        rx.recv_timeout(Duration::from_secs(60)).unwrap();
        waiting.join().unwrap();
        assert_eq!(*SEMAPHORE.permits(), 1);
    }

    #[test]
    fn a_panic_gives_the_permit_back() {
        let semaphore = Semaphore::new(1);
        let panic = catch_unwind(|| {
            let _permit = semaphore.acquire();
            panic!("inside");
        });
        assert!(panic.is_err());
        assert_eq!(*semaphore.permits(), 1);
    }
}
