//! Programs to be traced: each makes the calls of one sort, and ends with status 0 only if
//! the kernel did what it asked for. `tasks.rs` has those that make processes and threads.

use std::ffi::{CStr, CString};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZero;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::os::unix::thread::JoinHandleExt;
use std::process::Command;
use std::ptr;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, shm_open, shm_unlink};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal, sigprocmask};
use nix::sys::stat::Mode;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{
    ForkResult, Pid, dup2_stdin, fork, ftruncate, getpgrp, gettid, pipe, pipe2, read, setpgid,
    write,
};

fn main() -> Result<()> {
    match std::env::args().nth(1).context("which way?")?.as_str() {
        "sockets" => sockets(),
        "closing" => closing(),
        "moves" => moves(),
        "memory" => memory(),
        "ready" => ready(),
        "signals" => signals(),
        "awaited" => awaited(),
        "futexes" => futexes(),
        "groups" => groups(),
        "execs" => execs(),
        "exec-by-descriptor" => exec_by_descriptor(),
        "renamed" => renamed(),
        other => bail!("no way '{other}'"),
    }
}

/// What a bare call returned.
fn result(call: &str, returned: libc::c_long) -> Result<libc::c_long> {
    Errno::result(returned).with_context(|| call.to_owned())
}

/// A new process that ends with the status that `body` returns.
fn child(body: impl FnOnce() -> i32) -> Result<Pid> {
    common::child::ensure_one_thread()?;
    // SAFETY: there is no other thread, so no lock is held by a thread that the child lacks.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => std::process::exit(body()),
    }
}

fn exited(child: Pid, status: i32) -> Result<()> {
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(child, status), "{end:?}");
    Ok(())
}

/// A server and its client: by a path, by a port, and where nobody listens.
fn sockets() -> Result<()> {
    // Nobody else can write there, so nobody has a file of this name.
    let folder = tempfile::tempdir().context("make a folder")?;
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).context("bind")?;
    let mut client = UnixStream::connect(&path).context("connect")?;
    std::fs::remove_file(&path).context("remove the socket's file")?;
    let (mut served, _) = listener.accept().context("accept")?;
    client.write_all(b"a question").context("write")?;
    ensure!(served.read(&mut [0; 64])? == 10);
    client.shutdown(std::net::Shutdown::Write).context("shutdown")?;
    ensure!(served.read(&mut [0; 64])? == 0);

    let listener = TcpListener::bind("127.0.0.1:0").context("bind")?;
    let address = listener.local_addr()?;
    let _client = TcpStream::connect(address).context("connect")?;
    listener.accept().context("accept")?;
    drop(listener);
    ensure!(TcpStream::connect(address).is_err(), "somebody listens");
    Ok(())
}

/// Every way to close a descriptor, and to have one more.
fn closing() -> Result<()> {
    let (first_reads, first_writes) = pipe().context("pipe")?;
    let copy = first_writes.try_clone().context("fcntl(F_DUPFD_CLOEXEC)")?;
    // SAFETY: the descriptor is open.
    let other = result("dup", unsafe { libc::dup(copy.as_raw_fd()) }.into())?;
    drop(copy);
    let (second_reads, second_writes) = pipe2(OFlag::O_CLOEXEC).context("pipe2")?;
    dup2_stdin(&first_reads).context("dup2")?;
    // What was the first pipe is the second one.
    dup2_stdin(&second_reads).context("dup2")?;
    let first = u32::try_from(other)?;
    // SAFETY: a number, which nothing else here has or uses.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, first, 0) };
    result("close_range", closed)?;
    // The other descriptors are closed by this.
    let _ = (&first_writes, &second_writes);
    Err(Command::new("true").exec().into())
}

