//! How one side waits for the other: it spins for a short time, then it sleeps, and from
//! time to time it checks whether the other still exists.

use std::hint::spin_loop;
use std::os::fd::OwnedFd;
use std::time::Duration;

use common::cpus;

use crate::bell::{ASLEEP, Bell};
use crate::lifeline::Lifeline;
use crate::{Error, futex};

/// How long a sleeper sleeps before it looks at its lifeline: a process that is killed
/// rings no bell.
const LIMIT: Duration = Duration::from_millis(50);

/// How often it looks for a change before it sleeps. This takes some 50 µs, about as long
/// as it takes to be woken on another CPU.
const SPINS: u32 = 500;

/// The number of waits without a spin after a spin that found nothing: the other side is slow, or
/// shares the CPU.
const NO_SPIN: u32 = 64;

/// What one side needs to wait for the other.
#[derive(Debug)]
pub struct Waiting {
    lifeline: Lifeline,
    /// Not known before the first wait.
    may_spin: Option<bool>,
    /// How many waits from now on do not spin.
    no_spin: u32,
}

impl Waiting {
    /// Waits for the side that has the other socket of this lifeline.
    ///
    /// # Errors
    /// As [`Lifeline::new`].
    pub fn new(lifeline: OwnedFd) -> Result<Self, Error> {
        Ok(Waiting { lifeline: Lifeline::new(lifeline)?, may_spin: None, no_spin: 0 })
    }

    /// Another descriptor for the lifeline.
    ///
    /// # Errors
    /// If no more descriptors are available.
    pub fn lifeline(&self) -> Result<OwnedFd, Error> {
        self.lifeline.try_clone()
    }

    /// Closes the lifeline, and then tells the other side to look at its own.
    pub fn close(&mut self, other: &Bell) {
        self.lifeline.close();
        if other.tell_closed() {
            futex::wake(other.word());
        }
    }

    /// Waits until `ready` returns true.
    ///
    /// # Errors
    /// [`Error::Gone`] if the other side is gone, and `ready` still returns false; the
    /// errors of `ready`.
    pub fn until(
        &mut self,
        bell: &Bell,
        mut ready: impl FnMut() -> Result<bool, Error>,
    ) -> Result<(), Error> {
        if self.spin(&mut ready)? {
            return Ok(());
        }
        self.sleep(bell, LIMIT, ready)
    }

    fn sleep(
        &mut self,
        bell: &Bell,
        limit: Duration,
        mut ready: impl FnMut() -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.is_gone(bell)?;
        loop {
            bell.will_sleep();
            if self.lifeline.is_gone() || ready()? {
                break;
            }
            let was_woken = futex::wait(bell.word(), ASLEEP, Some(limit))
                .map_err(Error::of("futex(FUTEX_WAIT)"))?;
            if ready()? {
                break;
            }
            // After a signal, too: others may follow, each before the limit is over.
            if bell.was_told_closed() || !was_woken {
                self.lifeline.look()?;
                // It may use other CPUs by now.
                self.may_spin = None;
            }
        }
        bell.is_awake();
        if ready()? { Ok(()) } else { Err(Error::Gone) }
    }

    /// Looks for a change without sleeping, and returns whether there was one. Where one may
    /// come soon it looks often, the first time after a pause: a quick sender writes several
    /// messages in it, and is disturbed only once.
    fn spin(&mut self, ready: &mut impl FnMut() -> Result<bool, Error>) -> Result<bool, Error> {
        if self.no_spin > 0 {
            self.no_spin -= 1;
            return ready();
        }
        if !*self.may_spin.get_or_insert_with(has_two_cpus) {
            return ready();
        }
        for _ in 0..SPINS {
            spin_loop();
            spin_loop();
            if ready()? {
                return Ok(true);
            }
        }
        self.no_spin = NO_SPIN;
        Ok(false)
    }

    /// Whether the other side is known to be gone. Looks at the lifeline only when the
    /// other side has closed its own.
    ///
    /// # Errors
    /// If the system call fails.
    pub fn is_gone(&mut self, bell: &Bell) -> Result<bool, Error> {
        if bell.was_told_closed() { self.lifeline.look() } else { Ok(self.lifeline.is_gone()) }
    }
}

/// On a single CPU the other side cannot run while this side spins.
fn has_two_cpus() -> bool {
    cpus::allowed().is_ok_and(|cpus| cpus.len() > 1)
}

#[cfg(test)]
mod tests {
    use std::os::unix::thread::JoinHandleExt;
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Instant;

    use nix::libc;
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    use super::*;

    extern "C" fn nothing(_: i32) {}

    #[test]
    fn a_sleeper_that_a_signal_wakes_looks_whether_the_other_side_is_gone() {
        let action =
            SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler does nothing.
        unsafe { sigaction(Signal::SIGUSR2, &action) }.unwrap();
        let (ours, theirs) =
            socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
                .unwrap();
        let (mut waiting, bell) = (Waiting::new(ours).unwrap(), Arc::new(Bell::new()));
        let (answer, answered) = channel();
        let sleeper = thread::spawn(move || {
            // Longer than this test waits.
            let limit = Duration::from_secs(3600);
            answer.send(waiting.sleep(&bell, limit, || Ok(false))).unwrap();
        });
        // As the kernel does it when a process is killed: no bell rings.
        drop(theirs);
        let begin = Instant::now();
        let result = loop {
            if let Ok(result) = answered.recv_timeout(Duration::from_millis(1)) {
                break result;
            }
            // Again, as the first ones may come before it sleeps.
            // SAFETY: the thread has not been joined.
            unsafe { libc::pthread_kill(sleeper.as_pthread_t(), libc::SIGUSR2) };
            assert!(begin.elapsed() < Duration::from_secs(60), "it sleeps on");
        };
        sleeper.join().unwrap();
        assert_eq!(result, Err(Error::Gone));
    }
}
