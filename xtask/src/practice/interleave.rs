//! Runs a program so that its tasks take turns after every few machine instructions, in an order
//! that chance decides: what comes between two instructions of one task in one of a million runs
//! comes all the time.
//!
//! Two other orders leave nothing to chance: in one the first task always waits for all the others,
//! in the other each system call ends a turn.
//!
//! It is a debugger's work: ptrace(2) lets a task carry out one instruction. A task that sleeps in
//! the kernel is out of the game until it is woken, and one that is alone runs to its next system
//! call.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use common::proc;
use nix::errno::Errno;
use nix::libc;
use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::sys::ptrace::{self, Options};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

/// The word on xtask's command line that makes it run a program in this way: a number that decides
/// the order, or [`FIRST_IS_LAST`] or [`CALL_BY_CALL`], then the program, its arguments.
pub const SUBCOMMAND: &str = "interleave";

/// In this order, the program's first task goes on only when all others sleep or have ended.
pub const FIRST_IS_LAST: &str = "first-is-last";

/// In this order, it is the next task's turn before and after each system call.
pub const CALL_BY_CALL: &str = "call-by-call";

/// The mean number of instructions that a task carries out before it is another's turn.
const TURN: u64 = 10;

/// How often the kernel is asked whether a task sleeps that should carry out an instruction.
const LOOK: libc::timeval = libc::timeval { tv_sec: 0, tv_usec: 1000 };

/// After so many looks at tasks that all sleep, none is left that could wake another. Programs of
/// exercises do not sleep for that long by themselves.
const LONG_ASLEEP: u32 = 1000;

/// After so many seconds of CPU time a process is not expected to come to its end.
const MUCH_CPU: libc::rlim_t = 3;

/// What is said of it then.
pub const RUNS_ON: &str = "a process looks at something again and again";

/// What is said when all sleep.
pub const NOBODY_WAKES: &str = "all its processes and threads wait, so none can wake another";

/// Whether a program can be run in this way. An older ARM processor makes an atomic step of several
/// instructions, and tries them again for ever if it is stopped between them.
pub fn is_possible() -> bool {
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("lse");
    #[cfg(not(target_arch = "aarch64"))]
    return cfg!(target_arch = "x86_64");
}

/// Runs the program, and ends as it does.
pub fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    match interleave(words) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn interleave(mut words: impl Iterator<Item = OsString>) -> Result<u8> {
    let seed = words.next().context("no seed")?;
    let order = match seed.to_str() {
        Some(FIRST_IS_LAST) => Order::FirstIsLast,
        Some(CALL_BY_CALL) => Order::CallByCall,
        seed => Order::Random(seed.and_then(|it| it.parse().ok()).context("the seed")?),
    };
    stay_on_this_cpu()?;
    let mut command = Command::new(words.next().context("no program")?);
    command.args(words);
    let before_exec = || {
        setrlimit(Resource::RLIMIT_CPU, MUCH_CPU, MUCH_CPU + 1)?;
        Ok(ptrace::traceme()?)
    };
    // SAFETY: both are system calls, and allocate nothing.
    unsafe { command.pre_exec(before_exec) };
    let child = command.spawn().context("start the program")?;
    let first = Pid::from_raw(child.id().try_into().context("the program's id")?);
    look_regularly()?;
    let mut tasks = Tasks { first, tasks: Vec::new(), order, turn: 0, status: 0 };
    tasks.begin(first)?;
    tasks.run()?;
    Ok(tasks.status)
}

/// Only one task runs at any time, and it need not go to another CPU for its instruction.
fn stay_on_this_cpu() -> Result<()> {
    let mut set = CpuSet::new();
    set.set(sched_getcpu().context("sched_getcpu")?).context("the CPU's number")?;
    sched_setaffinity(Pid::from_raw(0), &set).context("sched_setaffinity")
}

/// Interrupts a wait from time to time.
fn look_regularly() -> Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // Without SA_RESTART, so that a wait ends when it comes.
    let look = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGALRM, &look) }.context("sigaction")?;
    let timer = libc::itimerval { it_interval: LOOK, it_value: LOOK };
    // SAFETY: the kernel reads the structure, and is to write nothing.
    let done =
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    Errno::result(done).context("setitimer")?;
    Ok(())
}

/// The tasks of a program.
struct Tasks {
    first: Pid,
    tasks: Vec<Task>,
    order: Order,
    /// Whose turn it is.
    turn: usize,
    /// What the program exits with.
    status: u8,
}

/// Who is next.
enum Order {
    /// Chance decides after a few instructions; the state of its numbers.
    Random(u64),
    FirstIsLast,
    CallByCall,
}

struct Task {
    id: Pid,
    /// Whether it sleeps in the kernel, and has not stopped yet.
    sleeps: bool,
    /// A signal that it is to get when it goes on.
    signal: libc::c_int,
}