/// Data that the kernel moves without the program.
fn moves() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let (second_reads, second_writes) = pipe().context("pipe")?;
    let file = open("/proc/self/exe", OFlag::O_RDONLY, Mode::empty()).context("open")?;
    let null = ptr::null_mut::<libc::loff_t>();
    let [from, to, second_from, second_to, file] =
        [&reads, &writes, &second_reads, &second_writes, &file].map(|it| it.as_raw_fd());
    // SAFETY: the descriptors are open, and the null pointer is an offset that is not given.
    let moved = unsafe { libc::sendfile(to, file, ptr::null_mut(), 10) };
    ensure!(moved == 10, "sendfile: {moved}");
    // SAFETY: the descriptors are open.
    let moved = unsafe { libc::tee(from, second_to, 4, 0) };
    ensure!(moved == 4, "tee: {moved}");
    // SAFETY: as with sendfile.
    let moved = unsafe { libc::splice(from, null, second_to, null, 10, 0) };
    ensure!(moved == 10, "splice: {moved}");
    let output = std::io::stdout().as_raw_fd();
    // SAFETY: as with sendfile.
    let moved = unsafe { libc::splice(second_from, null, output, null, 14, 0) };
    ensure!(moved == 14, "splice: {moved}");
    let part = libc::iovec { iov_base: c"mapped".as_ptr().cast_mut().cast(), iov_len: 6 };
    // SAFETY: the part is readable, and stays so until it is read below.
    let moved = unsafe { libc::vmsplice(to, &raw const part, 1, 0) };
    ensure!(moved == 6, "vmsplice: {moved}");
    ensure!(read(&reads, &mut [0; 64]) == Ok(6));
    Ok(())
}

/// Shared memory by its name, as POSIX and as System V have it.
fn memory() -> Result<()> {
    let name = format!("/calls-{}", std::process::id());
    let flags = OFlag::O_CREAT | OFlag::O_RDWR;
    let shared = shm_open(name.as_str(), flags, Mode::S_IRWXU).context("shm_open")?;
    shm_unlink(name.as_str()).context("shm_unlink")?;
    ftruncate(&shared, 4096).context("ftruncate")?;
    let size = NonZero::new(4096).expect("not 0");
    // SAFETY: a new mapping where the kernel likes; nothing refers to that memory.
    unsafe { mmap(None, size, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &shared, 0) }
        .context("mmap")?;
    // SAFETY: the call has no pointers.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, 0o600) };
    result("shmget", id.into())?;
    // SAFETY: the kernel chooses where it lies.
    let mapped = unsafe { libc::shmat(id, ptr::null(), 0) };
    // SAFETY: a null pointer is allowed for this command.
    let removed = unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    ensure!(mapped.addr() != usize::MAX && removed == 0, "shmat, shmctl");
    Ok(())
}

/// Every way to wait until there is something to read.
fn ready() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let child_pid = child(|| 7)?;
    // SAFETY: the child has not been waited for, so the id is its own.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, child_pid.as_raw(), 0) };
    let pidfd = RawFd::try_from(result("pidfd_open", pidfd)?)?;
    let mut ended = [libc::pollfd { fd: pidfd, events: libc::POLLIN, revents: 0 }];
    // SAFETY: one entry, as it says.
    let count = unsafe { libc::poll(ended.as_mut_ptr(), 1, -1) };
    ensure!(count == 1, "poll: {count}");
    exited(child_pid, 7)?;
    poll(&mut [PollFd::new(reads.as_fd(), PollFlags::POLLIN)], 0_u8).context("poll")?;
    write(&writes, b"!").context("write")?;
    let descriptor = reads.as_raw_fd();
    let mut set = [0_u64; 16];
    set[descriptor as usize / 64] = 1 << (descriptor % 64);
    let (null, count) = (ptr::null_mut::<u64>(), descriptor + 1);
    let mut time = [0_i64; 2];
    // SAFETY: the set has a bit for each descriptor up to `count`, and the time two words.
    let found = unsafe {
        libc::syscall(libc::SYS_pselect6, count, set.as_mut_ptr(), null, null, time.as_mut_ptr(), 0)
    };
    ensure!(found == 1, "pselect6: {found}");
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: as above.
        let found = unsafe {
            libc::syscall(libc::SYS_select, count, set.as_mut_ptr(), null, null, time.as_mut_ptr())
        };
        ensure!(found == 1, "select: {found}");
    }
    // SAFETY: the call has no pointers.
    let epoll = result("epoll_create1", unsafe { libc::epoll_create1(0) }.into())?;
    let mut events = [0_u64; 4];
    // SAFETY: there is room for an event, and the other pointers are null or two words.
    let found = unsafe {
        libc::syscall(
            libc::SYS_epoll_pwait2,
            epoll,
            events.as_mut_ptr(),
            1,
            time.as_mut_ptr(),
            ptr::null_mut::<u64>(),
            8,
        )
    };
    ensure!(found == 0, "epoll_pwait2: {found}");
    Ok(())
}

