//! Programs to be traced: each makes processes and threads in one way, and ends
//! only if the kernel did what it asked for.

use std::fs::File;
use std::io::IoSlice;
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::proc;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sched::{CloneFlags, sched_getaffinity, sched_setaffinity, unshare};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use nix::sys::prctl::{set_dumpable, set_name, set_pdeathsig};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction, signal};
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
        "retries" => retries(),
        "ended-by-handler" => ended_by_handler(),
        "killed-while-stopped" => killed_while_stopped(),
        "read-in-handler" => read_in_handler(),
        "stopped" => stopped(),
        "stopped-threads" => stopped_threads(),
        "vfork" => vfork(),
        "daemon" => daemon(),
        "forks" => forks(),
        "unwaited" => unwaited(),
        "unwaited-and-killed" => {
            unwaited()?;
            Ok(kill(Pid::this(), Signal::SIGKILL)?)
        }
        "odd-name" => odd_name(),
        "ignored" => ignored(),
        "forgotten-end" => forgotten_end(),
        "locked-twice" => locked_twice(),
        "first-thread-ends" => first_thread_ends(),
        "locked-crosswise" => locked_crosswise(),
        "locked-crosswise-joined" => locked_crosswise_joined(),
        "lives-with-zombie" => {
            unwaited()?;
            println!("ready");
            Ok(SigSet::empty().suspend()?)
        }
        "killed-in-fork" => killed_in_fork(fork_for_ever),
        "killed-in-vfork" => killed_in_fork(vfork_for_ever),
        "killed-in-thread" => killed_in_fork(threads_for_ever),
        "exec-while-forking" => exec_while_forking(),
        "untraced" => untraced(),
        "slow-vfork" => slow_vfork(),
        "full-pipe" => full_pipe(),
        "namespace" => namespace(),
        "terminal" => terminal(),
        "output" => output(),
        #[cfg(target_arch = "x86_64")]
        "32-bit-call" => call_of_32_bit(),
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
            exit_now(status)
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

/// Installs a handler for SIGUSR1. Without SA_RESTART the calls that it interrupts fail.
fn handle(handler: extern "C" fn(libc::c_int), flags: SaFlags) -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(handler), flags, SigSet::empty());
    // SAFETY: the handlers below make only system calls.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.context("sigaction")?;
    Ok(())
}

extern "C" fn does_nothing(_: libc::c_int) {}

extern "C" fn ends_the_process(_: libc::c_int) {
    exit_now(3);
}

/// Where `reads_itself` reads.
static IN_HANDLER: AtomicI32 = AtomicI32::new(-1);

extern "C" fn reads_itself(_: libc::c_int) {
    let mut byte = 0_u8;
    let address = (&raw mut byte).cast();
    // SAFETY: the kernel writes at most one byte, to a variable of this function.
    unsafe { libc::read(IN_HANDLER.load(Ordering::Relaxed), address, 1) };
}

/// A child that reads, and that gets a signal in three of its reads: it makes the same call
/// again each time.
fn retries() -> Result<()> {
    handle(does_nothing, SaFlags::empty())?;
    let (reads, writes) = pipe().context("pipe")?;
    let child = child(|| {
        let mut count = 0;
        loop {
            count += 1;
            let mut byte = 0_u8;
            let address = &raw mut byte;
            let descriptor = reads.as_raw_fd();
            // SAFETY: the kernel writes at most one byte, to a variable of this function.
            let read = unsafe { libc::syscall(libc::SYS_read, descriptor, address, 1, 0, 0, 0) };
            if Errno::result(read) != Err(Errno::EINTR) {
                return count;
            }
        }
    })?;
    for _ in 0..3 {
        until_asleep(child)?;
        // Woken at once, it is asleep again only in its next read.
        kill(child, Signal::SIGUSR1).context("kill")?;
    }
    until_asleep(child)?;
    write(&writes, b"!").context("write")?;
    exited(child, 4)
}

/// A child that waits when it gets a signal, whose handler ends it.
fn ended_by_handler() -> Result<()> {
    handle(ends_the_process, SaFlags::empty())?;
    let (reads, _writes) = pipe().context("pipe")?;
    let child = child(move || read(&reads, &mut [0]).is_ok().into())?;
    until_asleep(child)?;
    kill(child, Signal::SIGUSR1).context("kill")?;
    exited(child, 3)
}

