//! A ring buffer between two processes: while nobody sleeps, no system call; a receiver
//! that sleeps is woken; a sender that is killed is noticed.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{self, Child, describe};
use common::{paced, proc, text};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork, getpid, pause};
use ring::{Error, Receiver, Sender, ring};

/// So many fit into the ring at once.
const MESSAGES: u64 = 100;

/// With `awake` the receiver is not let sleep for long.
pub fn run(awake: bool) -> Result<()> {
    println!("A ring buffer in shared memory:");
    let (sender, mut receiver) = ring(2048)?;
    let (mut told, tell) = pipe().context("pipe")?;
    let (wait, mut go_on) = pipe().context("pipe")?;
    let parent = getpid();
    // SAFETY: this process has one thread, so no lock can be held by a thread that the
    // child does not have.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            drop((receiver, told, go_on));
            child::exit(send(parent, sender, tell, wait, awake))
        }
        ForkResult::Parent { child } => Child::new(child),
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

/// What the child does. At last it waits to be killed.
fn send(
    parent: Pid,
    mut sender: Sender,
    mut tell: PipeWriter,
    mut wait: PipeReader,
    awake: bool,
) -> Result<()> {
    child::end_with(parent)?;
    let me = getpid();
    for number in 1..=MESSAGES {
        sender.send(&number.to_ne_bytes())?;
    }
    println!("  child (pid {me}): {MESSAGES} messages are in the ring");
    tell.write_all(b"!").context("tell the parent")?;

    wait.read_exact(&mut [0]).context("the parent is gone")?;
    if !awake {
        proc::wait_until_asleep(parent)?;
        let place = std::fs::read_to_string(format!("/proc/{parent}/wchan")).unwrap_or_default();
        println!("  child (pid {me}): my parent sleeps, in the kernel's ≈ {place:?}");
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

/// They are in the ring, and stay in their order.
fn receive_many(receiver: &mut Receiver) -> Result<()> {
    let mut message = Vec::new();
    for number in 1..=MESSAGES {
        receiver.recv(&mut message).context("receive a message")?;
        ensure!(message == number.to_ne_bytes(), "message {number} is {message:?}");
    }
    println!("  parent (pid {}): I have received them, 1 to {MESSAGES}", getpid());
    Ok(())
}

/// The ring is empty.
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

/// What it has sent is still there.
fn receive_from_dead(receiver: &mut Receiver, child: Child) -> Result<()> {
    let (me, pid) = (getpid(), child.pid());
    proc::wait_until_asleep(pid)?;
    kill(pid, Signal::SIGKILL).context("kill")?;
    println!("  parent (pid {me}): I kill the child (pid {pid}): {}", describe(child.wait()?));
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
