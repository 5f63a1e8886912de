//! What a process hands on: by fork to a child, by exec to another program. And why a descriptor
//! has to be opened with `O_CLOEXEC`, and not marked afterwards.

use std::fs::{File, read_link};
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use common::{child, proc};
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::libc::c_int;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::stat::Mode;
use nix::unistd::{self, Pid, dup2_stdin, dup2_stdout, execvp, getpid};

pub fn run() -> Result<()> {
    compare()?;
    println!("A pipe, and another thread that starts a program just then:");
    mark_afterwards()?;
    open_marked()
}

fn compare() -> Result<()> {
    // SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGUSR1, SigHandler::SigIgn) }.context("signal")?;
    // SAFETY: the handler does nothing, so it may run at any moment.
    unsafe { signal(Signal::SIGUSR2, SigHandler::Handler(do_nothing)) }.context("signal")?;
    SigSet::from(Signal::SIGALRM).thread_block().context("sigmask")?;
    let by_std = File::open("/dev/zero").context("/dev/zero")?;
    let by_open = open("/dev/zero", OFlag::O_RDONLY, Mode::empty()).context("/dev/zero")?;
    let files = [by_std.as_raw_fd(), by_open.as_raw_fd()];

    println!("             SIGUSR1  SIGUSR2  SIGPIPE  SIGALRM  File::open  open");
    show("I", getpid(), files)?;
    let (input, mut to_child) = pipe().context("pipe")?;
    let (mut from_child, output) = pipe().context("pipe")?;
    let Some(child) = child::fork()? else {
        drop((to_child, from_child));
        child::exit(become_cat(input, &output))
    };
    drop((input, output));
    show("fork", child.pid(), files)?;
    to_child.write_all(b"!").context("let the child go on")?;
    ensure_cat_runs(&mut to_child, &mut from_child)?;
    show("fork, exec", child.pid(), files)?;
    drop(to_child);
    child.join()?;

    let cat = start_cat()?;
    show("Command", Pid::from_raw(cat.id() as i32), files)?;
    end(cat)
}

extern "C" fn do_nothing(_: c_int) {}

/// Waits for a byte, then becomes another program.
fn become_cat(mut input: PipeReader, output: &PipeWriter) -> Result<()> {
    input.read_exact(&mut [0]).context("wait for the parent")?;
    dup2_stdin(&input).context("dup2")?;
    dup2_stdout(output).context("dup2")?;
    match execvp(c"cat", &[c"cat"]).context("execvp(cat)")? {}
}

/// Another program, which runs when this returns.
fn start_cat() -> Result<Child> {
    let mut cat = Command::new("cat");
    let mut cat = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("start cat")?;
    let (input, output) = (cat.stdin.as_mut(), cat.stdout.as_mut());
    ensure_cat_runs(input.expect("a pipe"), output.expect("a pipe"))?;
    Ok(cat)
}

/// It answers; so the exec is over.
fn ensure_cat_runs(to_cat: &mut impl Write, from_cat: &mut impl Read) -> Result<()> {
    to_cat.write_all(b"!").context("write to cat")?;
    from_cat.read_exact(&mut [0]).context("read from cat")
}

/// Closes its input, and waits for its end.
fn end(mut cat: Child) -> Result<()> {
    let status = cat.wait().context("wait for cat")?;
    ensure!(status.success(), "cat: {status}");
    Ok(())
}

/// Prints what the kernel reports about a process.
fn show(name: &str, process: Pid, files: [RawFd; 2]) -> Result<()> {
    let mut row = format!("  {name:<11}");
    for signal in [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGPIPE, Signal::SIGALRM] {
        row += &format!("{:<9}", state(process, signal)?);
    }
    let [by_std, by_open] = files.map(|fd| if has(process, fd) { "open" } else { "closed" });
    println!("{row}{by_std:<12}{by_open}");
    Ok(())
}

/// What a process has set for a signal: a bit in one of these lines.
fn state(process: Pid, signal: Signal) -> Result<&'static str> {
    for (line, state) in [("SigBlk", "blocked"), ("SigIgn", "ignored"), ("SigCgt", "handler")] {
        let bits = proc::field(format!("/proc/{process}/status"), line)?;
        let bits = u64::from_str_radix(&bits, 16).context(line)?;
        if bits >> (signal as i32 - 1) & 1 == 1 {
            return Ok(state);
        }
    }
    Ok("default")
}

/// Whether a descriptor stands for the same file in that process as here.
fn has(process: Pid, fd: RawFd) -> bool {
    let [there, here] = [process, getpid()].map(|pid| read_link(format!("/proc/{pid}/fd/{fd}")));
    there.is_ok_and(|file| here.is_ok_and(|same| file == same))
}

/// Wrong: a program may start between the two calls, and here it does.
fn mark_afterwards() -> Result<()> {
    let (reader, writer) = unistd::pipe().context("pipe")?;
    let cat = thread::spawn(start_cat).join().expect("no panic")?;
    for end in [&reader, &writer] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).context("fcntl")?;
    }
    close("pipe, then fcntl", reader, writer, cat)
}

/// Right: std marks what it opens in the call that opens it.
fn open_marked() -> Result<()> {
    let (reader, writer) = io::pipe().context("pipe")?;
    let cat = thread::spawn(start_cat).join().expect("no panic")?;
    close("io::pipe", reader, writer, cat)
}

/// Closes the only write end that this program has. Is the reader at its end?
fn close(how: &str, reader: impl AsFd, writer: impl AsRawFd, cat: Child) -> Result<()> {
    let is_copied = has(Pid::from_raw(cat.id() as i32), writer.as_raw_fd());
    drop(writer);
    let at_end = is_at_end(&reader)?;
    end(cat)?;
    let later = is_at_end(&reader)?;
    println!("  {how}: the program has a copy: {is_copied}");
    println!("    I close mine; the pipe is at its end: {at_end}; after the program: {later}");
    Ok(())
}

fn is_at_end(reader: impl AsFd) -> Result<bool> {
    let mut reader = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
    Ok(poll(&mut reader, PollTimeout::ZERO).context("poll")? == 1)
}
