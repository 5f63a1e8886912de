//! A recorder of time slices: a busy task notes when it ran, and on which CPU.
//!
//! No program is told when it is taken off its CPU. But one that does nothing
//! except read the clock sees its own absence: the clock jumps.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sched::sched_getcpu;
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

use crate::recording::{Recording, Slice};

/// A longer jump of the clock is a time in which somebody else ran. Shorter
/// ones are mostly interrupts: the kernel did some work and came back.
pub const GAP: Duration = Duration::from_micros(100);

/// In less than this nobody can be switched out and in again.
const BLINK: Duration = Duration::from_micros(2);

/// The time on the monotonic clock. All processes read the same clock, so
/// their recordings can be laid beside each other.
///
/// # Errors
/// If the system has no such clock.
pub fn now() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC).context("clock_gettime")?.into())
}

/// Keeps this process busy until `end`, and returns when it ran.
///
/// # Errors
/// If a system call fails, or there are more slices than can be expected.
pub fn record_until(end: Duration) -> Result<Recording> {
    let before = involuntary_switches()?;
    let mut recorder = Recorder::new(now()?, end, this_cpu()?, before);
    while recorder.poll(now()?, this_cpu()?, involuntary_switches)? {}
    let after = involuntary_switches()?;
    Ok(Recording { switches: after - before, ..recorder.finish()? })
}

fn this_cpu() -> Result<usize> {
    sched_getcpu().context("sched_getcpu")
}

fn involuntary_switches() -> Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("getrusage")?;
    Ok(usage.involuntary_context_switches().try_into()?)
}

/// Makes slices of readings of the clock and the CPU.
struct Recorder {
    end: Duration,
    current: Slice,
    slices: Vec<Slice>,
    gaps: u64,
    switches: u64,
    full: bool,
}

impl Recorder {
    fn new(start: Duration, end: Duration, cpu: usize, switches: u64) -> Self {
        // All the room there is: asking for more while recording would show up
        // in the recording. Slices have gaps between them; the other reasons
        // to end one are rarer.
        let most = 16 + 2 * end.saturating_sub(start).as_nanos() / GAP.as_nanos();
        let slices = Vec::with_capacity(most as usize);
        let current = Slice { start, end: start, cpu };
        Self { end, current, slices, gaps: 0, switches, full: false }
    }

    /// Takes a reading; `switches` tells the kernel's count of them so far.
    /// False when the reading was the last.
    fn poll(
        &mut self,
        now: Duration,
        cpu: usize,
        switches: impl FnOnce() -> Result<u64>,
    ) -> Result<bool> {
        let jump = now.saturating_sub(self.current.end);
        let mut away = jump > GAP || cpu != self.current.cpu;
        self.gaps += u64::from(jump > GAP);
        if jump > BLINK {
            // Asked only now, because this call takes longer than all the rest.
            let switches = switches()?;
            away |= switches != self.switches;
            self.switches = switches;
        }
        if away {
            self.close();
            self.current.start = now;
            self.current.cpu = cpu;
        }
        self.current.end = now;
        Ok(now < self.end)
    }

    fn close(&mut self) {
        // A single reading is no slice: the task may have been moved between
        // asking for the time and asking for the CPU.
        let slice = Slice { end: self.current.end.min(self.end), ..self.current };
        if slice.start < slice.end {
            self.full |= self.slices.len() == self.slices.capacity();
            if !self.full {
                self.slices.push(slice);
            }
        }
    }

    fn finish(mut self) -> Result<Recording> {
        self.close();
        if self.slices.is_empty() {
            // It came too late to run at all: a slice of no length says where.
            self.slices.push(Slice { start: self.end, end: self.end, cpu: self.current.cpu });
        }
        ensure!(!self.full, "more than {} slices: no room to record them", self.slices.len());
        Ok(Recording { slices: self.slices, gaps: self.gaps, switches: 0 })
    }
}

#[cfg(test)]
mod tests;
