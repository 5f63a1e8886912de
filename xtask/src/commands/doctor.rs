//! `cargo xtask doctor`: what this machine allows, and what that means for the course.

use std::ffi::OsString;
use std::fs;
use std::io::{IsTerminal, stdout};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use common::{cgroup, cpus, pidfd, proc, text};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::utsname::uname;
use nix::unistd::getpid;
use record::{Group, Program, Selection};
use supervise::{End, Errors};

use crate::cli::Command;
use crate::wrap::wrapped;

/// Examines this machine.
pub const COMMAND: Command = Command {
    name: "doctor",
    words: "",
    about: "what this machine allows, and what that means for the course",
    options: &[],
    notes: "\
Each line begins with `ok`; with `note` where something is skipped here, or comes out
otherwise than on the pages; or with `PROBLEM` where the course cannot be followed.

Exit status: 0 if the course can be followed, 1 if it cannot, 2 if the command line is wrong.
",
    run: |_| Ok(examine()),
};

/// What an examination found.
struct Finding {
    verdict: Verdict,
    /// What was found, and what it means.
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Note,
    Problem,
}

use Verdict::{Note, Ok as Fine, Problem};

fn found(verdict: Verdict, text: impl Into<String>) -> Finding {
    Finding { verdict, text: text.into() }
}

/// Looks at one thing.
type Examination = fn() -> Finding;

const EXAMINATIONS: &[(&str, Examination)] = &[
    ("kernel", kernel),
    ("/proc", proc_files),
    ("CPUs", cpus_and_quota),
    ("tracing", tracing),
    ("trace --pid", attaching),
    ("python3", python),
    ("strace", strace),
    ("memory", memory),
    ("limits", limits),
    ("page size", page_size),
    ("autogroup", autogroup),
    ("terminal", terminal),
];

fn examine() -> ExitCode {
    let mut problems = 0;
    let width = if stdout().is_terminal() { text::width() } else { usize::MAX };
    for (name, examination) in EXAMINATIONS {
        let Finding { verdict, text } = examination();
        let word = match verdict {
            Fine => "ok",
            Note => "note",
            Problem => "PROBLEM",
        };
        problems += usize::from(verdict == Problem);
        let first = format!("{word:<7}  {name:<11}  ");
        let room = width.saturating_sub(first.len()).max(30);
        println!("{first}{}", wrapped(&text, room).join(&format!("\n{:22}", "")));
    }
    if problems == 0 {
        println!("The course can be followed here.");
        ExitCode::SUCCESS
    } else {
        println!("The course cannot be followed here: see PROBLEM above.");
        ExitCode::FAILURE
    }
}

/// The first line of a file, without spaces around it.
fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.lines().next()?.trim().to_owned())
}

fn kernel() -> Finding {
    let name = match uname() {
        Ok(name) => name,
        Err(why) => return found(Problem, format!("uname: {why}")),
    };
    let [system, release, machine] = [name.sysname(), name.release(), name.machine()]
        .map(|word| word.to_string_lossy().into_owned());
    let text = format!("{system} {release}, {machine}");
    match pidfd::open(getpid()) {
        Ok(_) => found(Fine, text),
        Err(why) => found(
            Problem,
            format!("{text}: {why:#}; many demos wait for a process with this call (Linux 5.3)"),
        ),
    }
}

fn proc_files() -> Finding {
    match proc::field("/proc/self/status", "State") {
        Ok(_) => found(Fine, "can be read"),
        Err(why) => {
            found(Problem, format!("{why:#}; nearly every demo shows what /proc says of a process"))
        }
    }
}

fn cpus_and_quota() -> Finding {
    let there = thread::available_parallelism().map_or(0, usize::from);
    let allowed = match cpus::allowed() {
        Ok(allowed) => allowed,
        Err(why) => {
            return found(Note, format!("{why}; demos that need that say \"not here\" (status 3)"));
        }
    };
    let all = line("/sys/devices/system/cpu/online").unwrap_or_else(|| "unknown".to_owned());
    let mut text = format!("may use {} (there are: {all})", cpus::list(&allowed));
    if let Some(quota) = cgroup::cpu_quota() {
        text += &format!(", for {quota:.2} CPUs' time at most (cgroup)");
    }
    if allowed.len() == 1 || there == 1 {
        text += "; nothing runs at the same time as anything else: 01 cores, 05 parallel and 06 \
                 cost have less to show, and what needs two CPUs says \"not here\" (status 3)";
        return found(Note, text);
    }
    found(Fine, text)
}

/// Whether a program that xtask starts can be traced.
fn tracing() -> Finding {
    let words: [OsString; 2] = [proc::OWN_PROGRAM.into(), "--help".into()];
    let program = Program { words: &words, folder: Path::new("/"), reads: false };
    let selection = Selection::Groups(vec![Group::Exit]);
    match record::record(&program, &selection, &mut |_| ControlFlow::Continue(())) {
        Ok(()) => found(Fine, "`cargo xtask trace` works"),
        Err(why) => found(
            Note,
            format!("{why:#}; `cargo xtask trace` says so, and the check passes its records over"),
        ),
    }
}