/// Every way to send a signal. All of them are ignored.
fn signals() -> Result<()> {
    // SAFETY: to ignore a signal runs nothing.
    unsafe { signal(Signal::SIGUSR1, SigHandler::SigIgn) }.context("signal")?;
    let (own, thread) = (Pid::this(), gettid());
    // In a group of its own, so that nobody else gets the signals.
    setpgid(Pid::from_raw(0), Pid::from_raw(0)).context("setpgid")?;
    let value = libc::sigval { sival_ptr: ptr::null_mut() };
    // SAFETY: the value is not used.
    result("sigqueue", unsafe { libc::sigqueue(own.as_raw(), libc::SIGUSR1, value) }.into())?;
    // struct siginfo: the signal, an error, where it comes from, and more that is 0 here.
    let mut info = [0_i32; 32];
    (info[0], info[2]) = (libc::SIGUSR1, libc::SI_QUEUE);
    let call = libc::SYS_rt_tgsigqueueinfo;
    // SAFETY: the structure has the size that the kernel reads.
    let sent =
        unsafe { libc::syscall(call, own.as_raw(), thread.as_raw(), libc::SIGUSR1, info.as_ptr()) };
    result("rt_tgsigqueueinfo", sent)?;
    kill(Pid::from_raw(0), Signal::SIGUSR1).context("kill")?;
    kill(Pid::from_raw(-getpgrp().as_raw()), Signal::SIGUSR1).context("kill")?;
    // Signal 0 is sent to nobody.
    let _ = kill(Pid::from_raw(-1), None);
    Ok(())
}

extern "C" fn does_nothing(_: libc::c_int) {}

/// Every way to wait for a signal.
fn awaited() -> Result<()> {
    // SAFETY: the handler does nothing.
    unsafe { signal(Signal::SIGUSR1, SigHandler::Handler(does_nothing)) }.context("signal")?;
    let mut usr1 = SigSet::empty();
    usr1.add(Signal::SIGUSR1);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&usr1), None).context("sigprocmask")?;
    kill(Pid::this(), Signal::SIGUSR1).context("kill")?;
    ensure!(usr1.wait() == Ok(Signal::SIGUSR1));
    // Signals from 34 on are real-time signals.
    let rt = 35;
    let mut set = usr1;
    let mut raw = *set.as_ref();
    // SAFETY: the set is initialised, and the signal is one.
    unsafe { libc::sigaddset(&raw mut raw, rt) };
    // SAFETY: the set stays as it is.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const raw, ptr::null_mut()) };
    // SAFETY: the call has no pointers.
    unsafe { libc::kill(Pid::this().as_raw(), rt) };
    let mut taken = 0;
    // SAFETY: both are variables of this function.
    unsafe { libc::sigwait(&raw const raw, &raw mut taken) };
    ensure!(taken == rt, "sigwait: {taken}");
    let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as above; nobody asks for the signal's information.
    let came = unsafe { libc::sigtimedwait(&raw const raw, ptr::null_mut(), &raw const none) };
    ensure!(came == -1, "sigtimedwait: {came}");
    // It comes before it is waited for, and is let through only then.
    kill(Pid::this(), Signal::SIGUSR1).context("kill")?;
    set = SigSet::empty();
    ensure!(set.suspend().is_ok(), "sigsuspend");
    Ok(())
}

/// The calls that came after futex: to wait at several addresses, and others with sizes.
fn futexes() -> Result<()> {
    const SIZE_U32: u32 = 2;
    const PRIVATE: u32 = 128;
    let flags = SIZE_U32 | PRIVATE;
    let words = [1_u32, 2];
    // struct futex_waitv: a value, an address, flags.
    let waiters = words.each_ref().map(|word| [0, ptr::from_ref(word).addr() as u64, flags.into()]);
    let (first, call) = (words.as_ptr(), libc::SYS_futex_waitv);
    // SAFETY: the array has two entries; a null timeout waits without a limit.
    let waited = unsafe { libc::syscall(call, waiters.as_ptr(), 2, 0, ptr::null::<u64>(), 0) };
    ensure!(Errno::result(waited) == Err(Errno::EAGAIN), "futex_waitv: {waited}");
    // They are missing in older kernels, and in older versions of libc.
    let [wake, wait, requeue] = [454, 455, 456];
    // SAFETY: the word is a local variable.
    let woken = unsafe { libc::syscall(wake, first, u64::from(u32::MAX), 1, flags) };
    // SAFETY: the word is a local variable; a null timeout waits without a limit.
    let waited = unsafe {
        libc::syscall(wait, first, 0_u64, u64::from(u32::MAX), flags, ptr::null::<u64>(), 0)
    };
    // SAFETY: the array has two entries.
    let moved = unsafe { libc::syscall(requeue, waiters.as_ptr(), 0, 1, 1) };
    let _ = (woken, waited, moved);
    of_old_call()
}

