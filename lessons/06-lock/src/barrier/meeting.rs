//! A barrier for one meeting, which can be broken, as Python's can.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// The threads of this number meet once.
#[derive(Debug)]
pub struct Meeting {
    parties: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    is_broken: bool,
}

/// Not all will come.
#[derive(Debug, PartialEq)]
pub struct BrokenBarrier;

impl Meeting {
    /// A meeting of this number of threads.
    pub fn new(parties: usize) -> Meeting {
        Meeting { parties, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Sleeps until all have come. After `limit` it breaks the barrier, for all.
    ///
    /// # Errors
    /// [`BrokenBarrier`] if a thread has broken it before all had come.
    pub fn wait(&self, limit: Duration) -> Result<(), BrokenBarrier> {
        let mut state = self.lock();
        state.arrived += 1;
        self.changed.notify_all();
        let is_open = |state: &mut State| state.arrived < self.parties && !state.is_broken;
        let waited = self.changed.wait_timeout_while(state, limit, is_open);
        let (mut state, limit) = waited.expect(NO_PANIC);
        if limit.timed_out() {
            state.is_broken = true;
            self.changed.notify_all();
        }
        if state.arrived < self.parties { Err(BrokenBarrier) } else { Ok(()) }
    }

    /// Breaks the barrier: this thread will not come.
    pub fn abort(&self) {
        self.lock().is_broken = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NO_PANIC)
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

    const HOUR: Duration = Duration::from_secs(3600);

    /// Starts two threads that wait, and does this when both are asleep; returns what they got.
    fn two_wait(meeting: &Meeting, then: impl FnOnce()) -> [Result<(), BrokenBarrier>; 2] {
        let (tx, rx) = channel();
        thread::scope(|scope| {
            let wait = || {
                tx.send(gettid()).unwrap();
                meeting.wait(HOUR)
            };
            let both = [scope.spawn(wait), scope.spawn(wait)];
            rx.iter().take(2).for_each(|tid| assert!(proc::poll_until_asleep(tid).unwrap()));
            // Woken for nothing, they sleep again.
            meeting.changed.notify_all();
            assert!(both.iter().all(|thread| !thread.is_finished()));
            then();
            both.map(|thread| thread.join().unwrap())
        })
    }

    #[test]
    fn all_wait_for_the_last() {
        let meeting = Meeting::new(3);
        assert_eq!(two_wait(&meeting, || assert_eq!(meeting.wait(HOUR), Ok(()))), [Ok(()), Ok(())]);
    }

    #[test]
    fn who_waits_is_told_that_the_last_will_not_come() {
        let meeting = Meeting::new(3);
        let broken = || Err(BrokenBarrier);
        assert_eq!(two_wait(&meeting, || meeting.abort()), [broken(), broken()]);
        assert_eq!(Meeting::new(3).wait(Duration::ZERO), broken());

        let meeting = Meeting::new(4);
        let late = || assert_eq!(meeting.wait(Duration::from_millis(1)), broken());
        assert_eq!(two_wait(&meeting, late), [broken(), broken()]);
    }

    #[test]
    fn a_broken_barrier_holds_nobody() {
        let meeting = Meeting::new(2);
        meeting.abort();
        assert_eq!(meeting.wait(HOUR), Err(BrokenBarrier));
    }
}