/// A child that is stopped while it reads, and then killed: its read does not return.
fn killed_while_stopped() -> Result<()> {
    let (reads, _writes) = pipe().context("pipe")?;
    let child = child(move || read(&reads, &mut [0]).is_ok().into())?;
    until_asleep(child)?;
    kill(child, Signal::SIGSTOP).context("kill")?;
    waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
    kill(child, Signal::SIGKILL).context("kill")?;
    let end = waitpid(child, None).context("wait")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    Ok(())
}

/// A child whose read is interrupted by a handler that reads itself, and is then made again.
fn read_in_handler() -> Result<()> {
    handle(reads_itself, SaFlags::SA_RESTART)?;
    let pipes = [pipe().context("pipe")?, pipe().context("pipe")?];
    let [(outer, _), (inner, _)] = &pipes;
    IN_HANDLER.store(inner.as_raw_fd(), Ordering::Relaxed);
    let child = child(|| if read(outer, &mut [0]) == Ok(1) { 3 } else { 1 })?;
    until_asleep(child)?;
    kill(child, Signal::SIGUSR1).context("kill")?;
    let [(_, to_outer), (_, to_inner)] = &pipes;
    write(to_inner, b"!").context("write")?;
    // The handler has read when nothing is left.
    while poll(&mut [PollFd::new(inner.as_fd(), PollFlags::POLLIN)], 0_u8).context("poll")? > 0 {
        thread::yield_now();
    }
    write(to_outer, b"!").context("write")?;
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

/// Stops a process again and again while it makes threads, which count: none of them
/// may run while their process is stopped.
fn stopped_threads() -> Result<()> {
    const SIZE: NonZero<usize> = NonZero::new(4096).expect("not 0");
    let flags = MapFlags::MAP_SHARED;
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping where the kernel likes; nothing refers to that memory.
    let memory = unsafe { mmap_anonymous(None, SIZE, access, flags) }.context("mmap")?;
    // SAFETY: the memory is there to the end of the process, is zero, and aligned.
    let counter: &AtomicU64 = unsafe { memory.cast().as_ref() };
    let child = child(|| {
        let counts = || (0..2000).for_each(|_| _ = counter.fetch_add(1, Ordering::Relaxed));
        loop {
            thread::scope(|scope| {
                scope.spawn(counts);
                scope.spawn(counts);
            });
        }
    })?;
    for round in 0..200 {
        let before = counter.load(Ordering::Relaxed);
        while counter.load(Ordering::Relaxed) == before {
            std::hint::spin_loop();
        }
        kill(child, Signal::SIGSTOP).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
        let stopped = counter.load(Ordering::Relaxed);
        (0..20_000).for_each(|_| std::hint::spin_loop());
        let later = counter.load(Ordering::Relaxed);
        ensure!(later == stopped, "round {round}: {stopped} became {later} while it was stopped");
        kill(child, Signal::SIGCONT).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WCONTINUED).context("waitid")?;
    }
    kill(child, Signal::SIGKILL).context("kill")?;
    waitpid(child, None).context("waitpid")?;
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

/// A process whose name is not UTF-8 and would clear a screen, and a child with another such
/// name, for which it does not wait.
fn odd_name() -> Result<()> {
    set_name(c"a\xff\x1b[2J\nb").context("prctl(PR_SET_NAME)")?;
    let child = child(|| if set_name(c"\x1b[2J\nb").is_ok() { 3 } else { 1 })?;
    waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).context("waitid")?;
    Ok(())
}

/// Three children that have ended, one of which nobody waits for, and one that runs on.
fn unwaited() -> Result<()> {
    let children = [child(|| 3)?, child(|| 4)?, child(|| 5)?];
    for child in children {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(child), look).context("waitid")?;
    }
    exited(children[1], 4)?;
    let (kind, id, nothing) = (libc::P_PID, children[2].as_raw().cast_unsigned(), ptr::null_mut());
    // SAFETY: a null pointer asks for nothing to be written.
    let done = unsafe { libc::waitid(kind, id, nothing, libc::WEXITED) };
    Errno::result(done).context("waitid")?;
    let (reads, writes) = pipe().context("pipe")?;
    // The parent's copy is closed when it ends.
    let writes = ManuallyDrop::new(writes);
    child(move || {
        drop(ManuallyDrop::into_inner(writes));
        read(&reads, &mut [0]).map_or(1, |_| 6)
    })?;
    Ok(())
}

/// A child of a process that wants to know nothing of its children.
fn ignored() -> Result<()> {
    // SAFETY: to ignore a signal runs nothing.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.context("signal")?;
    let (reads, writes) = pipe().context("pipe")?;
    child(|| 3)?;
    drop(writes);
    ensure!(read(&reads, &mut [0]) == Ok(0));
    Ok(())
}

