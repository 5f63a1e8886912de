//! A child becomes another program: `fork`, then `exec`. The parent feeds its input
//! and reads its output and its status, first by hand, then with
//! `std::process::Command`.

use std::convert::Infallible;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use common::child::{self, Child};
use nix::unistd::{ForkResult, dup2_stdin, dup2_stdout, execv, fork, getpid};

/// A program for the shell: `$$` is its own id.
const SCRIPT: &str = "read word; echo \"pid $$ has read: $word\"; exit 3";

pub fn run() -> Result<()> {
    by_hand()?;
    with_command()
}

fn by_hand() -> Result<()> {
    let (input, mut to_child) = pipe().context("pipe")?;
    let (mut from_child, output) = pipe().context("pipe")?;

    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => child::exit(become_shell(&input, &output).map(|never| match never {})),
        ForkResult::Parent { child } => Child::new(child),
    };
    // The child's ends: its output is at its end when no copy is open any more.
    drop((input, output));
    println!("I ({}) forked pid {}, and it becomes sh.", getpid(), child.pid());

    to_child.write_all(b"pear\n").context("write to the child")?;
    drop(to_child);
    let mut answer = String::new();
    from_child.read_to_string(&mut answer).context("read from the child")?;
    println!("  it says: {}", answer.trim_end());
    println!("  it ended: {}", child::describe(child.wait()?));
    Ok(())
}

/// The pipes become standard input and output, and this program becomes another one. All
/// other descriptors close by themselves (`O_CLOEXEC`).
fn become_shell(input: &PipeReader, output: &PipeWriter) -> Result<Infallible> {
    dup2_stdin(input).context("dup2")?;
    dup2_stdout(output).context("dup2")?;
    let script = std::ffi::CString::new(SCRIPT)?;
    execv(c"/bin/sh", &[c"sh", c"-c", &script]).context("execv(/bin/sh)")
}

fn with_command() -> Result<()> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start /bin/sh")?;
    println!("I ({}) started pid {} with Command.", getpid(), child.id());

    let mut to_child = child.stdin.take().expect("it was asked to be a pipe");
    let fed = to_child.write_all(b"plum\n").context("write to the child");
    drop(to_child);
    // A Command's child is not waited for by itself, so this comes before any `?`.
    let output = child.wait_with_output().context("wait for the child")?;
    fed?;
    println!("  it says: {}", String::from_utf8_lossy(&output.stdout).trim_end());
    println!("  it ended: {}", output.status);
    Ok(())
}
