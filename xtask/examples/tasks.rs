//! Programs to be traced: each makes processes and threads in one way, and ends
//! only if the kernel did what it asked for.

use std::io::IoSlice;
use std::num::NonZero;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::proc;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sched::{sched_getaffinity, sched_setaffinity};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, sendmsg, socketpair};
use nix::sys::uio::writev;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork, ftruncate, pause, pipe, read, setsid, write};

fn main() -> Result<()> {
    let mode = std::env::args().nth(1).context("which way?")?;
    match mode.as_str() {
        "threads" => threads(),
        "fork-in-thread" => in_thread(|| exited(child(|| 7)?, 7)),
        "vfork-in-thread" => in_thread(vfork),
        "exec-in-thread" => exec_in_thread(),
        "killed" => killed(),
        "killed-in-read" => killed_in_read(),
        "interrupted" => interrupted(),
        "stopped" => stopped(),
        "vfork" => vfork(),
        "daemon" => daemon(),
        "forks" => forks(),
        "exit-at-once" => exit_at_once(),
        "open" => every_sort(),
        "not-dumpable" => {
            set_dumpable(false).context("prctl(PR_SET_DUMPABLE)")?;
            every_sort()
        }
        "wild-pointers" => wild_pointers(),
        _ => bail!("there is no way '{mode}'"),
    }
}

/// A new process that ends with the status that `body` returns.
fn child(body: impl FnOnce() -> i32) -> Result<Pid> {
    // SAFETY: the bodies below make only system calls, even where other threads
    // of the parent may hold a lock.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let status = body();
            // SAFETY: ends this process and touches nothing.
            unsafe { libc::_exit(status) }
        }
    }
}

fn exited(child: Pid, status: i32) -> Result<()> {
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(child, status), "{end:?}");
    Ok(())
}

fn in_thread(body: fn() -> Result<()>) -> Result<()> {
    thread::spawn(body).join().expect("the thread panicked")
}

/// Many threads that end at once.
fn threads() -> Result<()> {
    let threads: Vec<_> = (0..100).map(|_| thread::spawn(|| {})).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the thread panicked"));
    Ok(())
}

/// The standard library starts a program by vfork.
fn vfork() -> Result<()> {
    let status = Command::new("/bin/true").status().context("start true")?;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn exec_in_thread() -> Result<()> {
    let ready = Arc::new(Barrier::new(3));
    let in_exec = ready.clone();
    let in_other = ready.clone();
    thread::spawn(move || {
        in_exec.wait();
        Command::new("/bin/true").exec()
    });
    thread::spawn(move || {
        in_other.wait();
        loop {
            thread::park();
        }
    });
    ready.wait();
    loop {
        thread::park();
    }
}

fn waits_for_signals() -> i32 {
    loop {
        pause();
    }
}

fn killed() -> Result<()> {
    let child = child(waits_for_signals)?;
    kill(child, Signal::SIGKILL).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    Ok(())
}

/// A child that waits at a pipe when it is killed.
fn killed_in_read() -> Result<()> {
    let (reads, _writes) = pipe().context("pipe")?;
    let child = child(move || read(&reads, &mut [0]).is_ok().into())?;
    until_asleep(child)?;
    kill(child, Signal::SIGKILL).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    Ok(())
}

/// A child that is stopped and goes on while it waits, once with a time limit and once
/// without: the kernel makes these calls again, the first by restart_syscall.
fn interrupted() -> Result<()> {
    let pipes = [pipe().context("pipe")?, pipe().context("pipe")?];
    let [first, second] = pipes.each_ref().map(|(reads, _)| reads.as_fd());
    let child = child(|| {
        let polled = poll(&mut [PollFd::new(first, PollFlags::POLLIN)], 60_000_u16);
        let bytes = read(second, &mut [0]);
        if (polled, bytes) == (Ok(1), Ok(1)) { 3 } else { 1 }
    })?;
    for (_, writes) in &pipes {
        until_asleep(child)?;
        kill(child, Signal::SIGSTOP).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
        kill(child, Signal::SIGCONT).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WCONTINUED).context("waitid")?;
        write(writes, b"!").context("write")?;
    }
    exited(child, 3)
}

fn until_asleep(process: Pid) -> Result<()> {
    while !proc::field(format!("/proc/{process}/status"), "State")?.starts_with('S') {
        thread::yield_now();
    }
    Ok(())
}

fn stopped() -> Result<()> {
    let child = child(waits_for_signals)?;
    kill(child, Signal::SIGSTOP).context("kill")?;
    let came = waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
    ensure!(came == WaitStatus::Stopped(child, Signal::SIGSTOP), "{came:?}");
    kill(child, Signal::SIGCONT).context("kill")?;
    let came = waitid(Id::Pid(child), WaitPidFlag::WCONTINUED).context("waitid")?;
    ensure!(came == WaitStatus::Continued(child), "{came:?}");
    kill(child, Signal::SIGTERM).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGTERM, false), "{end:?}");
    Ok(())
}

