//! `cargo xtask trace`: what the kernel saw a demo do, or any other program.

mod forgotten;
mod html;
mod rows;
mod step;
mod svg;
mod tree;

use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::Unsupported;
use common::options::{Options, UsageError};
use nix::unistd::Pid;
use record::{Event, Group, Program, Refused, Selection};

use crate::cli::{Arguments, Command};
use crate::python;
use crate::workspace::{Interrupted, OWN, Targets, Workspace};

/// Traces a demo, or another program.
pub const COMMAND: Command = Command {
    name: "trace",
    words: "LESSON [DEMO] [-- ARGS] | my NAME [-- ARGS] | -- PROGRAM [ARGS]",
    about: "what the kernel saw a demo do, or any program",
    options: &[
        ("--only WORDS", "only these kinds of events, with commas between: fork,wait,exit"),
        ("--all", "every system call"),
        ("--tree", "the processes and threads as a tree, with their ends"),
        ("--html FILE", "a page for a browser in this file, to step through"),
        ("--svg FILE", "a picture in this file: a lane for each process and thread"),
        ("--json", "a JSON object for each event, one a line"),
        ("--wide", "long lines are not wrapped at the edge of the terminal"),
        ("--limit N", "end the program after N events"),
        ("--for SECONDS", "end the program after so long, if it has not ended"),
        ("--step", "you decide which process or thread runs next, event by event"),
        ("--keys KEYS", "with --step: press these keys, then show the screen once"),
        ("--pid PID", "a process that is running already, and all that it starts"),
    ],
    notes: "\
`trace 02-fork zombie` traces a demo, and `trace my zombie` a program of your own in my/ (see
`cargo xtask copy --help`). `trace -- python3 a.py` traces any program, in this
folder; it reads this command's input. `trace --pid 1234` follows a running process until it
ends; Ctrl-C ends the record, and the process keeps running.

At Ctrl-C the record shows what each process or thread is asleep in (`has not returned`),
which processes have the other end of such a pipe open, and whether all threads of a process
wait for each other (`a deadlock`). A child that has ended and that its parent has not waited
for is a zombie: the record says so then, and whenever a parent ends.

With --step, each process or thread is held before its next event, and you decide which goes
on: 1 is the first that was born (after 9 come A to Z), k1 kills it, a lets all run, q quits,
and what is left is killed. The keys come from the terminal, from --keys, or from standard
input; with the last two, each key waits until all that are not held wait for something (10
seconds at most), and the screen is shown once, after the last. The events are those
below without futex and cpu, or those of --only. The program's input is /dev/null. What it
waits for with a time limit does not run out while you think: a task whose limit is over is
held, and its key makes it ask once more. A sleep begins when you let it. A program that
only looks at the clock does see the time pass. LESSON_PACE shortens a demo's sleeps.

Kinds of events: exec, fork, wait, exit, signal (sent, delivered, waited for), channel
(pipes, sockets and shared memory: made, connected, copied, closed, waited for), data (what
goes through them), print, futex, cpu, sleep. What goes through io_uring is not seen.

On a terminal each process or thread has a lane, in the order in which things happened;
a line also says the id. Times are from the start of the program; `after` is how long a
call took that waits for something. `not readable` means that the system lets nobody but
root read this program's memory, as of one that is set-user-ID. A call that a signal
interrupts and the kernel makes again is one call; one that the program makes again is
another. An exec names the file, without its folders, and what the program is called if
that is another name; one that fails names the whole path.

A demo reads nothing (its input is /dev/null). What a program prints goes into pipes whose
other ends are read and thrown away; the record shows it. It has no terminal: opening /dev/tty
is an error. Without --all, a filter (seccomp) stops it at the calls that are shown, and it keeps that filter:
NoNewPrivs is 1 in /proc/self/status, so set-user-ID programs gain no rights; strict mode
(SECCOMP_MODE_STRICT) is refused; a call that its own filter forbids is not shown. With
--all there is no filter, and the program is slower. (An ordinary user's set-user-ID
programs gain no rights under any tracer.) With --pid there is no filter either.