impl Tasks {
    /// Takes in a task that stops for the first time.
    fn begin(&mut self, id: Pid) -> Result<()> {
        let mut status = 0;
        // SAFETY: the kernel writes an int to where the pointer leads, no more.
        while unsafe { libc::waitpid(id.as_raw(), &raw mut status, libc::__WALL) } < 0 {
            if Errno::last() != Errno::EINTR {
                return Err(Errno::last()).context("wait for a new task");
            }
        }
        if libc::WIFSTOPPED(status) {
            let options = Options::PTRACE_O_EXITKILL
                | Options::PTRACE_O_TRACESYSGOOD
                | Options::PTRACE_O_TRACEEXEC
                | Options::PTRACE_O_TRACEFORK
                | Options::PTRACE_O_TRACEVFORK
                | Options::PTRACE_O_TRACECLONE;
            ptrace::setoptions(id, options).context("ptrace")?;
            self.tasks.push(Task { id, sleeps: false, signal: 0 });
        }
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut all_asleep = 0;
        while !self.tasks.is_empty() {
            self.take_those_that_woke()?;
            let ready: Vec<usize> =
                (0..self.tasks.len()).filter(|task| !self.tasks[*task].sleeps).collect();
            match ready[..] {
                // The timer ends the wait, if nothing else does.
                [] if self.wait(Pid::from_raw(-1), 0)? => all_asleep = 0,
                // One that has been woken may wait for the CPU.
                [] if !self.tasks.iter().all(|task| sleeps(task.id)) => all_asleep = 0,
                [] => {
                    all_asleep += 1;
                    ensure!(all_asleep < LONG_ASLEEP, "{NOBODY_WAKES}");
                }
                [alone] => self.resume(alone, libc::PTRACE_SYSCALL)?,
                [one, other, ..] => match self.order {
                    Order::FirstIsLast => {
                        let next = if self.tasks[one].id == self.first { other } else { one };
                        self.resume(next, libc::PTRACE_SYSCALL)?;
                    }
                    Order::CallByCall => {
                        let next = ready.into_iter().find(|task| *task > self.turn);
                        self.turn = next.unwrap_or(one);
                        self.resume(self.turn, libc::PTRACE_SYSCALL)?;
                    }
                    Order::Random(ref mut random) => {
                        if !ready.contains(&self.turn) || chance(random, TURN) == 0 {
                            self.turn = ready[chance(random, ready.len() as u64) as usize];
                        }
                        self.resume(self.turn, libc::PTRACE_SINGLESTEP)?;
                    }
                },
            }
        }
        Ok(())
    }

    /// Waits until those tasks that have been woken stop.
    fn take_those_that_woke(&mut self) -> Result<()> {
        let asleep: Vec<Pid> =
            self.tasks.iter().filter(|task| task.sleeps).map(|task| task.id).collect();
        let others_run = self.tasks.len() > asleep.len() + 1;
        for id in asleep {
            if others_run {
                self.wait(id, libc::WNOHANG)?;
            } else {
                while !sleeps(id) && !self.wait(id, 0)? {}
            }
        }
        Ok(())
    }

    /// Lets a task go on, and waits until it stops again or sleeps.
    fn resume(&mut self, task: usize, request: libc::c_uint) -> Result<()> {
        let Task { id, ref mut signal, .. } = self.tasks[task];
        let signal = std::mem::take(signal) as usize as *mut libc::c_void;
        // SAFETY: these requests take a number in place of the pointer, and touch no memory of
        // this process.
        let done = unsafe {
            libc::ptrace(request, id.as_raw(), std::ptr::null_mut::<libc::c_void>(), signal)
        };
        match Errno::result(done) {
            // It has been killed, which the wait tells.
            Ok(_) | Err(Errno::ESRCH) => {}
            Err(why) => return Err(why).context("ptrace"),
        }
        while !self.wait(id, 0)? {
            if sleeps(id) {
                self.tasks[task].sleeps = true;
                break;
            }
        }
        Ok(())
    }

    /// Waits for the stop or the end of a task, or of any, until the timer interrupts it. Returns
    /// whether one came.
    fn wait(&mut self, id: Pid, flags: libc::c_int) -> Result<bool> {
        let mut status = 0;
        // SAFETY: the kernel writes an int to where the pointer leads, no more.
        let found = unsafe { libc::waitpid(id.as_raw(), &raw mut status, libc::__WALL | flags) };
        let id = match Errno::result(found) {
            Ok(0) | Err(Errno::EINTR) => return Ok(false),
            Ok(id) => Pid::from_raw(id),
            Err(why) => return Err(why).context("waitpid"),
        };
        let Some(task) = self.tasks.iter().position(|task| task.id == id) else {
            bail!("task {id} stops, which nobody knows");
        };
        if !libc::WIFSTOPPED(status) {
            ensure!(
                !libc::WIFSIGNALED(status) || libc::WTERMSIG(status) != libc::SIGXCPU,
                "{RUNS_ON}"
            );
            self.tasks.remove(task);
            self.turn = usize::MAX;
            if id == self.first {
                self.status = match libc::WIFEXITED(status) {
                    true => libc::WEXITSTATUS(status) as u8,
                    false => 128 + libc::WTERMSIG(status) as u8,
                };
            }
            return Ok(true);
        }
        self.tasks[task].sleeps = false;
        match (status >> 16, libc::WSTOPSIG(status)) {
            (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE, _) => {
                let child = ptrace::getevent(id).context("ptrace")?;
                self.begin(Pid::from_raw(child as i32))?;
            }
            (0, signal) if signal & 0x7f != libc::SIGTRAP => self.tasks[task].signal = signal,
            _ => {}
        }
        Ok(true)
    }
}

/// A number below `limit`.
fn chance(random: &mut u64, limit: u64) -> u64 {
    // SplitMix64.
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *random;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31) % limit
}

/// Whether a task sleeps in the kernel. The state is the first word after its name.
fn sleeps(id: Pid) -> bool {
    let stat = proc::text(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    state.starts_with(['S', 'D'])
}
