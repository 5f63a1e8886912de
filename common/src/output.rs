//! Standard output that cannot be written: the program ends as one that leaves that to the system.

use std::io::{Write, stderr, stdout};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::path::Path;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};

/// Ends this process if it panics because `println!` could not write, as into a full disk:
/// without a word if the pipe is closed.
pub(crate) fn end_if_output_failed(panic: &PanicHookInfo) {
    // `println!` panics with a text that it has made.
    let Some(message) = panic.payload().downcast_ref::<String>() else { return };
    // Where it is standard error that cannot be written, the exit status says it all.
    if message.starts_with("failed printing to ") {
        if message.contains("Broken pipe") {
            end_by_sigpipe();
        }
        let program = std::env::args_os().next().unwrap_or_default();
        let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
        let _ = stderr().write_all(format!("{name}: {message}\n").as_bytes());
        // SAFETY: it takes a number, and does not return. `exit` would run what is to run at the
        // end of a program, and that may print, too.
        unsafe { libc::_exit(1) };
    }
}

/// Ends this process by SIGPIPE if nobody reads what it prints any more. For a program that has
/// failed: a child of it may have been ended so first.
pub(crate) fn end_if_nobody_reads() {
    let output = stdout();
    let mut descriptors = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let is_ready = poll(&mut descriptors, PollTimeout::ZERO) == Ok(1);
    if is_ready && descriptors[0].revents().is_some_and(|it| it.contains(PollFlags::POLLERR)) {
        end_by_sigpipe();
    }
}

/// Ends this process by SIGPIPE, as a program that does not ignore it.
fn end_by_sigpipe() {
    // SAFETY: no handler is installed, so none can run at a bad moment. The action is that of the
    // whole process, and all of it is to end.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let _ = raise(Signal::SIGPIPE);
}