The fields of the JSON, in the order of the times: at and took (seconds), id and process (of
a thread and its process), name, group (the kind), call and arguments (as the kernel has them;
null and empty for what only happened), result (what the call returned, below 0 an error
number; null if the task was killed in it), child (the new id, in a fork), zombie (a child
that had ended and was never waited for, when its parent ends), end ({\"exited\":
status}, {\"killed\": signal} or \"replaced\", in the last event of each), text. Ids are
those outside, where a program in a PID namespace has others.

Exit status: 0 if the program ran to its end or to the limit, whatever its own exit status
was; 1 if it could not be started, 2 if the command line is wrong, 3 if the system allows no tracing.
",
    run,
};

/// What is to be traced.
enum Traced {
    /// A demo: the program of its lesson, and the arguments.
    Demo(Vec<OsString>),
    /// Another program and its arguments.
    Program(Vec<OsString>),
    /// A process that is running.
    Running(Pid),
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let options = &arguments.options;
    let views =
        ["--json", "--tree", "--svg", "--html"].into_iter().filter(|view| options.has(view));
    if views.count() > 1 {
        return Err(
            UsageError("one of --json, --tree, --svg and --html at a time".to_owned()).into()
        );
    }
    let other = ["--all", "--tree"].into_iter().find(|other| options.has(other));
    if let Some(other) = other.filter(|_| options.has("--only")) {
        return Err(UsageError(format!("one of --only and {other} at a time")).into());
    }
    if options.has("--step") {
        return step(arguments);
    }
    if options.has("--keys") {
        return Err(UsageError("--keys is for --step".to_owned()).into());
    }
    let selection = selection(options)?;
    let limit = options.number("--limit", 1..=u64::MAX)?.unwrap_or(u64::MAX);
    let time = time_limit(options)?;
    let workspace = Workspace::find()?;
    let traced = traced(&workspace, arguments)?;
    let mut time_is_over = Arc::default();
    if let Some(time) = time {
        time_is_over = end_after(time);
    }

    let mut tree = tree::Tree::default();
    let mut picture = svg::Picture::default();
    let mut page = html::Page::default();
    let mut rows = rows::Rows::new(selection.has(Group::Exit), options.has("--wide"));
    let mut count = 0;
    let mut tell = |event: Event| {
        if options.has("--json") {
            println!("{}", event.json());
        } else if options.has("--tree") {
            tree.add(&event);
        } else if options.has("--svg") {
            picture.add(&event);
        } else if options.has("--html") {
            page.add(event);
        } else {
            rows.print(&event);
        }
        count += 1;
        if count < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let result = match &traced {
        Traced::Demo(words) => {
            let program = Program { words, folder: &workspace.root, reads: false };
            record::record(&program, &selection, &mut tell)
        }
        Traced::Program(words) => {
            let folder = current_folder()?;
            let program = Program { words, folder: &folder, reads: true };
            record::record(&program, &selection, &mut tell)
        }
        Traced::Running(process) => {
            if Path::new("/proc").join(process.to_string()).exists() {
                eprintln!("xtask: Ctrl-C ends the record, and shows what it is waiting for");
            }
            record::record_running(*process, &selection, &mut tell)
        }
    };
    if !is_allowed(result)? {
        return Ok(ExitCode::from(Unsupported::STATUS));
    }
    if options.has("--tree") {
        print!("{tree}");
    }
    if let Some(file) = options.get::<PathBuf>("--svg")? {
        std::fs::write(&file, picture.draw())
            .with_context(|| format!("write {}", file.display()))?;
    }
    if let Some(file) = options.get::<PathBuf>("--html")? {
        let rest = arguments.rest.iter().map(|word| word.to_string_lossy().into_owned());
        let words: Vec<String> = arguments.words.iter().cloned().chain(rest).collect();
        page.write(&file, &words.join(" "))?;
    }
    let runs_on = matches!(traced, Traced::Running(_));
    let was_interrupted = record::was_interrupted();
    if was_interrupted && time_is_over.load(Ordering::Relaxed) {
        eprintln!("xtask: the time is over, as --for says; it was killed");
    } else if was_interrupted {
        if !runs_on {
            return Err(Interrupted.into());
        }
        eprintln!("xtask: interrupted; what was traced runs on");
        return Ok(ExitCode::from(Interrupted::STATUS));
    }
    if count >= limit {
        let end = if runs_on { "it keeps running" } else { "it was killed" };
        eprintln!("xtask: {limit} events, as --limit says; {end}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The seconds of `--for`.
fn time_limit(options: &Options) -> Result<Option<Duration>> {
    let Some(seconds) = options.get::<f64>("--for")? else { return Ok(None) };
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
    let time = time.ok_or_else(|| UsageError(format!("--for {seconds}: it must be above 0")))?;
    Ok(Some(time))
}

/// Ends the record after this time, as Ctrl-C does. Tells whether an interruption comes from here.
fn end_after(time: Duration) -> Arc<AtomicBool> {
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    thread::spawn(move || {
        thread::sleep(time);
        // The program may have ended just now. An interruption comes to nothing if the tracer
        // is just about to wait, so it is repeated.
        while record::is_running() {
            // First, so that whoever sees the interruption sees why.
            is_over.store(true, Ordering::Relaxed);
            if !record::interrupt() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
    over
}

/// Whether the system allowed it to be traced. If not, prints why.
fn is_allowed(result: Result<()>) -> Result<bool> {
    match result {
        Err(error) if error.is::<Refused>() => {
            eprintln!("xtask: {error}");
            Ok(false)
        }
        result => result.map(|()| true),
    }
}

/// Lets the reader decide which task runs next.
fn step(arguments: &Arguments) -> Result<ExitCode> {
    let options = &arguments.options;
    let others = ["--json", "--svg", "--tree", "--all", "--limit", "--for", "--pid"];
    if let Some(other) = others.into_iter().find(|other| options.has(other)) {
        return Err(UsageError(format!("one of --step and {other} at a time")).into());
    }
    let held_before =
        if options.has("--only") { selection(options)? } else { step::default_selection() };
    let keys = step::Source::of(options.get::<String>("--keys")?.as_deref())?;
    let workspace = Workspace::find()?;
    let here = current_folder()?;
    let (words, folder) = match traced(&workspace, arguments)? {
        Traced::Demo(words) => (words, workspace.root),
        Traced::Program(words) => (words, here),
        Traced::Running(_) => unreachable!("--pid was refused"),
    };
    let program = Program { words: &words, folder: &folder, reads: false };
    if !is_allowed(step::run(&program, held_before, keys))? {
        return Ok(ExitCode::from(Unsupported::STATUS));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the command line asks for. A lesson is built.
fn traced(workspace: &Workspace, arguments: &Arguments) -> Result<Traced> {
    let Arguments { words, rest, options } = arguments;
    let process = options.number("--pid", 1..=i32::MAX)?;
    let Some((lesson, words)) = words.split_first() else {
        return match (process, &rest[..]) {
            (Some(process), []) => Ok(Traced::Running(Pid::from_raw(process))),
            (None, [program, arguments @ ..]) => {
                let program = not_a_script(program)?;
                let words = std::iter::once(program).chain(arguments.iter().cloned());
                Ok(Traced::Program(words.collect()))
            }
            (Some(_), _) => Err(UsageError("--pid or a program, not both".to_owned()).into()),
            (None, []) => {
                let lessons = workspace.lessons.join(", ");
                let what = format!("trace what? a lesson ({lessons}), or `-- PROGRAM`");
                Err(UsageError(what).into())
            }
        };
    };
    if process.is_some() {
        return Err(UsageError("--pid or a lesson, not both".to_owned()).into());
    }
    if lesson == OWN {
        let [name] = words else {
            let why = if words.is_empty() {
                workspace.which_own()
            } else {
                UsageError(format!("one program of {OWN}/; its arguments come after `--`"))
            };
            return Err(why.into());
        };
        let program = workspace.build_own(name)?.into();
        return Ok(Traced::Program(std::iter::once(program).chain(rest.iter().cloned()).collect()));
    }
    let name = std::slice::from_ref(lesson);
    if let Err(UsageError(why)) = workspace.require(name) {
        let rest = rest.iter().filter_map(|word| word.to_str());
        let words = arguments.words.iter().map(String::as_str).chain(rest);
        let how = forgotten::how_to_trace(words).map(|how| format!("; {how}"));
        return Err(UsageError(why + &how.unwrap_or_default()).into());
    }
    let built = workspace.build(name, Targets::Binary)?.remove(0);
    let demos: Vec<String> = built.demos()?.into_iter().map(|(name, _)| name).collect();
    if let Some(demo) = words.first()
        && !demos.contains(demo)
    {
        let what = format!("demo '{demo}' in {lesson}");
        return Err(UsageError::unknown(&what, demos.iter().map(String::as_str)).into());
    }
    let words = words.iter().map(OsString::from).chain(rest.iter().cloned());
    Ok(Traced::Demo(std::iter::once(built.binary.into()).chain(words).collect()))
}

/// The Python itself, if `python3` is a script that starts it: the reader is not interested in
/// the script's hundred processes.
fn not_a_script(program: &OsStr) -> Result<OsString> {
    if program == "python3"
        && let Some(python) = python::behind_script(&current_folder()?)?
    {
        eprintln!("xtask: python3 is a script; this is the record of {}", python.display());
        return Ok(python.into());
    }
    Ok(program.to_owned())
}

fn current_folder() -> Result<PathBuf> {
    std::env::current_dir().context("find the current folder")
}

fn selection(options: &Options) -> Result<Selection> {
    match options.get::<String>("--only")? {
        _ if options.has("--all") => Ok(Selection::All),
        // The tree is made of these.
        _ if options.has("--tree") => {
            Ok(Selection::Groups(vec![Group::Exec, Group::Fork, Group::Wait, Group::Exit]))
        }
        None => Ok(Selection::default()),
        Some(words) => {
            let groups = words.split(',').map(|word| word.trim().parse::<Group>());
            let groups = groups.collect::<Result<Vec<_>, _>>();
            Ok(Selection::Groups(groups.map_err(|why| UsageError(format!("--only: {why}")))?))
        }
    }
}
