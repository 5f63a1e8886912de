//! `cargo xtask learn`: exercises, judged.

mod report;
mod session;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use common::Unsupported;
use common::options::UsageError;

use crate::cli::{Arguments, Command};
use crate::package;
use crate::practice::{self, Exercise, Fault, Language, NotForJudge, NotHere, Progress, Text};
use crate::workspace::{NotBuilt, OWN, Workspace};

/// Shows exercises and judges what becomes of them.
pub const COMMAND: Command = Command {
    name: "learn",
    words: "[NAME]",
    about: "exercises: programs to mend, judged each time you save",
    options: &[
        ("--list", "all exercises, and which of them you have solved"),
        ("--check NAME", "judge your program for this exercise once"),
        (
            "--replay ORDER",
            "with --check: run your program in this order, as a judgement has printed it",
        ),
        ("--json", "judge all programs that you have begun; print one JSON document"),
        ("--junit FILE", "judge all programs that you have begun; write a JUnit report"),
    ],
    notes: "\
Each exercise is a small program that is wrong. You get a copy of it in my/NAME, and change it
with your editor; it is judged whenever you save it. Without NAME you go on where you were, or
with the next exercise that you have not solved.

The judge looks at what the kernel saw your program do, or tries every order in which its
threads can take their steps. Programs other than our solution pass if they are right.

Tasks and hints are in Chinese where the language of the system is (LANG=zh_CN.UTF-8).

Exit status: 0; of --check, --json and --junit 1 if a program is not right yet (--replay only
shows an order: 0 if the program can take it); 2 if the command line is wrong; of --check 3 if
this system does not let the judge see what your program does.
",
    run,
};

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let options = &arguments.options;
    let workspace = Workspace::find()?;
    let tasks = ["--list", "--check", "--json", "--junit"];
    let asked: Vec<_> = tasks.into_iter().filter(|task| options.has(task)).collect();
    if let [one, other, ..] = asked[..] {
        return Err(UsageError(format!("one of {one} and {other} at a time")).into());
    }
    if options.has("--replay") && !options.has("--check") {
        return Err(UsageError("--replay is for --check".to_owned()).into());
    }
    let name = match &arguments.words[..] {
        [] => None,
        [name] => Some(Exercise::of(name)?),
        _ => return Err(UsageError("one exercise at a time".to_owned()).into()),
    };
    if options.has("--list") {
        return list(&workspace);
    }
    if let Some(name) = options.get::<String>("--check")? {
        let exercise = Exercise::of(&name)?;
        return match options.get::<String>("--replay")? {
            Some(order) => replay(&workspace, exercise, &order),
            None => check(&workspace, exercise),
        };
    }
    if options.has("--json") || options.has("--junit") {
        return report::run(&workspace, options.get::<PathBuf>("--junit")?.as_deref());
    }
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    session::run(&workspace, name, is_terminal)
}

/// The exercises, a line each.
fn list(workspace: &Workspace) -> Result<ExitCode> {
    for line in lines(workspace)? {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(workspace: &Workspace) -> Result<Vec<String>> {
    let progress = Progress::read(&workspace.root)?;
    let line = |exercise: &Exercise| {
        let done = progress.exercises.get(exercise.name).copied().unwrap_or_default();
        let state = match (done.passed, file(workspace, exercise).exists()) {
            (true, _) => "solved",
            (false, true) => "begun",
            (false, false) => "-",
        };
        let title = Text::read(&workspace.root, exercise, Language::of_reader())?.title;
        Ok(format!("{:<13} {:<16} {state:<7} {title}", exercise.lesson, exercise.name))
    };
    practice::all().map(line).collect()
}

fn require_begun(workspace: &Workspace, exercise: &Exercise) -> Result<(), UsageError> {
    if file(workspace, exercise).exists() {
        return Ok(());
    }
    let name = exercise.name;
    Err(UsageError(format!("there is no {OWN}/{name} yet: `cargo xtask learn {name}` makes it")))
}

/// Judges the reader's program once.
fn check(workspace: &Workspace, exercise: &Exercise) -> Result<ExitCode> {
    require_begun(workspace, exercise)?;
    let judged = judge(workspace, exercise)?;
    println!("{}: {}", exercise.name, judged.line());
    match &judged {
        Judged::Right(tried) if !tried.is_empty() => println!("  {tried}"),
        Judged::Wrong(fault) => fault.details.iter().for_each(|line| println!("  {line}")),
        _ => {}
    }
    Ok(judged.status())
}

/// Runs the reader's program in one order.
fn replay(workspace: &Workspace, exercise: &Exercise, order: &str) -> Result<ExitCode> {
    require_begun(workspace, exercise)?;
    exercise.replay(&exercise.trial(workspace)?, order)?.iter().for_each(|line| println!("{line}"));
    Ok(ExitCode::SUCCESS)
}

/// What a judge says.
enum Judged {
    /// And what was tried, where there is something to say.
    Right(String),
    Wrong(Fault),
    /// Cargo has said why.
    NotBuilt(String),
    /// This system does not let the judge see what the program does.
    NotHere(String),
}

impl Judged {
    fn status(&self) -> ExitCode {
        match self {
            Judged::Right(_) => ExitCode::SUCCESS,
            Judged::Wrong(_) | Judged::NotBuilt(_) => ExitCode::FAILURE,
            Judged::NotHere(_) => ExitCode::from(Unsupported::STATUS),
        }
    }

    fn line(&self) -> &str {
        match self {
            Judged::Right(_) => "right",
            Judged::Wrong(fault) => &fault.what,
            Judged::NotBuilt(why) => why,
            Judged::NotHere(why) => why,
        }
    }
}

/// Builds the reader's program, and judges it. What is right is remembered.
fn judge(workspace: &Workspace, exercise: &Exercise) -> Result<Judged> {
    let trial = match exercise.trial(workspace) {
        Ok(trial) => trial,
        Err(error) if error.is::<NotBuilt>() => {
            return Ok(Judged::NotBuilt("it does not compile".to_owned()));
        }
        Err(error) if error.is::<NotForJudge>() => return Ok(Judged::NotBuilt(error.to_string())),
        Err(error) => return Err(error),
    };
    match exercise.judge(&trial) {
        Ok(tried) => {
            let mut progress = Progress::read(&workspace.root)?;
            progress.of(exercise.name).passed = true;
            progress.write(&workspace.root)?;
            Ok(Judged::Right(tried))
        }
        Err(error) => match error.downcast() {
            Ok(NotHere(why)) => Ok(Judged::NotHere(why)),
            Err(error) => error.downcast().map(Judged::Wrong),
        },
    }
}

/// The file that the reader edits.
fn file(workspace: &Workspace, exercise: &Exercise) -> PathBuf {
    workspace.root.join(OWN).join(exercise.name).join("src/main.rs")
}

/// Makes the reader's copy, if there is none.
fn make(workspace: &Workspace, exercise: &Exercise) -> Result<()> {
    let (root, file) = (&workspace.root, file(workspace, exercise));
    if file.exists() {
        return Ok(());
    }
    let folder = root.join(OWN).join(exercise.name);
    package::put(root, &folder, Path::new("../.."), exercise.name, &exercise.dependencies(root)?)?;
    // Last: when it is there, all is.
    let start = package::read(&root.join(exercise.folder()).join("start.rs"))?;
    package::put_file(&file, &start).context("make your copy")
}
