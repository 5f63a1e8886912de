//! How one side waits for the other: it spins a little, it sleeps, and now and then it
//! looks whether the other is still there.

use std::hint::spin_loop;
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::Result;

use super::Error;
use super::bell::{ASLEEP, Bell};
use super::lifeline::Lifeline;
use common::cpus;

use crate::futex;

/// How long a sleeper goes without a look at its lifeline: who is killed rings no bell.
const LIMIT: Duration = Duration::from_millis(50);

/// How often it looks for a change before it sleeps, in some 50 µs: to be woken on
/// another CPU may take as long.
const SPINS: u32 = 500;

/// After a spin in vain so many waits go without one: the other side is slow, or
/// shares the CPU.
const NO_SPIN: u32 = 64;

/// One side's means to wait for the other.
#[derive(Debug)]
pub struct Waiting {
    lifeline: Lifeline,
    /// Not known before the first wait.
    may_spin: Option<bool>,
    /// How many waits go without a spin from now on.
    no_spin: u32,
}

impl Waiting {
    /// Waits for the side that holds the other half of this lifeline.
    ///
    /// # Errors
    /// If it is no lifeline.
    pub fn new(lifeline: OwnedFd) -> Result<Self> {
        Ok(Waiting { lifeline: Lifeline::new(lifeline)?, may_spin: None, no_spin: 0 })
    }

    /// The lifeline, for another program.
    ///
    /// # Errors
    /// If there is no descriptor left.
    pub fn lifeline(&self) -> Result<OwnedFd> {
        self.lifeline.again()
    }

    /// Lets go of the lifeline, and then tells the other side to look at its half.
    pub fn close(&mut self, other: &Bell) {
        self.lifeline.close();
        if other.tell_closed() {
            futex::wake(other.word());
        }
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// [`Error::Gone`] if the other side is gone, and it is not ready even so; and what
    /// `ready` says.
    pub fn until(
        &mut self,
        bell: &Bell,
        mut ready: impl FnMut() -> Result<bool, Error>,
    ) -> Result<(), Error> {
        if self.spin(&mut ready)? {
            return Ok(());
        }
        self.is_told_gone(bell)?;
        loop {
            bell.will_sleep();
            if self.lifeline.is_gone() || ready()? {
                break;
            }
            let time_is_over = futex::wait(bell.word(), ASLEEP, Some(LIMIT))
                .map_err(|why| Error::System("futex(FUTEX_WAIT)", why))?;
            if ready()? {
                break;
            }
            if time_is_over || bell.was_told_closed() {
                self.lifeline.look()?;
                // Meanwhile it may have been given other CPUs.
                self.may_spin = None;
            }
        }
        bell.is_awake();
        if ready()? { Ok(()) } else { Err(Error::Gone) }
    }

    /// Looks for a change without sleeping, where that has a chance, and returns whether
    /// there was one. The first look comes after a pause: the other side writes several
    /// messages meanwhile, if it is quick, and is disturbed once.
    fn spin(&mut self, ready: &mut impl FnMut() -> Result<bool, Error>) -> Result<bool, Error> {
        if self.no_spin > 0 {
            self.no_spin -= 1;
            return Ok(false);
        }
        if !*self.may_spin.get_or_insert_with(has_two_cpus) {
            return Ok(false);
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

    /// Whether the other side is gone, without a wait: the lifeline is looked at when the
    /// other side has said so.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_told_gone(&mut self, bell: &Bell) -> Result<bool, Error> {
        if bell.was_told_closed() { self.lifeline.look() } else { Ok(self.lifeline.is_gone()) }
    }

    /// As [`is_told_gone`](Self::is_told_gone), and it is looked at from time to time too:
    /// for who tries again and again, and never sleeps.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_gone(&mut self, bell: &Bell) -> Result<bool, Error> {
        if self.lifeline.age() >= LIMIT { self.lifeline.look() } else { self.is_told_gone(bell) }
    }
}

/// Where one CPU has to do for both, the other side cannot go on while this one spins.
fn has_two_cpus() -> bool {
    cpus::allowed().is_ok_and(|cpus| cpus.len() > 1)
}
