//! `cargo xtask copy LESSON DEMO [NAME]`: makes a program of the reader's own from a demo.

mod source;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use common::options::UsageError;

use crate::cli::{Arguments, Command};
use crate::package;
use crate::practice;
use crate::workspace::{OWN, Workspace};
use source::Source;

/// Copies a demo.
pub const COMMAND: Command = Command {
    name: "copy",
    words: "LESSON DEMO [NAME]",
    about: "make a program of your own from a demo, in my/NAME",
    options: &[],
    notes: "\
The copy has the demo's source, and what it needs of its lesson. Without NAME it is called
as the demo is.

  cargo xtask copy 02-fork zombie    makes my/zombie
  cargo my zombie                    runs it
  cargo xtask trace my zombie        shows what the kernel saw it do

Nothing in my/ belongs to the course: git, the check and the lessons' builds pass it by.
",
    run,
};

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let (lesson, demo, name) = match &arguments.words[..] {
        [lesson, demo] => (lesson, demo, demo),
        [lesson, demo, name] => (lesson, demo, name),
        _ => {
            let why = "copy what? `cargo xtask copy LESSON DEMO [NAME]`; `cargo xtask list` \
                       lists the demos";
            return Err(UsageError(why.to_owned()).into());
        }
    };
    workspace.require(std::slice::from_ref(lesson))?;
    check_name(name)?;
    if practice::all().any(|exercise| exercise.name == name) {
        let why = format!(
            "{OWN}/{name} is for the exercise '{name}'; copy it under another name: `cargo xtask \
             copy {lesson} {demo} my-{demo}`"
        );
        return Err(UsageError(why).into());
    }
    let lesson_folder = workspace.root.join("lessons").join(lesson);
    let source = Source::read(&lesson_folder, demo)?;
    let folder = workspace.root.join(OWN).join(name);
    if folder.exists() {
        let shown = Path::new(OWN).join(name);
        let why = format!(
            "{} exists already; copy it under another name, `cargo xtask copy {lesson} {demo} \
             NAME`, or delete it first",
            shown.display()
        );
        return Err(UsageError(why).into());
    }
    write(&workspace, &lesson_folder, &source, name, &folder).inspect_err(|_| {
        // Half a program is of no use. What cannot be removed is in the way of the next try,
        // which says so.
        let _ = fs::remove_dir_all(&folder);
    })?;
    println!("{OWN}/{name} is yours: change {}.", source.demo_file(name));
    println!("  cargo {OWN} {name}");
    println!("  cargo xtask trace {OWN} {name}");
    Ok(ExitCode::SUCCESS)
}

/// A name that Cargo accepts, and that no program of the course has.
fn check_name(name: &str) -> Result<(), UsageError> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_word) {
        return Err(UsageError(format!(
            "'{name}' cannot be a program's name: take lower-case letters, digits, - and _, and \
             a letter first"
        )));
    }
    if name == "xtask" {
        return Err(UsageError("'xtask' is a program of the course: take another name".to_owned()));
    }
    Ok(())
}

/// Writes the program into a new folder.
fn write(
    workspace: &Workspace,
    lesson: &Path,
    source: &Source,
    name: &str,
    folder: &Path,
) -> Result<()> {
    let root = &workspace.root;
    for (file, text) in &source.files {
        package::put_file(&folder.join(file), text)?;
    }
    package::put_file(&folder.join("src/main.rs"), &source.main(name))?;
    let dependencies = package::of_lesson(lesson)?;
    let dependencies = dependencies.into_iter().filter(|it| source.uses(it)).collect::<Vec<_>>();
    package::put(root, folder, Path::new("../.."), name, &dependencies)
}
