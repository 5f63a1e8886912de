//! Changes what processes read, on its way from the kernel to them.
//!
//! A demo that prints a value need not have received it: it may have known the value all
//! along. A test changes the value on its way, with ptrace(2), and then the demo has to print
//! the changed one.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, read_link};
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::{not_here, start};

/// What a program printed that was tampered with, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Its standard output, and that of its children.
    pub text: String,
    /// Its standard error, and that of its children.
    pub errors: String,
    /// How it ended.
    pub status: ExitStatus,
}

/// Runs a program to its end. Whatever it and its children read, `change` gets first: the name
/// that the kernel has for where it comes from (`/proc/12/wchan`, `pipe:[345]`), and the
/// bytes. It may change them.
///
/// `None` if the system does not let a process trace another; then the calling test [is passed
/// over](start::pass_over).
///
/// # Panics
/// If the program cannot be started.
pub fn run(command: Command, change: impl FnMut(&str, &mut [u8]) + Send) -> Option<Output> {
    // A thread of its own: only the thread that started a program may trace it, and one
    // that ends also ends whatever it still traces.
    let output = thread::scope(|scope| scope.spawn(|| trace(command, change)).join());
    match output.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        Ok(output) => {
            not_here::heed(output.status.code(), &output.errors);
            Some(output)
        }
        Err(why) => {
            start::pass_over(&format!("ptrace: {why}"));
            None
        }
    }
}

fn trace(
    mut command: Command,
    mut change: impl FnMut(&str, &mut [u8]),
) -> Result<Output, io::Error> {
    // With more than one the kernel spins at each stop until the other CPU is free.
    let mut cpu = CpuSet::new();
    cpu.set(sched_getcpu()?)?;
    sched_setaffinity(Pid::from_raw(0), &cpu)?;

    let (output, theirs) = io::pipe()?;
    let (errors, their_errors) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(theirs).stderr(their_errors);
    // SAFETY: the call that the child makes before exec is one system call.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
    let child = command.spawn()?;
    // It holds our copies of the write ends.
    drop(command);
    let [text, errors] =
        [output, errors].map(|pipe| thread::spawn(move || io::read_to_string(pipe)));

    let status = follow(Pid::from_raw(child.id() as i32), &mut change)?;
    let text = text.join().expect("it does not panic")?;
    let errors = errors.join().expect("it does not panic")?;
    Ok(Output { text, errors, status })
}

/// Follows a program, which has stopped after exec, and its children to their ends.
fn follow(program: Pid, change: &mut impl FnMut(&str, &mut [u8])) -> Result<ExitStatus, io::Error> {
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    let mut status = None;
    // For each process and thread, the call that it is in.
    let mut calls: HashMap<Pid, Option<Call>> = HashMap::new();
    loop {
        let (stopped, signal) = match waitpid(None, Some(flags)) {
            Ok(WaitStatus::PtraceSyscall(id)) => {
                if let Err(why) = at_call(id, &mut calls, change) {
                    // It was killed while it was stopped, and its end is still to come.
                    assert_eq!(why, Errno::ESRCH);
                }
                (id, None)
            }
            Ok(WaitStatus::Stopped(id, signal)) => {
                // Each begins with a signal that is not its own.
                let begins = calls.insert(id, None).is_none();
                if id == program && begins {
                    let wanted = Options::PTRACE_O_TRACESYSGOOD
                        | Options::PTRACE_O_TRACEFORK
                        | Options::PTRACE_O_TRACEVFORK
                        | Options::PTRACE_O_TRACECLONE
                        | Options::PTRACE_O_TRACEEXEC
                        | Options::PTRACE_O_EXITKILL;
                    ptrace::setoptions(id, wanted)?;
                }
                (id, (!begins).then_some(signal))
            }
            Ok(WaitStatus::PtraceEvent(id, ..)) => (id, None),
            Ok(WaitStatus::Exited(id, code)) => {
                if id == program {
                    status = Some(ExitStatus::from_raw(code << 8));
                }
                continue;
            }
            Ok(WaitStatus::Signaled(id, signal, _)) => {
                if id == program {
                    status = Some(ExitStatus::from_raw(signal as i32));
                }
                continue;
            }
            Ok(_) | Err(Errno::EINTR) => continue,
            Err(Errno::ECHILD) => return Ok(status.expect("the program was waited for")),
            Err(why) => return Err(why.into()),
        };
        resume(stopped, signal)?;
    }
}

