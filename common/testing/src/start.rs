//! Programs as tests start them: alike, wherever the tests themselves were started.
//!
//! A shell starts a script's background commands with SIGINT ignored, `nohup` ignores
//! SIGHUP, and some runners ignore SIGCHLD. Both exec and fork pass that on, and then a
//! test waits for ever for a program that it has interrupted.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Command;
use std::thread;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::SigSet;

use common::proc;

/// A program to be started with [the defaults](with_defaults).
pub fn command(program: impl AsRef<OsStr>) -> Command {
    with_defaults();
    Command::new(program)
}

/// Gives this process, and the programs that this thread starts, what a login shell would
/// give them: every signal has its default action, and none is blocked. A program that
/// crashes on purpose leaves no core file.
///
/// # Panics
/// If the system refuses.
pub fn with_defaults() {
    let ignored = proc::field("/proc/self/status", "SigIgn").expect("a line of its own");
    let ignored = u64::from_str_radix(&ignored, 16).expect("a bit for each signal");
    // SIGPIPE is ignored by Rust itself, but not in the programs that it starts.
    for signal in (1..=64).filter(|signal| *signal != libc::SIGPIPE) {
        if ignored >> (signal - 1) & 1 == 1 {
            // SAFETY: no handler is installed, so none can run at a bad moment.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
    SigSet::empty().thread_set_mask().expect("sigmask");
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).expect("getrlimit");
    setrlimit(Resource::RLIMIT_CORE, 0, most).expect("a limit may be lowered");
}

/// Whether a program can be started at all; if not, the test [is passed over](pass_over).
pub fn is_installed(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        pass_over(&format!("{program} is not installed"));
    }
    found
}

/// Says that the calling test cannot check something here, and why: in a line of the form
/// that the test harness has for an ignored test. Unlike `eprintln!` it is also seen if the
/// test passes.
pub fn pass_over(why: &str) {
    let test = thread::current().name().unwrap_or("?").to_owned();
    // A closed standard error must not fail the test.
    let _ = std::io::stderr().write_all(format!("\ntest {test} ... ignored, {why}\n").as_bytes());
}