/// Reads to the end of a pipe that it could write to itself, and so could a child.
fn forgotten_end() -> Result<()> {
    let (reads, _writes) = pipe().context("pipe")?;
    child(|| {
        let ends = set_pdeathsig(Signal::SIGKILL);
        if ends.is_ok() {
            pause();
        }
        1
    })?;
    println!("ready");
    read(&reads, &mut [0]).context("read")?;
    Ok(())
}

fn locked_twice() -> Result<()> {
    println!("ready");
    lock_twice();
    Ok(())
}

fn lock_twice() {
    let lock = Mutex::new(());
    let _first = lock.lock();
    let _second = lock.lock();
}

/// The first thread ends. The other one has the write end of a pipe from which a child reads, and
/// waits for a lock that it has.
fn first_thread_ends() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let end = writes.as_raw_fd();
    let child = child(|| {
        // SAFETY: this process uses that end no more.
        let closed = unsafe { libc::close(end) } == 0;
        (closed && read(&reads, &mut [0]) == Ok(0)).into()
    })?;
    until_asleep(child)?;
    println!("ready");
    thread::spawn(lock_twice);
    // SAFETY: it ends this thread, whose variables nobody else uses.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    bail!("exit returned")
}

/// Two threads have a lock each, and want the other one.
fn locked_crosswise() -> Result<()> {
    println!("ready");
    lock_crosswise();
    Ok(())
}

/// The same, but the main thread is in pthread_join, not parked.
fn locked_crosswise_joined() -> Result<()> {
    println!("ready");
    thread::spawn(lock_crosswise).join().expect("it never ends");
    Ok(())
}

fn lock_crosswise() {
    let (one, other) = (Mutex::new(()), Mutex::new(()));
    let locked = AtomicU64::new(0);
    let lock_both = |first: &Mutex<()>, second: &Mutex<()>| {
        let _first = first.lock();
        locked.fetch_add(1, Ordering::SeqCst);
        while locked.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        let _second = second.lock();
    };
    thread::scope(|scope| {
        scope.spawn(|| lock_both(&one, &other));
        scope.spawn(|| lock_both(&other, &one));
    });
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

/// Kills processes that are in the middle of making others.
fn killed_in_fork(body: fn(&dyn Fn()) -> i32) -> Result<()> {
    for round in 0..20 {
        let (reads, writes) = pipe().context("pipe")?;
        let child = child(|| {
            body(&|| {
                let _ = write(&writes, b"!");
            })
        })?;
        drop(writes);
        // It is killed after its first tasks, each time after some more of them.
        for _ in 0..=round {
            ensure!(read(&reads, &mut [0]) == Ok(1), "it makes no tasks");
        }
        kill(child, Signal::SIGKILL).context("kill")?;
        let end = waitpid(child, None).context("waitpid")?;
        ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    }
    Ok(())
}

/// A bare clone: the child goes on in a copy of this process.
fn clone(flags: libc::c_int) -> Result<Option<Pid>> {
    let flags = (flags | libc::SIGCHLD) as usize;
    // SAFETY: without CLONE_VM and a stack it is a fork. The callers have one thread, or
    // make only system calls in the child.
    let made = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match Errno::result(made).context("clone")? {
        0 => Ok(None),
        child => Ok(Some(Pid::from_raw(i32::try_from(child)?))),
    }
}

fn exit_now(status: i32) -> ! {
    // SAFETY: ends this process and touches nothing.
    unsafe { libc::_exit(status) }
}

fn fork_for_ever(made: &dyn Fn()) -> i32 {
    clones_for_ever(0, made)
}

fn vfork_for_ever(made: &dyn Fn()) -> i32 {
    clones_for_ever(libc::CLONE_VFORK, made)
}

fn clones_for_ever(flags: libc::c_int, made: &dyn Fn()) -> i32 {
    loop {
        match clone(flags) {
            Ok(None) => exit_now(0),
            Ok(Some(_)) => made(),
            Err(_) => return 1,
        }
    }
}

fn threads_for_ever(made: &dyn Fn()) -> i32 {
    loop {
        thread::scope(|scope| {
            scope.spawn(|| {});
            scope.spawn(|| {});
        });
        made();
    }
}

/// The process becomes another one while a thread of it is in a fork.
fn exec_while_forking() -> Result<()> {
    for _ in 0..10 {
        let child = child(|| {
            let ready = Arc::new(Barrier::new(2));
            let in_thread = ready.clone();
            thread::spawn(move || {
                fork_for_ever(&|| {
                    in_thread.wait();
                })
            });
            // After the first of its forks, and in one of the next.
            for _ in 0..3 {
                ready.wait();
            }
            let _ = Command::new("/bin/true").exec();
            1
        })?;
        exited(child, 0)?;
    }
    Ok(())
}

/// Children that ask the kernel to keep them from a tracer.
fn untraced() -> Result<()> {
    match clone(libc::CLONE_UNTRACED)? {
        None => exit_now(if write(std::io::stdout(), b"by clone") == Ok(8) { 7 } else { 1 }),
        Some(child) => exited(child, 7)?,
    }
    // struct clone_args: the flags first, and the signal at the end as the fifth field.
    let arguments = [libc::CLONE_UNTRACED as u64, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0];
    let size = std::mem::size_of_val(&arguments);
    // SAFETY: without CLONE_VM and a stack it is a fork, and this process has one thread.
    match unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), size) } {
        0 => exit_now(if write(std::io::stdout(), b"by clone3") == Ok(9) { 7 } else { 1 }),
        made => {
            let child = Errno::result(made).context("clone3")?;
            exited(Pid::from_raw(i32::try_from(child)?), 7)
        }
    }
}