fn resume(id: Pid, signal: Option<Signal>) -> Result<(), Errno> {
    match ptrace::syscall(id, signal) {
        // It has been killed in the meantime.
        Err(Errno::ESRCH) => Ok(()),
        result => result,
    }
}

/// A system call: its number and its arguments.
type Call = (i64, [u64; 6]);

/// A process has stopped at the beginning or at the end of a call.
fn at_call(
    id: Pid,
    calls: &mut HashMap<Pid, Option<Call>>,
    change: &mut impl FnMut(&str, &mut [u8]),
) -> Result<(), Errno> {
    let info = ptrace::syscall_info(id)?;
    match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: at the beginning of a call the kernel fills in this part.
            let entry = unsafe { info.u.entry };
            calls.insert(id, Some((entry.nr as i64, entry.args)));
        }
        libc::PTRACE_SYSCALL_INFO_EXIT => {
            // SAFETY: at the end of a call the kernel fills in this part.
            let returned = unsafe { info.u.exit.sval };
            let call = calls.insert(id, None).flatten();
            if let (Some(call), 1..) = (call, returned) {
                // If it has been killed in the meantime, there is nothing left to change.
                let _ = at_end_of(id, call, returned as usize, change);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A call has returned `length`: if it has read as many bytes, they can be changed.
fn at_end_of(
    id: Pid,
    (number, arguments): Call,
    length: usize,
    change: &mut impl FnMut(&str, &mut [u8]),
) -> Result<(), io::Error> {
    let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{id}/mem"))?;
    let pieces = match number {
        libc::SYS_read | libc::SYS_pread64 | libc::SYS_recvfrom => vec![(arguments[1], length)],
        libc::SYS_recvmsg => pieces_of_message(&memory, arguments[1], length)?,
        _ => return Ok(()),
    };
    let from = read_link(format!("/proc/{id}/fd/{}", arguments[0]))?.display().to_string();
    // As one: a value may be in several pieces.
    let mut bytes = vec![0; length];
    let mut rest = &mut bytes[..];
    for &(address, length) in &pieces {
        let (piece, others) = rest.split_at_mut(length);
        memory.read_exact_at(piece, address)?;
        rest = others;
    }
    change(&from, &mut bytes);
    let mut rest = &bytes[..];
    for (address, length) in pieces {
        let (piece, others) = rest.split_at(length);
        memory.write_all_at(piece, address)?;
        rest = others;
    }
    Ok(())
}

/// Where the `length` bytes of a message are: their addresses and lengths, as the `msghdr` at
/// this address lists them.
fn pieces_of_message(
    memory: &File,
    header: u64,
    mut length: usize,
) -> Result<Vec<(u64, usize)>, io::Error> {
    let word = |address| {
        let mut word = [0; 8];
        memory.read_exact_at(&mut word, address).map(|()| u64::from_ne_bytes(word))
    };
    let field = |offset: usize| header + offset as u64;
    let list = word(field(std::mem::offset_of!(libc::msghdr, msg_iov)))?;
    let count = word(field(std::mem::offset_of!(libc::msghdr, msg_iovlen)))?;
    let mut pieces = Vec::new();
    for number in 0..count {
        let piece = list + number * size_of::<libc::iovec>() as u64;
        let used = length.min(word(piece + 8)? as usize);
        pieces.push((word(piece)?, used));
        length -= used;
    }
    Ok(pieces)
}

/// Replaces each `old` in `bytes` by `new`, which is as long.
pub fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    for start in 0..=bytes.len().saturating_sub(old.len()) {
        if bytes[start..].starts_with(old) {
            bytes[start..start + new.len()].copy_from_slice(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_what_was_changed() {
        let mut command = start::command("sh");
        command.args(["-c", "echo pear | cat; echo plum; exit 3"]);
        let change = |from: &str, bytes: &mut [u8]| {
            if from.starts_with("pipe:") {
                replace(bytes, b"pear", b"nuts");
                replace(bytes, b"plum", b"figs");
            }
        };
        let Some(output) = run(command, change) else { return };
        // Nobody has read the other word.
        assert_eq!((output.text.as_str(), output.status.code()), ("nuts\nplum\n", Some(3)));
    }

    #[test]
    fn every_place_is_replaced() {
        let mut bytes = *b"ab ab a";
        replace(&mut bytes, b"ab", b"cd");
        assert_eq!(&bytes, b"cd cd a");
        replace(&mut bytes, b"longer than that", b"LONGER THAN THAT");
        assert_eq!(&bytes, b"cd cd a");
    }
}
