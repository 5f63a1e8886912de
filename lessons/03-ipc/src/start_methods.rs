//! What a child has of its parent: all of it after a fork, nothing after an exec, and from a fork
//! server what that server has. These are Python's three start methods. Compare with `spawn`,
//! where the two programs talk.

use std::env;
use std::fs::{File, read_link};
use std::io::{BufRead, BufReader, ErrorKind, Write, stdin};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail};
use common::child::{Child, describe, fork_child};
use common::proc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{Pid, getpid, getppid, write};

/// A variable of the program, and its value at the start of the program.
static PEARS: AtomicU32 = AtomicU32::new(0);

/// The variables that make this program a child: what to do, and which descriptor to look at.
const ROLE: &str = "LESSON_ROLE";
const FD: &str = "LESSON_FD";

pub fn run() -> Result<()> {
    match env::var(ROLE).as_deref() {
        Err(_) => be_parent(),
        Ok("looks") => look(env::var(FD).context(FD)?.parse().context(FD)?),
        Ok("forks") => serve(),
        Ok(role) => bail!("{ROLE}: no role '{role}'; available: looks, forks"),
    }
}

fn be_parent() -> Result<()> {
    let server = ForkServer::start()?;
    println!("I ({}) have a fork server: pid {}", getpid(), server.process.pid());
    PEARS.store(5, Relaxed);
    let file = File::from(memfd_create("fruit", MFdFlags::MFD_CLOEXEC).context("memfd_create")?);
    let fd = file.as_raw_fd();
    println!("Then I have {} pears, and open a file: fd {fd}", PEARS.load(Relaxed));
    by_fork(fd)?;

    let (end, ended) = mpsc::channel::<()>();
    let second = thread::Builder::new().spawn(move || ended.recv()).context("start a thread")?;
    println!("Then I start a second thread");
    match by_fork(fd) {
        Ok(()) => bail!("a fork with two threads"),
        Err(why) => println!("  {why}"),
    }
    by_exec(fd)?;
    by_server(server, fd)?;
    drop(end);
    second.join().expect("it does not panic").expect_err("nothing was sent");
    Ok(())
}

/// The child is a copy of this process. (With two threads `fork_child` refuses.)
fn by_fork(fd: RawFd) -> Result<()> {
    println!("By fork:");
    fork_child(|| look(fd))?.join()
}

/// The child is a program that has just begun: this one, started again.
fn by_exec(fd: RawFd) -> Result<()> {
    println!("By exec:");
    start(this_program("looks").env(FD, fd.to_string()))?.join()
}

/// The child is a copy of the server.
fn by_server(mut server: ForkServer, fd: RawFd) -> Result<()> {
    println!("By the fork server:");
    server.socket.write_all(format!("{fd}\n").as_bytes()).context("ask the fork server")?;
    let mut answer = String::new();
    BufReader::new(&server.socket).read_line(&mut answer).context("its answer")?;
    println!("  the server says: {}", answer.trim_end());
    // It ends when there is nobody who could ask.
    drop(server.socket);
    server.process.join()
}

/// What each child does.
fn look(fd: RawFd) -> Result<()> {
    let file = match read_link(format!("/proc/self/fd/{fd}")) {
        Ok(name) => name.display().to_string(),
        Err(error) if error.kind() == ErrorKind::NotFound => "not open".to_owned(),
        Err(error) => return Err(error).context("/proc/self/fd"),
    };
    let (pid, parent, pears) = (getpid(), getppid(), PEARS.load(Relaxed));
    let threads = proc::field("/proc/self/status", "Threads")?;
    println!(
        "  pid {pid}: parent is {parent}; pears: {pears}; fd {fd}: {file}; threads: {threads}"
    );
    Ok(())
}

struct ForkServer {
    process: Child,
    socket: UnixStream,
}

impl ForkServer {
    fn start() -> Result<Self> {
        let (socket, theirs) = UnixStream::pair().context("socketpair")?;
        let process = start(this_program("forks").stdin(OwnedFd::from(theirs)))?;
        Ok(Self { process, socket })
    }
}

/// The fork server. It was started by exec, has one thread, and does nothing but this: so its
/// forks are safe, whatever threads its parent has. The requests come through its standard input.
fn serve() -> Result<()> {
    for request in stdin().lines() {
        let fd = request.context("read a request")?.parse().context("a request")?;
        let child = fork_child(|| look(fd))?;
        // The child is the server's own, so nobody else can wait for it.
        let end = format!("pid {} has ended: {}\n", child.pid(), describe(child.wait()?));
        write(stdin(), end.as_bytes()).context("answer a request")?;
    }
    Ok(())
}

fn this_program(role: &str) -> Command {
    // This file, even if Cargo has put another in its place.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("03-ipc").arg("start-methods").env(ROLE, role);
    command
}

fn start(command: &mut Command) -> Result<Child> {
    let child = command.spawn().context("start this program again")?;
    Ok(Child::new(Pid::from_raw(child.id() as i32)))
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn the_pears_that_are_there_are_printed() {
        let lines = printed::lines("0", || {
            PEARS.store(9, Relaxed);
            look(RawFd::MAX).unwrap();
        });
        let its = format!("pears: 9; fd {}: not open; threads: ", RawFd::MAX);
        assert!(lines[0].contains(&its), "{lines:#?}");
    }
}