/// A child that keeps its parent in the call for longer than the recorder waits.
fn slow_vfork() -> Result<()> {
    match clone(libc::CLONE_VFORK)? {
        None => {
            thread::sleep(Duration::from_millis(150));
            exit_now(7)
        }
        Some(child) => exited(child, 7),
    }
}

/// A child whose write waits at a full pipe for longer than the recorder does.
fn full_pipe() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let child = child(move || (write(&writes, &[b'x'; 200_000]) != Ok(200_000)).into())?;
    until_asleep(child)?;
    (0..2).for_each(|_| thread::sleep(Duration::from_millis(150)));
    let mut count = 0;
    while count < 200_000 {
        count += read(&reads, &mut [0; 60_000]).context("read")?;
    }
    exited(child, 0)
}

/// Its children have other ids in their own eyes than in those of the tracer.
fn namespace() -> Result<()> {
    let alone = CloneFlags::CLONE_NEWPID;
    if unshare(alone).or_else(|_| unshare(alone | CloneFlags::CLONE_NEWUSER)).is_err() {
        println!("no namespaces here");
        return Ok(());
    }
    let first = child(|| {
        let own = child(|| 7).and_then(|second| {
            ensure!(second.as_raw() == 2, "{second}");
            exited(second, 7)?;
            let third = child(waits_for_signals)?;
            kill(third, Signal::SIGKILL).context("kill")?;
            let status = waitid(Id::Pid(third), WaitPidFlag::WEXITED).context("waitid")?;
            ensure!(status == WaitStatus::Signaled(third, Signal::SIGKILL, false), "{status:?}");
            in_thread(|| Ok(()))
        });
        if own.is_ok() { 8 } else { 1 }
    })?;
    exited(first, 8)
}

/// A program that asks the user at the terminal, as ssh does for a password.
fn terminal() -> Result<()> {
    match File::open("/dev/tty") {
        // Where nobody is at the terminal, this waits for ever.
        Ok(mut terminal) => drop(std::io::Read::read(&mut terminal, &mut [0])?),
        Err(why) => println!("no terminal: {why}"),
    }
    Ok(())
}

/// More than a pipe holds, to both outputs and to a copy of one; not to /dev/null.
fn output() -> Result<()> {
    let null = std::fs::metadata("/dev/null")?;
    for descriptor in ["/dev/fd/1", "/dev/fd/2"] {
        let output = std::fs::metadata(descriptor)?;
        ensure!(output.rdev() != null.rdev(), "{descriptor} is /dev/null");
    }
    let copy = std::io::stdout().as_fd().try_clone_to_owned()?;
    for output in [std::io::stdout().as_fd(), std::io::stderr().as_fd(), copy.as_fd()] {
        for _ in 0..5 {
            ensure!(write(output, &[b'x'; 50_000]) == Ok(50_000), "not all is written");
        }
    }
    Ok(())
}

/// A call as a 32-bit program makes it.
#[cfg(target_arch = "x86_64")]
fn call_of_32_bit() -> Result<()> {
    const GETPID: i32 = 20;
    let id: i32;
    // SAFETY: getpid has no arguments and touches no memory.
    unsafe { std::arch::asm!("int 0x80", inlateout("eax") GETPID => id) };
    ensure!(id == Pid::this().as_raw(), "{id}");
    Ok(())
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
