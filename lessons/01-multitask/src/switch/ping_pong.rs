//! Two processes that hand over to each other, through pipes.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::cpus;
use nix::unistd::Pid;
use recorder::{Team, Usage, now};

/// What the round trips took.
#[derive(Clone, Copy, Debug)]
pub struct PingPong {
    /// The time from the first byte to the last answer.
    pub time: Duration,
    /// How often one of the two was switched out.
    pub switches: u64,
}

/// Lets two processes, each on the CPU given for it, send a byte there and back `rounds`
/// times. Each waits for the other's byte before it sends its own.
///
/// # Errors
/// If a system call fails, or the processes cannot be bound to these CPUs.
pub fn ping_pong(rounds: u64, cpus: [usize; 2]) -> Result<PingPong> {
    let (from_first, to_second) = pipe().context("pipe")?;
    let (from_second, to_first) = pipe().context("pipe")?;
    let player = move |number: usize, _| {
        cpus::pin(Pid::from_raw(0), &cpus[number..=number])?;
        // Each keeps only its own ends: if one dies, the other sees it.
        let (mut input, mut output) = if number == 0 {
            drop((from_first, to_first));
            (from_second, to_second)
        } else {
            drop((from_second, to_second));
            (from_first, to_first)
        };
        let (start, before) = (now()?, Usage::now()?);
        for _ in 0..rounds {
            if number == 0 {
                send(&mut output)?;
                receive(&mut input)?;
            } else {
                receive(&mut input)?;
                send(&mut output)?;
            }
        }
        let (time, used) = (now()? - start, Usage::now()? - before);
        Ok(vec![time.as_nanos() as u64, used.switches()])
    };
    let run = Team::fork(2, &cpus, player)?.run()?;
    let [[time, first], [_, second]] = [&run.results[0][..], &run.results[1][..]] else {
        bail!("two numbers from each of two tasks: {:?}", run.results);
    };
    Ok(PingPong { time: Duration::from_nanos(*time), switches: first + second })
}

/// How long it takes one process to write a byte into a pipe and read it again, `rounds`
/// times.
///
/// # Errors
/// If a system call fails.
pub fn alone(rounds: u64) -> Result<Duration> {
    let (mut input, mut output) = pipe().context("pipe")?;
    let start = now()?;
    for _ in 0..rounds {
        send(&mut output)?;
        receive(&mut input)?;
    }
    Ok(now()? - start)
}

fn send(output: &mut PipeWriter) -> Result<()> {
    output.write_all(&[1]).context("write to a pipe")
}

fn receive(input: &mut PipeReader) -> Result<()> {
    input.read_exact(&mut [0]).context("read from a pipe")
}