/// The grandchild has a session of its own and outlives both others.
fn daemon() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let between = child(move || {
        let _ = setsid();
        match child(move || {
            // The end of the file comes when the first process is gone.
            drop(writes);
            match read(&reads, &mut [0]) {
                Ok(0) => 5,
                _ => 1,
            }
        }) {
            Ok(_) => 4,
            Err(_) => 1,
        }
    })?;
    exited(between, 4)
}

/// Processes that make a process each.
fn forks() -> Result<()> {
    let children = (0..20).map(|place| {
        child(move || match child(move || place).map(|pid| exited(pid, place)) {
            Ok(Ok(())) => 100 + place,
            _ => 1,
        })
    });
    let children = children.collect::<Result<Vec<_>>>()?;
    children.into_iter().zip(100..).try_for_each(|(pid, status)| exited(pid, status))
}

/// The process ends while a thread makes threads.
fn exit_at_once() -> Result<()> {
    let ready = Arc::new(Barrier::new(2));
    let in_thread = ready.clone();
    thread::spawn(move || {
        in_thread.wait();
        loop {
            thread::spawn(|| {});
        }
    });
    ready.wait();
    std::process::exit(6);
}

/// Every way of making a task, and a call of every sort for which a tracer looks into
/// the memory or at the descriptors.
fn every_sort() -> Result<()> {
    in_thread(|| Ok(()))?;
    exited(child(|| 7)?, 7)?;
    waitid(Id::Pid(child(|| 7)?), WaitPidFlag::WEXITED).context("waitid")?;
    without_status(child(|| 7)?)?;
    vfork()?;
    println!("printed");
    eprintln!("an error");

    let (reads, writes) = pipe().context("pipe")?;
    write(&writes, b"through").context("write")?;
    writev(&writes, &[IoSlice::new(b" the"), IoSlice::new(b" pipe")]).context("writev")?;
    poll(&mut [PollFd::new(reads.as_fd(), PollFlags::POLLIN)], 0_u8).context("poll")?;
    ensure!(read(&reads, &mut [0; 64]) == Ok(16));

    let (one, other) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty())
            .context("socketpair")?;
    let parts = [IoSlice::new(b"a message")];
    sendmsg::<()>(one.as_raw_fd(), &parts, &[], MsgFlags::empty(), None).context("sendmsg")?;
    // The message is longer than the memory for it.
    let length = recv(other.as_raw_fd(), &mut [0; 2], MsgFlags::MSG_TRUNC);
    ensure!(length == Ok(9), "{length:?}");

    let memory = memfd_create("shared", MFdFlags::empty()).context("memfd_create")?;
    ftruncate(&memory, 4096).context("ftruncate")?;
    let length = NonZero::new(4096).expect("not 0");
    // SAFETY: a new mapping where the kernel likes; nothing refers to that memory.
    unsafe { mmap(None, length, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &memory, 0) }
        .context("mmap")?;

    let own = Pid::from_raw(0);
    sched_setaffinity(own, &sched_getaffinity(own).context("affinity")?).context("affinity")?;
    thread::sleep(Duration::from_micros(1));
    Ok(())
}

/// Asks for no status: the null pointers are not memory that cannot be read.
fn without_status(child: Pid) -> Result<()> {
    let (id, flags, null) = (child.as_raw(), libc::WEXITED | libc::WNOWAIT, ptr::null_mut());
    // SAFETY: waitid writes nothing for a null pointer.
    let ended = unsafe { libc::waitid(libc::P_PID, id as libc::id_t, null, flags) };
    Errno::result(ended).context("waitid")?;
    // SAFETY: so does waitpid.
    let ended = unsafe { libc::waitpid(id, ptr::null_mut(), 0) };
    Errno::result(ended).context("waitpid")?;
    Ok(())
}

/// Pointers near the end of all addresses: nothing is there, and to add to them overflows.
fn wild_pointers() -> Result<()> {
    let wild = usize::MAX - 3;
    let calls: [(libc::c_long, [usize; 3]); 7] = [
        (libc::SYS_nanosleep, [wild, 0, 0]),
        (libc::SYS_ppoll, [wild, 2, 0]),
        (libc::SYS_sched_setaffinity, [0, 8, wild]),
        (libc::SYS_execve, [wild, wild, 0]),
        (libc::SYS_pipe2, [wild, 0, 0]),
        (libc::SYS_memfd_create, [wild, 0, 0]),
        (libc::SYS_clone3, [wild, 88, 0]),
    ];
    for (call, [first, second, third]) in calls {
        // SAFETY: the kernel refuses the pointer and touches no memory.
        let done = unsafe { libc::syscall(call, first, second, third, 0, 0) };
        ensure!(Errno::result(done) == Err(Errno::EFAULT), "call {call} returned {done}");
    }
    Ok(())
}
