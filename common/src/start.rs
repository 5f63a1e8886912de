//! What a program got from whoever started it, put right before it does anything.
//!
//! What a process ignores, what it blocks and its limits pass through `exec`. A shell starts a
//! script's background commands with SIGINT ignored, and some programs start all others with
//! SIGCHLD ignored: then `wait` never learns how a child ended.

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

use crate::output::end_if_output_failed;
use crate::proc;

/// Puts right what this program was started with:
/// - Signals have their default actions, and none is blocked. SIGHUP is left as it is:
///   `nohup` has it ignored on purpose.
/// - SIGPIPE stays ignored, as in every Rust program: a write to a process that has died is an
///   error. Only where standard output itself is a closed pipe, as in `02-fork | head -1`, this
///   program ends as if SIGPIPE had killed it, even if it fails because a child has ended so.
///   (Without that, `println!` would panic.)
/// - A file that grows beyond `ulimit -f` is an error, as in Python, and not a signal that
///   kills. For that limit shared memory is a file, too.
/// - A crash that is meant to happen leaves no core file.
/// - Where standard output cannot be written, this program ends with a line that says so.
///
/// # Panics
/// If the system refuses.
pub fn put_right() {
    default_signals(|signal| ![libc::SIGHUP, libc::SIGPIPE].contains(&signal));
    // SAFETY: no handler is installed, so none can run at a bad moment. The action is that of the
    // whole process, and no other thread of it relies on another.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.expect("SIGXFSZ can be ignored");
    without_core_files();
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        end_if_output_failed(panic);
        default(panic);
    }));
}

/// Gives the signals of `which` that are ignored their default action back, and blocks none in
/// this thread.
///
/// # Panics
/// If the system refuses.
pub fn default_signals(which: impl Fn(i32) -> bool) {
    let ignored = proc::signals("/proc/self/status", "SigIgn").expect("a bit for each signal");
    for signal in (1..=64).filter(|&signal| ignored >> (signal - 1) & 1 == 1 && which(signal)) {
        // SAFETY: no handler is installed, so none can run at a bad moment. The action is that of
        // the whole process; the one before, to ignore the signal, was not of its choice.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    SigSet::empty().thread_set_mask().expect("sigmask");
}

/// From now on neither this process nor what it starts leaves a core file.
///
/// # Panics
/// If the system refuses.
pub fn without_core_files() {
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).expect("getrlimit");
    setrlimit(Resource::RLIMIT_CORE, 0, most).expect("a limit may be lowered");
}
