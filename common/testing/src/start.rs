//! Programs as tests start them: alike, wherever the tests themselves were started.
//!
//! A shell starts a script's background commands with SIGINT ignored, `nohup` ignores
//! SIGHUP, and some runners ignore SIGCHLD. Both exec and fork pass that on, and then a
//! test waits for ever for a program that it has interrupted.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs, thread};

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompFilter, apply_filter, apply_filter_all_threads,
};

use common::start::{default_signals, without_core_files};
use common::{Unsupported, cpus};

/// A program to be started with [the defaults](with_defaults). An error that it prints is
/// its message alone, even where the tests themselves are run with backtraces. It has
/// three open files, even if the tests were started with more. It is killed when the thread that
/// started it ends, however that comes about.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    with_defaults();
    let mut command = Command::new(program);
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    let end_with_test = || set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from);
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { command.pre_exec(end_with_test) };
    let without_other_files = || {
        // An old kernel does not know the call. Then they stay open.
        // SAFETY: it makes descriptors close at exec, and touches no memory.
        unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
        Ok(())
    };
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { command.pre_exec(without_other_files) };
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
/// All of it on one CPU, where the system lets a process choose. With two the kernel lets strace
/// spin at each stop until the program has left the other, and that takes ten times as long as
/// the program.
pub fn with_strace(expression: &str, file: &Path) -> Command {
    let mut cpu = CpuSet::new();
    cpu.set(sched_getcpu().expect("getcpu")).expect("a CPU of this system");
    let mut command = command("strace");
    let on_it = move || {
        // It is only slower without.
        let _ = sched_setaffinity(Pid::from_raw(0), &cpu);
        Ok(())
    };
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { command.pre_exec(on_it) };
    command.args(["-f", "--seccomp-bpf", "-qq", "-e", expression, "-o"]).arg(file);
    command
}

/// A program that may use all CPUs that this process may, even where what starts it, such as
/// [strace](with_strace), has one.
///
/// # Panics
/// If the system does not say which they are.
pub fn on_all_cpus(program: &Command) -> Command {
    if can_choose_cpus() {
        return on_cpus(&cpus::allowed().expect("sched_getaffinity"), program);
    }
    // What starts it has all of them, too.
    let mut command = command("env");
    add_program(&mut command, program);
    command
}

/// A program that may use these CPUs, and no others.
///
/// # Panics
/// Where a process cannot choose its CPUs: then the test [is passed over](crate::not_here).
pub fn on_cpus(cpus: &[usize], program: &Command) -> Command {
    must_choose_cpus();
    let mut command = command("taskset");
    command.args(["-c", &cpus::list(cpus)]);
    add_program(&mut command, program);
    command
}

/// For a test that chooses the CPUs of processes or threads.
///
/// # Panics
/// Where it cannot: then the test [is passed over](crate::not_here).
pub fn must_choose_cpus() {
    choose_own_cpus().unwrap();
}

/// Whether the system lets a process choose its CPUs. If not, what strace records has all of them.
///
/// # Panics
/// If the system does not say which they are.
pub fn can_choose_cpus() -> bool {
    choose_own_cpus().is_ok()
}

/// Chooses the CPUs that this process has already, which changes nothing.
fn choose_own_cpus() -> Result<(), Unsupported> {
    let cpus = cpus::allowed().expect("sched_getaffinity");
    cpus::pin(Pid::from_raw(0), &cpus)
}

/// A command to which a program and its arguments are to be added: strace makes calls fail,
/// as its `inject=` describes them (`clone,fork:error=EAGAIN:when=2`).
pub fn with_fault(calls: &str) -> Command {
    with_strace(&format!("inject={calls}"), Path::new("/dev/null"))
}

/// Lets a command find a shell script where it looks for a program: figures that are known
/// take the place of measured ones.
///
/// # Panics
/// If the script cannot be written into the folder.
pub fn stand_in(command: &mut Command, folder: &Path, program: &str, script: &str) {
    let file = folder.join(program);
    fs::write(&file, format!("#!/bin/sh\n{script}")).expect("the folder can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let others = env::var_os("PATH").unwrap_or_default();
    let path = [folder.to_owned()].into_iter().chain(env::split_paths(&others));
    command.env("PATH", env::join_paths(path).expect("it came from there"));
}

/// Makes a system call fail in a program that a command will start, and in all that it starts:
/// as a container does, with a filter of the kernel (seccomp(2)).
///
/// # Panics
/// If seccomp filters are not available on this architecture.
pub fn refuse(command: &mut Command, call: libc::c_long, error: Errno) {
    let filter = filter(&[call], error);
    let before_exec = move || apply_filter(&filter).map_err(io::Error::other);
    // SAFETY: between fork and exec, prctl and seccomp are allowed; they allocate nothing.
    unsafe { command.pre_exec(before_exec) };
}

/// Makes every call that starts a process fail from now on, in all threads of this process: as
/// if it had reached a limit (EAGAIN), or the memory were used up (ENOMEM). It starts no
/// threads from then on, either.
///
/// # Panics
/// If seccomp filters are not available.
pub fn refuse_processes_from_now_on(error: Errno) {
    let calls = [
        libc::SYS_clone3,
        libc::SYS_clone,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork,
    ];
    apply_filter_all_threads(&filter(&calls, error)).expect("filters are available");
}

/// A filter that makes these system calls fail.
fn filter(calls: &[libc::c_long], error: Errno) -> BpfProgram {
    let rules = calls.iter().map(|&call| (call, Vec::new())).collect();
    let refused = SeccompAction::Errno(error as u32);
    let target = env::consts::ARCH.try_into().expect("a processor with filters");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, target);
    filter.and_then(BpfProgram::try_from).expect("a filter for a few calls")
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
    let found = env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        pass_over(&format!("{program} is not installed"));
    }
    found
}

/// Whether strace can be used: it is installed, and the system lets it trace. If not, the test
/// [is passed over](pass_over).
pub fn can_use_strace() -> bool {
    static WHY_NOT: OnceLock<Option<String>> = OnceLock::new();
    if !is_installed("strace") {
        return false;
    }
    let why_not = WHY_NOT.get_or_init(|| {
        let output = with_strace("trace=none", Path::new("/dev/null")).arg("true").output();
        let output = match output {
            Ok(output) => output,
            Err(why) => return Some(format!("strace cannot be started: {why}")),
        };
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().next().unwrap_or("strace cannot trace here").to_owned();
        (!output.status.success()).then_some(why)
    });
    why_not.iter().for_each(|why| pass_over(why));
    why_not.is_none()
}

/// Says that the calling test cannot check something here, and why: in a line of the form
/// that the test harness has for an ignored test. Unlike `eprintln!` it is also seen if the
/// test passes.
pub fn pass_over(why: &str) {
    let test = thread::current().name().unwrap_or("?").to_owned();
    // A closed standard error must not fail the test.
    let _ = std::io::stderr().write_all(format!("\ntest {test} ... ignored, {why}\n").as_bytes());
}
