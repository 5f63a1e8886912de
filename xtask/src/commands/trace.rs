//! `cargo xtask trace LESSON [DEMO]`: what the kernel saw a demo do.

mod rows;
mod svg;
mod tree;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use common::menu::WrongUsage;
use xtask::record::{self, Event, Group, Refused, Selection};

use super::list;
use crate::cli::{Command, Given};
use crate::workspace::Workspace;

/// Exit status where the system does not allow tracing, as of a demo that the
/// machine does not let show its point.
const NOT_HERE: u8 = 3;

/// Traces a demo.
pub const COMMAND: Command = Command {
    name: "trace",
    words: "LESSON [DEMO] [-- ARGS]",
    about: "what the kernel saw a demo do",
    switches: &[
        ("--only WORDS", "these sorts of events only, with commas between: fork,wait,exit"),
        ("--all", "every system call"),
        ("--tree", "the processes and threads as a tree, with their ends"),
        ("--svg FILE", "a picture in this file: a lane for each process and thread"),
        ("--json", "one JSON object an event, one event a line"),
    ],
    notes: "\
Sorts of events: exec, fork, wait, exit, signal, channel (pipes, sockets and shared memory
made, closed, waited for), data (what goes through them), print, futex, cpu, sleep.

On a terminal each process or thread has a lane, in the order in which things happened;
a line also says the id. Times are from the start of the program; `after` is how long a
call took that waits for something.

The fields of the JSON: at and took (seconds), id and process (of a thread and its
process), name, group (the sort), call and arguments (as the kernel has them; null and
empty for what only happened), result (what the call returned, below 0 an error number;
null if the task was killed in it), child (the new id, in a fork), end ({\"exited\": status}, {\"killed\": signal} or
\"replaced\", in the last event of each), text.

Exit status: 0 if the program ran to its end, whatever its own exit status was; 1 if it
could not be started, 2 if the command line is wrong, 3 if the system allows no tracing.
",
    run,
};

fn run(given: &Given) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let Some((lesson, arguments)) = given.words.split_first() else {
        let lessons = workspace.lessons.join(", ");
        return Err(WrongUsage(format!("which lesson? There is {lessons}")).into());
    };
    workspace.named(std::slice::from_ref(lesson))?;
    let views = ["--json", "--tree", "--svg"].into_iter().filter(|view| given.has(view));
    if views.count() > 1 {
        return Err(WrongUsage("one of --json, --tree and --svg at a time".to_owned()).into());
    }
    let selection = selection(given)?;
    let binary = workspace.binary(lesson)?;
    let demos: Vec<String> = list::demos(&binary)?.into_iter().map(|(name, _)| name).collect();
    if let Some(demo) = arguments.first().filter(|word| !word.starts_with('-'))
        && !demos.contains(demo)
    {
        let demos = demos.join(", ");
        return Err(WrongUsage(format!("{lesson} has no demo '{demo}': there is {demos}")).into());
    }
    let words = arguments.iter().map(OsString::from);
    let program: Vec<OsString> = std::iter::once(binary.into()).chain(words).collect();

    let mut tree = tree::Tree::default();
    let mut picture = svg::Picture::default();
    let mut rows = rows::Rows::new(selection.has(Group::Exit));
    let mut tell = |event: Event| match () {
        () if given.has("--json") => println!("{}", event.json()),
        () if given.has("--tree") => tree.add(&event),
        () if given.has("--svg") => picture.add(&event),
        () => rows.print(&event),
    };
    match record::record(&workspace.root, &program, &selection, &mut tell) {
        Err(error) if error.is::<Refused>() => {
            eprintln!("xtask: {error}");
            return Ok(ExitCode::from(NOT_HERE));
        }
        result => result?,
    }
    if given.has("--tree") {
        tree.print();
    }
    if let Some(file) = given.value("--svg") {
        std::fs::write(file, picture.draw()).with_context(|| format!("write {file}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn selection(given: &Given) -> Result<Selection> {
    match given.value("--only") {
        _ if given.has("--all") => Ok(Selection::All),
        // The tree is made of these.
        _ if given.has("--tree") => {
            Ok(Selection::Groups(vec![Group::Exec, Group::Fork, Group::Exit]))
        }
        None => Ok(Selection::default()),
        Some(words) => {
            let groups = words.split(',').map(|word| word.trim().parse::<Group>());
            let groups = groups.collect::<Result<Vec<_>, _>>();
            Ok(Selection::Groups(groups.map_err(|why| WrongUsage(format!("--only: {why}")))?))
        }
    }
}
