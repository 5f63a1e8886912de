//! A signal as a message, and how little it can say: its number, and its sender. Two
//! pending signals of a kind are one. A real-time signal is queued, and carries a number.

use std::io::{PipeReader, Read, pipe};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{child, paced, proc};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getpid};

pub fn run() -> Result<()> {
    // Blocked, a signal waits until it is asked for. The child inherits this.
    let signals = signals();
    signals.thread_block().context("sigmask")?;
    let (wait, go_on) = pipe().context("pipe")?;

    let Some(receiver) = child::fork()? else {
        drop(go_on);
        child::exit(receive(&signals, wait))
    };
    let pid = receiver.pid();
    println!("I ({}) send signals to pid {pid}, which has blocked them:", getpid());
    for signal in [Signal::SIGUSR2, Signal::SIGUSR1, Signal::SIGUSR1] {
        kill(pid, signal).with_context(|| format!("kill({pid}, {signal})"))?;
        println!("  {signal}; waiting for pid {pid}: {}", pending(pid)?);
    }
    for value in [30, 10, 20] {
        queue(pid, value)?;
        println!("  SIGRTMIN with {value}; waiting for pid {pid}: {}", pending(pid)?);
    }
    sleep(paced(Duration::from_secs(1)));
    drop(go_on);
    receiver.join()
}

/// Waits until the parent has sent all, then takes what there is.
fn receive(signals: &SigSet, mut wait: PipeReader) -> Result<()> {
    wait.read_to_end(&mut Vec::new()).context("read from the pipe")?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(signals, flags).context("signalfd")?;
    println!("I (pid {}) take what there is:", getpid());
    while let Some(signal) = signals.read_signal().context("read from the signalfd")? {
        let (name, from) = (name(signal.ssi_signo as i32), signal.ssi_pid);
        if signal.ssi_code == libc::SI_QUEUE {
            println!("  {name} from pid {from}, with {}", signal.ssi_ptr);
        } else {
            println!("  {name} from pid {from}");
        }
    }
    println!("  that is all");
    Ok(())
}

/// The signals of this demo: two that have no meaning of their own, and a real-time
/// signal.
fn signals() -> SigSet {
    let mut set = *SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2]).as_ref();
    // SAFETY: the set is initialised, and SIGRTMIN is a valid signal.
    unsafe { libc::sigaddset(&mut set, libc::SIGRTMIN()) };
    // SAFETY: the set was made by the C library's functions for sets.
    unsafe { SigSet::from_sigset_t_unchecked(set) }
}

/// Sends a real-time signal with a number: sigqueue(3).
fn queue(pid: Pid, value: usize) -> Result<()> {
    let value = libc::sigval { sival_ptr: std::ptr::without_provenance_mut(value) };
    // SAFETY: the call takes numbers, and touches no memory of this process.
    let sent = unsafe { libc::sigqueue(pid.as_raw(), libc::SIGRTMIN(), value) };
    Errno::result(sent).with_context(|| format!("sigqueue({pid})"))?;
    Ok(())
}

/// The signals that wait for a process, as the kernel keeps them: a bit for each.
fn pending(pid: Pid) -> Result<String> {
    let mask = proc::field(format!("/proc/{pid}/status"), "ShdPnd")?;
    let mask = u64::from_str_radix(&mask, 16).with_context(|| format!("ShdPnd: {mask}"))?;
    let numbers = (1..=64).filter(|number| mask & 1 << (number - 1) != 0);
    Ok(numbers.map(name).collect::<Vec<_>>().join(" "))
}

fn name(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => signal.to_string(),
        Err(_) if number == libc::SIGRTMIN() => "SIGRTMIN".to_owned(),
        Err(_) => format!("signal {number}"),
    }
}
