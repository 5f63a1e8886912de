//! A recorder of time slices: a busy task records when it ran, and on which CPU.
//!
//! The kernel does not tell a program that it is taken off its CPU, unless the program asks
//! for it. But a program that does nothing except read the clock sees its own absence: the
//! clock jumps.

use std::time::Duration;

use nix::sched::sched_getcpu;
use nix::time::{ClockId, clock_gettime};

use crate::{Error, Recording, Slice, Usage};

/// During a longer jump of the clock another task ran. Shorter jumps are usually
/// interrupts: the kernel did some work and came back. (In a virtual machine the host may
/// take the CPU away for longer, and the kernel inside counts no switch.)
pub const GAP: Duration = Duration::from_micros(100);

/// A shorter jump is just the time between two readings. To switch a task out and in again
/// takes at least about 1 µs, even on a quick CPU.
const BLINK: Duration = Duration::from_micros(2);

/// There is room for a jump in each of these times, on average, or these readings.
const PER_JUMP: Duration = Duration::from_micros(10);
const READINGS_PER_JUMP: u64 = 50;

/// A short recording has room for as many as there can be, up to this number: on a busy machine they
/// come close together.
const FEW: usize = 10_000;

/// The time on the monotonic clock. All processes read the same clock, so
/// their recordings can be compared.
///
/// # Errors
/// If the system has no such clock.
pub fn now() -> Result<Duration, Error> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    Ok(now.map_err(|errno| Error::System("clock_gettime", errno))?.into())
}

/// Keeps this process busy until `end`, and returns when it ran.
///
/// # Errors
/// If a system call fails, or the clock jumps more often than can be expected.
pub fn record_until(end: Duration) -> Result<Recording, Error> {
    let time = end.saturating_sub(now()?);
    let [usual, most] = [PER_JUMP, BLINK].map(|each| time.div_duration_f64(each) as usize);
    record(u64::MAX, end, room(usual, most))
}

/// Keeps this process busy for a number of readings of the clock, a fixed amount of
/// work, and returns when it ran.
///
/// # Errors
/// As [`record_until`].
pub fn record_readings(readings: u64) -> Result<Recording, Error> {
    let [usual, most] = [readings / READINGS_PER_JUMP, readings].map(|jumps| jumps as usize);
    record(readings, Duration::MAX, room(usual, most))
}

/// How many jumps to make room for, given how many are usual and how many are possible.
fn room(usual: usize, most: usize) -> usize {
    usual.max(most.min(FEW))
}

fn record(readings: u64, end: Duration, jumps: usize) -> Result<Recording, Error> {
    // The kernel's count is read only before and after: read in between, the kernel
    // looks how long this process has run, and may switch it out earlier.
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

fn this_cpu() -> Result<usize, Error> {
    sched_getcpu().map_err(|errno| Error::System("sched_getcpu", errno))
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
        // All the room it will have: an allocation while recording would show up in the
        // recording.
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
        // A single reading is not a stretch: the task may have been moved between
        // asking for the time and asking for the CPU.
        let stretch = Slice { end: self.current.end.min(self.end), ..self.current };
        if stretch.start < stretch.end {
            self.full |= self.stretches.len() == self.stretches.capacity();
            if !self.full {
                self.stretches.push(stretch);
            }
        }
    }

    fn finish(mut self) -> Result<Recording, Error> {
        self.close();
        if self.stretches.is_empty() {
            // It came too late to run at all: a stretch of no length says where.
            let end = self.current.end.min(self.end);
            self.stretches.push(Slice { start: end, end, cpu: self.current.cpu });
        }
        if self.full {
            return Err(Error::TooManyJumps(self.stretches.len()));
        }
        Ok(Recording { stretches: self.stretches, gaps: self.gaps, switches: 0 })
    }
}

#[cfg(test)]
mod tests;
