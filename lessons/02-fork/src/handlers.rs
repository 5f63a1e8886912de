//! Signals in a program with threads: which of them runs the handler, what becomes of the call that
//! it interrupts, and the two ways that need nothing of that: a self-pipe, or a signalfd.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::thread::JoinHandleExt;
use std::sync::{OnceLock, mpsc};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use common::proc;
use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getpid, gettid, read, write};

/// The write end of the self-pipe.
static SELF_PIPE: OnceLock<PipeWriter> = OnceLock::new();

pub fn run() -> Result<()> {
    let (handled, tell) = pipe().context("pipe")?;
    SELF_PIPE.get_or_init(|| tell);
    println!("Which thread runs the handler:");
    send_to_process_and_thread(&handled)?;
    println!("A thread is reading when its handler runs:");
    interrupt_read("without SA_RESTART", SaFlags::empty(), &handled)?;
    interrupt_read("with SA_RESTART", SaFlags::SA_RESTART, &handled)?;
    println!("The signal is blocked, and a signalfd is asked for it:");
    block_after_start(&handled)?;
    block_before_start()
}

/// Writes the id of the thread that runs it into the self-pipe. That is two system calls: it
/// takes no lock and allocates nothing.
extern "C" fn tell_thread(_: c_int) {
    // What it interrupts may be just about to look at its own error number.
    let errno = Errno::last_raw();
    if let Some(pipe) = SELF_PIPE.get() {
        let _ = write(pipe, &gettid().as_raw().to_ne_bytes());
    }
    Errno::set_raw(errno);
}

/// From now on the handler runs at SIGUSR1, in whatever thread.
fn handle(flags: SaFlags) -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(tell_thread), flags, SigSet::empty());
    // SAFETY: the handler may run at any moment, as it says.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.context("sigaction")?;
    Ok(())
}

fn send_to_process_and_thread(handled: &PipeReader) -> Result<()> {
    handle(SaFlags::SA_RESTART)?;
    let (worker, over) = start_worker()?;
    send_to_process()?;
    print_thread("sent to the process", handled)?;

    signals().thread_block().context("sigmask")?;
    send_to_process()?;
    print_thread("the same, and main blocks it", handled)?;
    signals().thread_unblock().context("sigmask")?;

    send_to_thread(&worker)?;
    print_thread("sent to the worker", handled)?;
    drop(over);
    worker.join().expect("no panic");
    Ok(())
}

/// A thread that waits until the pipe is closed.
fn start_worker() -> Result<(JoinHandle<()>, PipeWriter)> {
    let (mut until_over, over) = pipe().context("pipe")?;
    // If a signal interrupts it, `read_to_end` reads again.
    let worker = start(move || _ = until_over.read_to_end(&mut Vec::new()))?;
    Ok((worker, over))
}

/// Starts a thread, and returns when it sleeps in what it does.
fn start<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    let (tell, id) = mpsc::channel();
    let thread = thread::spawn(move || {
        tell.send(gettid()).expect("it is awaited");
        task()
    });
    proc::poll_until_asleep(id.recv().context("the id of a thread")?)?;
    Ok(thread)
}

fn send_to_process() -> Result<()> {
    kill(getpid(), Signal::SIGUSR1).context("kill")
}

fn send_to_thread<T>(thread: &JoinHandle<T>) -> Result<()> {
    // SAFETY: the thread has not been joined, so its handle is valid.
    let result = unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR1) };
    if result == 0 { Ok(()) } else { Err(Errno::from_raw(result)).context("pthread_kill") }
}

fn print_thread(how: &str, handled: &PipeReader) -> Result<()> {
    let tid = next_thread(handled)?;
    println!("  {how}: tid {tid}, the main thread: {}", tid == getpid());
    Ok(())
}

/// The self-pipe's other end: waits until a handler has run, and returns in which thread.
fn next_thread(mut handled: &PipeReader) -> Result<Pid> {
    let mut id = [0; 4];
    handled.read_exact(&mut id).context("read from the self-pipe")?;
    Ok(Pid::from_raw(i32::from_ne_bytes(id)))
}

fn interrupt_read(how: &str, flags: SaFlags, handled: &PipeReader) -> Result<()> {
    handle(flags)?;
    let (reader, mut writer) = pipe().context("pipe")?;
    // It gives the reader back: without one, the write below would fail.
    let thread = start(move || (read(&reader, &mut [0; 8]), reader))?;
    send_to_thread(&thread)?;
    let tid = next_thread(handled)?;
    writer.write_all(b"later").context("write")?;
    let (result, _reader) = thread.join().expect("no panic");
    match result {
        Ok(bytes) => println!("  {how}: the read of tid {tid} returns {bytes} bytes"),
        Err(why) => println!("  {how}: the read of tid {tid} fails: {why}"),
    }
    Ok(())
}

/// Wrong: the worker is there already, and has not blocked the signal. The handler runs in it.
fn block_after_start(handled: &PipeReader) -> Result<()> {
    let (worker, over) = start_worker()?;
    signals().thread_block().context("sigmask")?;
    send_to_process()?;
    let tid = next_thread(handled)?;
    println!("  blocked after the start of a thread: {}; tid {tid} ran the handler", take()?);
    drop(over);
    worker.join().expect("no panic");
    signals().thread_unblock().context("sigmask")
}

/// Right: a thread inherits what the thread that starts it has blocked.
fn block_before_start() -> Result<()> {
    signals().thread_block().context("sigmask")?;
    let (worker, over) = start_worker()?;
    send_to_process()?;
    println!("  blocked before the start of a thread: {}", take()?);
    drop(over);
    worker.join().expect("no panic");
    Ok(())
}

fn signals() -> SigSet {
    SigSet::from(Signal::SIGUSR1)
}

/// Takes a signal that waits, if one does.
fn take() -> Result<String> {
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&signals(), flags).context("signalfd")?;
    let Some(signal) = signals.read_signal().context("read from the signalfd")? else {
        return Ok("it has nothing".to_owned());
    };
    let name = Signal::try_from(signal.ssi_signo as i32).context("signalfd")?;
    Ok(format!("it has {name} from pid {}", signal.ssi_pid))
}
