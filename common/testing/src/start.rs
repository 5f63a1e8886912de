//! Programs as tests start them: alike, wherever the tests themselves were started.
//!
//! A shell starts a script's background commands with SIGINT ignored, `nohup` ignores
//! SIGHUP, and some runners ignore SIGCHLD. Both exec and fork pass that on, and then a
//! test waits for ever for a program that it has interrupted.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use nix::libc;
use nix::sched::sched_getcpu;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use common::start::{default_signals, without_core_files};

/// A program to be started with [the defaults](with_defaults). An error that it prints is
/// its message alone, also where those who run the tests want a backtrace of their own. It is
/// killed when the thread that started it ends, however that comes about.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    with_defaults();
    let mut command = Command::new(program);
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    let end_with_test = || set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from);
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { command.pre_exec(end_with_test) };
    command
}

/// A command to which a program and its arguments are to be added: the program may have no
/// more than `limit` descriptors, and what it opens beyond them fails.
pub fn with_descriptors(limit: usize) -> Command {
    let mut command = command("sh");
    command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]);
    command
}

/// A command to which a program and its arguments are to be added: strace follows all its
/// processes, and writes into a file what this expression of its `-e` selects.
///
/// All of it on one CPU. With two the kernel lets strace spin at each stop until the program
/// has left the other, and that takes ten times as long as the program.
pub fn with_strace(expression: &str, file: &Path) -> Command {
    let cpu = sched_getcpu().expect("getcpu").to_string();
    let mut command = command("taskset");
    command.args(["-c", &cpu, "strace", "-f", "--seccomp-bpf", "-qq", "-e", expression, "-o"]);
    command.arg(file);
    command
}

/// A command to which a program and its arguments are to be added: strace makes calls fail,
/// as its `inject=` describes them (`clone,fork:error=EAGAIN:when=2`).
pub fn with_fault(calls: &str) -> Command {
    with_strace(&format!("inject={calls}"), Path::new("/dev/null"))
}

/// Adds a program, with its arguments and its environment, to a command that starts programs.
pub fn add_program(command: &mut Command, program: &Command) {
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Gives this process, and the programs that this thread starts, what a login shell would
/// give them: every signal has its default action, and none is blocked. A program that
/// crashes on purpose leaves no core file.
///
/// # Panics
/// If the system refuses.
pub fn with_defaults() {
    // SIGPIPE is ignored by Rust itself, but not in the programs that it starts.
    default_signals(|signal| signal != libc::SIGPIPE);
    without_core_files();
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

/// Whether strace can be used: it is installed, and the system lets it trace. If not, the test
/// [is passed over](pass_over).
pub fn can_use_strace() -> bool {
    if !is_installed("strace") {
        return false;
    }
    let output = with_strace("trace=none", Path::new("/dev/null")).arg("true").output();
    let output = output.expect("it is installed");
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        pass_over(why.lines().next().unwrap_or("strace cannot trace here"));
    }
    output.status.success()
}

/// Says that the calling test cannot check something here, and why: in a line of the form
/// that the test harness has for an ignored test. Unlike `eprintln!` it is also seen if the
/// test passes.
pub fn pass_over(why: &str) {
    let test = thread::current().name().unwrap_or("?").to_owned();
    // A closed standard error must not fail the test.
    let _ = std::io::stderr().write_all(format!("\ntest {test} ... ignored, {why}\n").as_bytes());
}
