//! A recorder of time slices: a busy task notes when it ran, and on which CPU.
//!
//! No program is told when it is taken off its CPU. But one that does nothing
//! except read the clock sees its own absence: the clock jumps.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sched::sched_getcpu;
use nix::time::{ClockId, clock_gettime};

use crate::recording::{Recording, Slice};
use crate::usage::Usage;

/// A longer jump of the clock is a time in which somebody else ran. Shorter
/// ones are mostly interrupts: the kernel did some work and came back.
pub const GAP: Duration = Duration::from_micros(100);

/// In less than this nobody can be switched out and in again.
const BLINK: Duration = Duration::from_micros(2);

/// There is room for a jump in so much time, on average, or in so many readings.
const PER_JUMP: Duration = Duration::from_micros(10);
const READINGS_PER_JUMP: u64 = 50;

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
/// If a system call fails, or the clock jumps more often than can be expected.
pub fn record_until(end: Duration) -> Result<Recording> {
    let jumps = end.saturating_sub(now()?).div_duration_f64(PER_JUMP);
    record(u64::MAX, end, jumps as usize)
}

/// Keeps this process busy for so many readings of the clock, a fixed amount of
/// work, and returns when it ran.
///
/// # Errors
/// As [`record_until`].
pub fn record_readings(readings: u64) -> Result<Recording> {
    record(readings, Duration::MAX, (readings / READINGS_PER_JUMP) as usize)
}

fn record(readings: u64, end: Duration, jumps: usize) -> Result<Recording> {
    // The kernel's count is asked for only before and after: asked meanwhile, the
    // kernel looks how long this process has run, and may switch it out earlier.
    let before = Usage::now()?.involuntary;
    let mut recorder = Recorder::new(now()?, end, this_cpu()?, jumps);
    for _ in 0..readings {
        if !recorder.poll(now()?, this_cpu()?) {
            break;
        }
    }
    let switches = Usage::now()?.involuntary - before;
    Ok(Recording { switches, ..recorder.finish()? })
}

fn this_cpu() -> Result<usize> {
    sched_getcpu().context("sched_getcpu")
}

/// Makes stretches of readings of the clock and the CPU.
struct Recorder {
    end: Duration,
    current: Slice,
    stretches: Vec<Slice>,
    gaps: u64,
    full: bool,
}

impl Recorder {
    fn new(start: Duration, end: Duration, cpu: usize, jumps: usize) -> Self {
        // All the room there is: asking for more while recording would show up
        // in the recording.
        let stretches = Vec::with_capacity(16 + jumps);
        Self { end, current: Slice { start, end: start, cpu }, stretches, gaps: 0, full: false }
    }

    /// Takes a reading. False when it was the last.
    fn poll(&mut self, now: Duration, cpu: usize) -> bool {
        let jump = now.saturating_sub(self.current.end);
        if jump > BLINK || cpu != self.current.cpu {
            self.gaps += u64::from(jump > GAP);
            self.close();
            self.current.start = now;
            self.current.cpu = cpu;
        }
        self.current.end = now;
        now < self.end
    }

    fn close(&mut self) {
        // A single reading is no stretch: the task may have been moved between
        // asking for the time and asking for the CPU.
        let stretch = Slice { end: self.current.end.min(self.end), ..self.current };
        if stretch.start < stretch.end {
            self.full |= self.stretches.len() == self.stretches.capacity();
            if !self.full {
                self.stretches.push(stretch);
            }
        }
    }

    fn finish(mut self) -> Result<Recording> {
        self.close();
        if self.stretches.is_empty() {
            // It came too late to run at all: a stretch of no length says where.
            let end = self.current.end.min(self.end);
            self.stretches.push(Slice { start: end, end, cpu: self.current.cpu });
        }
        ensure!(!self.full, "no room for more than {} jumps of the clock", self.stretches.len());
        Ok(Recording { stretches: self.stretches, gaps: self.gaps, switches: 0 })
    }
}

#[cfg(test)]
mod tests;