/// What futex itself does that is neither to wait nor to wake: it locks and unlocks, and moves
/// waiters from one word to another.
fn of_old_call() -> Result<()> {
    let words = [0_u32; 2];
    let [first, second] = words.each_ref().map(ptr::from_ref);
    let futex = |operation: i32, argument: u64| {
        let operation = operation | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: both words are local variables, and the other arguments are numbers.
        let done =
            unsafe { libc::syscall(libc::SYS_futex, first, operation, 0, argument, second, 0) };
        Errno::result(done).context("futex")
    };
    futex(libc::FUTEX_LOCK_PI, 0)?;
    futex(libc::FUTEX_UNLOCK_PI, 0)?;
    futex(libc::FUTEX_CMP_REQUEUE, 1)?;
    Ok(())
}

/// Waits for children by their process group.
fn groups() -> Result<()> {
    let in_own_group = || {
        let child = child(|| 7)?;
        setpgid(child, child).context("setpgid")?;
        Ok::<_, anyhow::Error>(child)
    };
    let first = in_own_group()?;
    let end = waitpid(Pid::from_raw(-first.as_raw()), None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(first, 7), "{end:?}");
    let second = in_own_group()?;
    let end = waitid(Id::PGid(second), WaitPidFlag::WEXITED).context("waitid")?;
    ensure!(end == WaitStatus::Exited(second, 7), "{end:?}");
    let third = child(|| 7)?;
    let end = waitpid(Pid::from_raw(0), None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(third, 7), "{end:?}");
    let fourth = child(|| 7)?;
    let end = waitpid(None, None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(fourth, 7), "{end:?}");
    Ok(())
}

/// Programs by another name, with many arguments, and in no folder at all.
fn execs() -> Result<()> {
    let status = Command::new("/bin/true").arg0("another name").status()?;
    ensure!(status.success(), "{status}");
    let status = Command::new("true").args((0..100).map(|place| place.to_string())).status()?;
    ensure!(status.success(), "{status}");
    for folder in ["/nowhere", "/nor/here"] {
        ensure!(Command::new(format!("{folder}/true")).status().is_err(), "{folder} is there");
    }
    let child = child(|| {
        let nothing = [ptr::null()];
        // SAFETY: the path ends with a zero byte, and both lists with a null pointer.
        unsafe { libc::execve(c"/bin/true".as_ptr(), nothing.as_ptr(), nothing.as_ptr()) };
        1
    })?;
    exited(child, 0)
}

/// A file that is executed by its descriptor.
fn exec_by_descriptor() -> Result<()> {
    let file: OwnedFd = open("/bin/true", OFlag::O_RDONLY, Mode::empty()).context("open")?;
    let name = CString::new("by descriptor")?;
    let arguments: [&CStr; 1] = [&name];
    let list = [arguments[0].as_ptr(), ptr::null()];
    // SAFETY: the lists end with a null pointer.
    unsafe { libc::fexecve(file.as_raw_fd(), list.as_ptr(), [ptr::null()].as_ptr()) };
    Err(Errno::last()).context("fexecve")
}

/// Threads that get a name, of themselves and of another one.
fn renamed() -> Result<()> {
    let named = thread::Builder::new().name("by itself".to_owned());
    named.spawn(|| _ = write(std::io::stdout(), b"I"))?.join().expect("the thread panicked");
    let (say, hear) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || hear.recv().is_err());
    // SAFETY: the thread has not been joined, so its id is valid.
    let named = unsafe { libc::pthread_setname_np(thread.as_pthread_t(), c"by another".as_ptr()) };
    ensure!(named == 0, "pthread_setname_np: {named}");
    drop(say);
    ensure!(thread.join().expect("the thread panicked"), "something came");
    Ok(())
}
