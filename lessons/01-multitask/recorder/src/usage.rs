//! What a task has used, by the kernel's count.

use std::ops::{AddAssign, Sub};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

use crate::Error;

/// CPU time, and how often a task was switched out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The time for which it had a CPU.
    pub cpu: Duration,
    /// How often it gave up the CPU, because it had to wait for something.
    pub voluntary: u64,
    /// How often the CPU was taken away from it.
    pub involuntary: u64,
}

impl Usage {
    /// What this process has used so far.
    ///
    /// # Errors
    /// If a system call fails.
    pub fn now() -> Result<Self, Error> {
        let usage = getrusage(UsageWho::RUSAGE_SELF);
        let usage = usage.map_err(|errno| Error::System("getrusage", errno))?;
        Ok(Self {
            cpu: cpu_time()?,
            voluntary: usage.voluntary_context_switches() as u64,
            involuntary: usage.involuntary_context_switches() as u64,
        })
    }

    /// All switches, of both kinds.
    pub fn switches(&self) -> u64 {
        self.voluntary + self.involuntary
    }

    /// As numbers, for the parent.
    pub fn to_words(self) -> [u64; 3] {
        [self.cpu.as_nanos() as u64, self.voluntary, self.involuntary]
    }

    /// From the numbers of [`Usage::to_words`].
    pub fn from_words([cpu, voluntary, involuntary]: [u64; 3]) -> Self {
        Self { cpu: Duration::from_nanos(cpu), voluntary, involuntary }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.voluntary += other.voluntary;
        self.involuntary += other.involuntary;
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            voluntary: self.voluntary - before.voluntary,
            involuntary: self.involuntary - before.involuntary,
        }
    }
}

/// The time for which this process has had a CPU, to the nanosecond.
fn cpu_time() -> Result<Duration, Error> {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    let failed = |errno| Error::System("clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", errno);
    Ok(time.map_err(failed)?.into())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn waiting_is_a_voluntary_switch_and_computing_takes_time() {
        let before = Usage::now().unwrap();
        thread::sleep(Duration::from_millis(1));
        let end = cpu_time().unwrap() + Duration::from_millis(2);
        while cpu_time().unwrap() < end {}
        let used = Usage::now().unwrap() - before;
        assert!(used.voluntary >= 1 && used.cpu >= Duration::from_millis(2), "{used:?}");
    }

    #[test]
    fn usages_add_up_and_survive_the_pipe() {
        let usage = |cpu, voluntary, involuntary| Usage {
            cpu: Duration::from_nanos(cpu),
            voluntary,
            involuntary,
        };
        let mut total = usage(1, 2, 3);
        total += usage(10, 20, 30);
        assert_eq!(total, usage(11, 22, 33));
        assert_eq!(total - usage(10, 20, 30), usage(1, 2, 3));
        assert_eq!(total.switches(), 55);
        assert_eq!(Usage::from_words(total.to_words()), total);
    }
}
