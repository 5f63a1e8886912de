//! Whom a signal reaches: Ctrl-C a process group, the end of a terminal the leader of its session
//! and the foreground. And what a daemon does so that neither reaches it.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::child::{self, Child, describe};
use common::paced;
use nix::errno::Errno;
use nix::libc;
use nix::pty::openpty;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigHandler, Signal, killpg, signal};
use nix::unistd::{ForkResult, Pid, fork, getpgid, getpid, getsid, setpgid, setsid};

/// As a process or a group: the one that calls, or one of its own.
const ITSELF: Pid = Pid::from_raw(0);

pub fn run() -> Result<()> {
    interrupt_pipeline()?;
    hang_up()
}

/// Starts `cat | cat` as a shell does, and sends it what the terminal sends at Ctrl-C.
fn interrupt_pipeline() -> Result<()> {
    // Nobody writes to it. If this process ends, both programs see that it closes, and end.
    let (input, _keep) = pipe().context("pipe")?;
    let (first, output) = start_cat(ITSELF, input.into())?;
    let group = first.pid();
    let (second, _output) = start_cat(group, output)?;

    println!("A pipeline has a process group of its own:");
    for cat in [&first, &second] {
        println!("  cat: pid {}, pgid {}", cat.pid(), group_of(cat.pid())?);
    }
    let apart = group_of(getpid())? != group_of(first.pid())?;
    println!("  I ({}) am in another group: {apart}", getpid());

    println!("I send SIGINT to the group, pgid {group}:");
    killpg(group, Signal::SIGINT).with_context(|| format!("killpg({group})"))?;
    print_end(first)?;
    print_end(second)
}

/// Starts a `cat` in a process group. Returns its output, too.
fn start_cat(group: Pid, input: Stdio) -> Result<(Child, Stdio)> {
    let mut cat = Command::new("cat");
    cat.process_group(group.as_raw()).stdin(input).stdout(Stdio::piped());
    let mut cat = cat.spawn().context("start cat")?;
    let output = cat.stdout.take().expect("it was asked to be a pipe");
    Ok((Child::new(Pid::from_raw(cat.id() as i32)), output.into()))
}

/// A session loses its terminal, as when its window is closed.
fn hang_up() -> Result<()> {
    // What is left of the session then comes to this process, which can wait for it.
    set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
    let terminal = openpty(None, None).context("openpty")?;
    let (until_over, over) = pipe().context("pipe")?;
    let (mut told, tell) = pipe().context("pipe")?;
    let Some(leader) = child::fork()? else {
        drop((terminal.master, over, told));
        child::exit(lead(&terminal.slave, tell, until_over))
    };
    drop((tell, until_over));
    // The end comes when all of them have closed the pipe, and so are ready.
    let mut ids = Vec::new();
    told.read_to_end(&mut ids).context("read the ids")?;
    let ([first, second, third], []) = ids.as_chunks() else {
        leader.join()?;
        bail!("the leader did not report the ids of the others")
    };
    let [foreground, background, daemon] =
        [first, second, third].map(|&id| Child::new(Pid::from_raw(i32::from_ne_bytes(id))));

    println!("A session has a terminal, and a daemon has a session of its own:");
    print_ids("leader", &leader)?;
    print_ids("foreground", &foreground)?;
    print_ids("background", &background)?;
    print_ids("daemon", &daemon)?;
    // Time to look at it from another terminal: `ps -o pid,pgid,sid,tty,comm -C 02-fork`.
    sleep(paced(Duration::from_secs(3)));

    println!("I close the terminal:");
    drop(terminal.master);
    print_end(leader)?;
    print_end(foreground)?;
    println!("The others live on. I close the pipe for which they wait:");
    drop(over);
    print_end(background)?;
    print_end(daemon)
}

/// Makes a session, as a shell is in one, with three more processes. Reports their ids.
fn lead(terminal: &OwnedFd, mut tell: PipeWriter, until_over: PipeReader) -> Result<()> {
    // SAFETY: no handler is installed. (It may be ignored: `nohup` starts programs like that.)
    unsafe { signal(Signal::SIGHUP, SigHandler::SigDfl) }.context("signal")?;
    setsid().context("setsid")?;
    // SAFETY: it makes this the terminal of the session, and touches no memory.
    let taken = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) };
    Errno::result(taken).context("ioctl(TIOCSCTTY)")?;

    let Some(foreground) = fork_freely()? else { child::exit(stay(tell, until_over)) };
    tell.write_all(&foreground.as_raw().to_ne_bytes()).context("tell an id")?;

    let Some(background) = fork_freely()? else {
        let moved = setpgid(ITSELF, ITSELF).context("setpgid");
        child::exit(moved.and_then(|()| stay(tell, until_over)))
    };
    tell.write_all(&background.as_raw().to_ne_bytes()).context("tell an id")?;

    let Some(starter) = fork_freely()? else { child::exit(start_daemon(tell, until_over)) };
    child::wait_for(starter)?;
    stay(tell, until_over)
}

/// A session of its own has no terminal, and a process that does not lead it gets none.
fn start_daemon(mut tell: PipeWriter, until_over: PipeReader) -> Result<()> {
    setsid().context("setsid")?;
    let Some(daemon) = fork_freely()? else { child::exit(stay(tell, until_over)) };
    tell.write_all(&daemon.as_raw().to_ne_bytes()).context("tell an id")
}

/// Stays until the demo closes the pipe, or has ended.
fn stay(ready: PipeWriter, mut until_over: PipeReader) -> Result<()> {
    drop(ready);
    until_over.read_to_end(&mut Vec::new()).context("wait for the end")?;
    Ok(())
}

/// A fork whose child is not killed when its parent ends. `None` in the child.
fn fork_freely() -> Result<Option<Pid>> {
    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    Ok(match unsafe { fork() }.context("fork")? {
        ForkResult::Child => None,
        ForkResult::Parent { child } => Some(child),
    })
}

fn print_ids(name: &str, process: &Child) -> Result<()> {
    let pid = process.pid();
    let session = getsid(Some(pid)).with_context(|| format!("getsid({pid})"))?;
    println!("  {name:<10}  pid {pid}, pgid {}, sid {session}", group_of(pid)?);
    Ok(())
}

fn group_of(pid: Pid) -> Result<Pid> {
    getpgid(Some(pid)).with_context(|| format!("getpgid({pid})"))
}

fn print_end(process: Child) -> Result<()> {
    println!("  pid {} has ended: {}", process.pid(), describe(process.wait()?));
    Ok(())
}
