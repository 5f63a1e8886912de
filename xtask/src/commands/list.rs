//! `cargo xtask list`: the lessons and their demos.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use xtask::supervise::{self, End, Errors, Program};

use crate::cli::Command;
use crate::workspace::Workspace;

/// Prints the lessons and their demos.
pub const COMMAND: Command = Command {
    name: "list",
    words: "",
    about: "the lessons and their demos",
    switches: &[],
    notes: "",
    run: |_| {
        let workspace = Workspace::find()?;
        let built = workspace.build()?;
        for lesson in &workspace.lessons {
            println!("{lesson}");
            for (name, about) in demos(&built[lesson].binary)? {
                println!("  {name:<12}  {about}");
            }
        }
        Ok(ExitCode::SUCCESS)
    },
};

/// The demos of a lesson, by its own word: the name of each and what it shows.
///
/// # Errors
/// If the lesson does not list them.
pub fn demos(lesson: &Path) -> Result<Vec<(String, String)>> {
    let program = Program {
        path: lesson.to_owned(),
        arguments: vec!["--list".into()],
        directory: ".".into(),
        environment: Vec::new(),
        deadline: Duration::from_secs(10),
        output_limit: 1 << 16,
        errors: Errors::Merged,
    };
    let outcome = supervise::run(&program)?;
    let output = String::from_utf8_lossy(&outcome.output);
    ensure!(
        outcome.end == End::Exited(0),
        "{} --list: {:?}: {output}",
        lesson.display(),
        outcome.end
    );
    let pairs = output.lines().filter_map(|line| line.split_once('\t'));
    let demos: Vec<_> = pairs.map(|(name, about)| (name.to_owned(), about.to_owned())).collect();
    ensure!(!demos.is_empty(), "{} --list names no demo", lesson.display());
    Ok(demos)
}
