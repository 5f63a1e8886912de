//! A process writes into a pipe that no process can read from any more. It gets the signal
//! SIGPIPE, which kills it, unless it ignores that signal: then `write` returns the error EPIPE.
//! Rust programs ignore it. Compare with `pipe`, where it is the writer that is gone.

use std::io::{ErrorKind, PipeWriter, Write, pipe};

use anyhow::{Context, Result, bail};
use common::child::{Child, describe, fork_child};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::getpid;

pub fn run() -> Result<()> {
    let (read_end, write_end) = pipe().context("pipe")?;
    drop(read_end);

    println!("A child writes, and no read end is open. Rust ignores SIGPIPE:");
    print_end(fork_child(|| write_to_nobody(&write_end))?)?;

    println!("The same when SIGPIPE has its default action, as in most programs:");
    print_end(fork_child(|| {
        // SAFETY: no handler is installed, so none can run at a bad moment. The action is that
        // of the whole process, and this child has one thread.
        unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.context("signal(SIGPIPE)")?;
        write_to_nobody(&write_end)
    })?)
}

fn write_to_nobody(mut write_end: &PipeWriter) -> Result<()> {
    match write_end.write(b"pear") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            println!("  child (pid {}): write says {}", getpid(), Errno::EPIPE);
            Ok(())
        }
        other => bail!("write into a pipe that nobody reads: {other:?}"),
    }
}

fn print_end(child: Child) -> Result<()> {
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    Ok(())
}
