//! A ring buffer between two processes: no system call while both are awake; the sender
//! wakes a sleeping receiver; the receiver notices that the sender was killed. Compare with
//! `pipe`, where the kernel copies every byte.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ::ring::{Error, Receiver, Sender, ring};
use anyhow::{Context, Result, ensure};
use common::child::{self, Child, describe};
use common::{paced, proc, text};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{getpid, getppid, pause};

/// All of them fit into the ring at once.
const MESSAGES: u64 = 100;

/// `awake` leaves out the part in which the receiver sleeps.
pub fn run(awake: bool) -> Result<()> {
    println!("A ring buffer in shared memory:");
    let (sender, mut receiver) = ring(2048)?;
    let (mut told, tell) = pipe().context("pipe")?;
    let (wait, mut go_on) = pipe().context("pipe")?;
    let Some(child) = child::fork()? else {
        drop((receiver, told, go_on));
        child::exit(send(sender, tell, wait, awake))
    };
    drop((sender, tell, wait));

    told.read_exact(&mut [0]).context("the child did not send all")?;
    receive_many(&mut receiver)?;
    go_on.write_all(b"!").context("tell the child to go on")?;
    if !awake {
        receive_asleep(&mut receiver)?;
    }
    told.read_exact(&mut [0]).context("the child did not send all")?;
    receive_from_dead(&mut receiver, child)
}

/// What the child does. In the end it waits to be killed.
fn send(mut sender: Sender, mut tell: PipeWriter, mut wait: PipeReader, awake: bool) -> Result<()> {
    let (me, parent) = (getpid(), getppid());
    for number in 1..=MESSAGES {
        sender.send(&number.to_ne_bytes())?;
    }
    println!("  child (pid {me}): {MESSAGES} messages are in the ring");
    tell.write_all(b"!").context("tell the parent")?;

    wait.read_exact(&mut [0]).context("the parent is gone")?;
    if !awake {
        proc::poll_until_asleep(parent)?;
        let place = std::fs::read_to_string(format!("/proc/{parent}/wchan")).unwrap_or_default();
        println!("  child (pid {me}): my parent sleeps, in the kernel function ≈ {place:?}");
        sleep(paced(Duration::from_secs(1)));
        sender.send(b"pear")?;
    }
    for word in ["plum", "fig", "quince"] {
        sender.send(word.as_bytes())?;
    }
    tell.write_all(b"!").context("tell the parent")?;
    loop {
        pause();
    }
}

/// Receives the messages that are in the ring, in their order.
fn receive_many(receiver: &mut Receiver) -> Result<()> {
    let mut message = Vec::new();
    for number in 1..=MESSAGES {
        receiver.recv(&mut message).context("receive a message")?;
        ensure!(message == number.to_ne_bytes(), "message {number} is {message:?}");
    }
    println!("  parent (pid {}): I have received them, 1 to {MESSAGES}", getpid());
    Ok(())
}

/// Receives a message from an empty ring: it sleeps until there is one.
fn receive_asleep(receiver: &mut Receiver) -> Result<()> {
    let sleeps =
        || -> Result<_> { Ok(getrusage(UsageWho::RUSAGE_SELF)?.voluntary_context_switches()) };
    let (start, before) = (Instant::now(), sleeps()?);
    let word = receiver.recv_with(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let word = word.context("receive a message")?;
    let (time, slept) = (text::time(start.elapsed()), sleeps()? - before);
    println!("  parent (pid {}): {word:?} came after {time}; I slept ≈ {slept} times", getpid());
    Ok(())
}

/// Kills the child, and receives what it has sent: that is still there.
fn receive_from_dead(receiver: &mut Receiver, child: Child) -> Result<()> {
    let (me, pid) = (getpid(), child.pid());
    proc::poll_until_asleep(pid)?;
    println!("  parent (pid {me}): I kill the child (pid {pid}): {}", describe(child.kill()?));
    let start = Instant::now();
    loop {
        match receiver.recv_with(|bytes| String::from_utf8_lossy(bytes).into_owned()) {
            Ok(word) => println!("  parent (pid {me}): {word:?} was in the ring"),
            Err(Error::Gone) => break,
            Err(error) => return Err(error).context("receive a message"),
        }
    }
    println!("  parent (pid {me}): {}, noticed after {}", Error::Gone, text::time(start.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use testing::{printed, test};

    use super::*;

    #[test]
    fn who_finds_a_message_has_not_slept() {
        let lines = printed::lines("0", || {
            let (mut sender, mut receiver) = ring(2048).unwrap();
            // It may sleep for another reason, such as a page of memory, but not each time.
            for _ in 0..20 {
                sender.send(b"lime").unwrap();
                receive_asleep(&mut receiver).unwrap();
            }
        });
        assert!(lines.iter().all(|line| line.contains(": \"lime\" came after ")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("; I slept ≈ 0 times")), "{lines:#?}");
    }
}