fn attaching() -> Finding {
    let scope = line("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_else(|| "0".to_owned());
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    match (&*scope, is_root) {
        ("0", _) => found(Fine, "your processes can be followed"),
        ("1" | "2", true) => found(Fine, "processes can be followed, as you are root"),
        ("1", false) => found(
            Note,
            "only root may follow a process that is running already (kernel.yama.ptrace_scope is 1)",
        ),
        _ => found(Note, format!("not allowed here (kernel.yama.ptrace_scope is {scope})")),
    }
}

/// What a program prints when it is asked for its version.
fn version(program: &str) -> Option<String> {
    let outcome = supervise::run(&supervise::Program {
        path: program.into(),
        arguments: vec!["--version".into()],
        directory: "/".into(),
        environment: Vec::new(),
        deadline: Duration::from_secs(10),
        output_limit: 1 << 12,
        errors: Errors::Merged,
    });
    let outcome = outcome.ok().filter(|outcome| outcome.end == End::Exited(0))?;
    let output = String::from_utf8_lossy(&outcome.output);
    Some(output.lines().next().unwrap_or_default().to_owned())
}

fn python() -> Finding {
    match version("python3") {
        // An empty value counts as none.
        Some(version) if std::env::var_os("PYTHONUNBUFFERED").is_some_and(|it| !it.is_empty()) => {
            found(
                Note,
                format!(
                    "{version}; PYTHONUNBUFFERED is set: Python writes a line in two pieces, and \
                     those of two processes can mix; `unset PYTHONUNBUFFERED` before its programs"
                ),
            )
        }
        Some(version) => found(Fine, version),
        None => found(
            Note,
            "not found; what the pages show of Python is not checked, and tables have no row for it",
        ),
    }
}

fn strace() -> Finding {
    match version("strace") {
        Some(version) => found(Fine, version),
        None => found(Note, "not found; tests that ask it what a demo did are skipped"),
    }
}

fn memory() -> Finding {
    let Ok(free) = proc::kib("/proc/meminfo", "MemAvailable") else {
        return found(Note, "/proc/meminfo does not say how much is free");
    };
    let free = (free << 10).min(cgroup::memory_limit().unwrap_or(u64::MAX)) >> 20;
    let text = format!("{free} MiB free");
    if free < 512 {
        return found(
            Note,
            format!("{text}; 02 cost and 03 speed need more for all they can show"),
        );
    }
    found(Fine, text)
}

fn limits() -> Finding {
    // Of each user's processes and threads together, and of each process's descriptors.
    let rows = [
        ("processes", Resource::RLIMIT_NPROC, 200),
        ("open files", Resource::RLIMIT_NOFILE, 256),
        ("memory addresses", Resource::RLIMIT_AS, 4 << 30),
        ("size of a file", Resource::RLIMIT_FSIZE, 64 << 20),
    ];
    let mut texts = Vec::new();
    let mut low = Vec::new();
    for (name, resource, least) in rows {
        match getrlimit(resource) {
            Ok((RLIM_INFINITY, _)) => {}
            Ok((limit, _)) => {
                texts.push(format!("{name} {limit}"));
                if limit < least {
                    low.push(name);
                }
            }
            Err(why) => texts.push(format!("{name} unknown ({why})")),
        }
    }
    let text = if texts.is_empty() { "none".to_owned() } else { texts.join(", ") };
    if low.is_empty() {
        return found(Fine, text);
    }
    let low = low.join(", ");
    found(Note, format!("{text}; low: {low}; demos that need more end with the call that failed"))
}

fn page_size() -> Finding {
    match proc::page_size() {
        4096 => found(Fine, "4096 bytes"),
        size => found(Note, format!("{size} bytes; the sizes on the pages are from 4096")),
    }
}

fn autogroup() -> Finding {
    if line("/proc/sys/kernel/sched_autogroup_enabled").as_deref() != Some("1") {
        return found(Fine, "off: nice counts among all tasks (01 nice)");
    }
    if let Some(name) = cgroup::cpu_cgroup() {
        return found(Fine, format!("on, but not used in a cgroup such as {name} (01 nice)"));
    }
    if line("/proc/self/autogroup").is_none() {
        return found(Fine, "on, but this session has none");
    }
    found(Fine, "on: nice counts only among the tasks of one terminal window (01 nice)")
}

fn terminal() -> Finding {
    if !stdout().is_terminal() {
        return found(Fine, "none: the output goes to a file or a pipe, without lanes and colours");
    }
    let (columns, rows) = text::window().unwrap_or((text::width(), 24));
    let text = format!("{columns} columns, {rows} rows");
    if columns < 80 {
        return found(Note, format!("{text}; pictures and records are easier to read with 80"));
    }
    found(Fine, text)
}
