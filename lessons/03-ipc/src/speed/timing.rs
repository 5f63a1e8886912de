//! How long a message takes: one after the other in one direction, or there and back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{self, Child};
use nix::unistd::{ForkResult, fork};

use super::ways::{Receive, Send, Way};

/// The time for each message, when a child sends one after the other to this process
/// for so long. `None` if this way does not carry messages of this length.
///
/// # Errors
/// If a call fails, or what was received is not what was sent.
pub fn one_way(way: Way, length: usize, time: Duration) -> Result<Option<Duration>> {
    let Some((mut sender, mut receiver)) = way.open(length)? else { return Ok(None) };
    let message = pattern(length);
    // SAFETY: this process has one thread, so no lock can be held by a thread that the
    // child does not have.
    let _child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            drop(receiver);
            // Until the receiver is gone, or this process is killed.
            while sender.send(&message).is_ok() {}
            child::exit(Ok(()))
        }
        ForkResult::Parent { child } => Child::new(child),
    };
    drop(sender);

    let mut received = vec![0; length];
    let each = repeat(time, || receiver.receive(&mut received))?;
    ensure!(received == message, "{}: what came is not what was sent", way.name());
    Ok(Some(each))
}

/// The time for a message to a child and back, when this is done for so long. `None` if
/// this way does not carry messages of this length.
///
/// # Errors
/// If a call fails, or what was received is not what was sent.
pub fn round_trip(way: Way, length: usize, time: Duration) -> Result<Option<Duration>> {
    let Some((mut sender, there)) = way.open(length)? else { return Ok(None) };
    let Some((back, mut receiver)) = way.open(length)? else { return Ok(None) };
    // SAFETY: as above, one thread.
    let _child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            drop((sender, receiver));
            child::exit(echo(length, there, back))
        }
        ForkResult::Parent { child } => Child::new(child),
    };
    drop((there, back));

    let message = pattern(length);
    let mut received = vec![0; length];
    let each = repeat(time, || {
        // One message at a time: if both sides sat in `send`, neither would receive.
        sender.send(&message)?;
        receiver.receive(&mut received)
    })?;
    ensure!(received == message, "{}: what came is not what was sent", way.name());
    Ok(Some(each))
}

/// Sends back what comes, until the other side is gone, or this process is killed.
fn echo(length: usize, mut there: Box<dyn Receive>, mut back: Box<dyn Send>) -> Result<()> {
    let mut message = vec![0; length];
    while there.receive(&mut message).is_ok() && back.send(&message).is_ok() {}
    Ok(())
}

/// The time to copy so many bytes within this process: the limit for every way.
pub fn copy(length: usize, time: Duration) -> Result<Duration> {
    let from = pattern(length);
    let mut to = vec![0; length];
    repeat(time, || {
        std::hint::black_box(&mut to).copy_from_slice(std::hint::black_box(&from));
        Ok(())
    })
}

/// Does it for so long and returns the time for each: of three parts of that time the
/// middle one, as other programs want the CPU too. Before that it does so a few times to
/// get going: by then a ring has gone round, and all of its memory is in use.
fn repeat(time: Duration, mut step: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut batch = 1;
    let mut times = Vec::new();
    for (time, least) in [(time / 10, 5), (time / 3, 1), (time / 3, 1), (time / 3, 1)] {
        let start = Instant::now();
        let mut done = 0;
        while done < least || start.elapsed() < time {
            for _ in 0..batch {
                step()?;
            }
            done += batch;
        }
        let each = start.elapsed() / done;
        // To look at the clock may take longer than a message.
        batch = (20_000 / each.as_nanos().max(1)).clamp(1, 1000) as u32;
        times.push(each);
    }
    times.remove(0);
    times.sort_unstable();
    Ok(times[1])
}

/// So many bytes, not all the same.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 + 7) as u8).collect()
}
