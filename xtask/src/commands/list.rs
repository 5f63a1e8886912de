//! `cargo xtask list`: the lessons and their demos.

use std::process::ExitCode;

use crate::cli::Command;
use crate::workspace::{Targets, Workspace};

/// Prints the lessons and their demos.
pub const COMMAND: Command = Command {
    name: "list",
    words: "",
    about: "the lessons and their demos",
    options: &[],
    notes: "",
    run: |_| {
        let workspace = Workspace::find()?;
        for lesson in workspace.build(&workspace.lessons, Targets::Binary)? {
            println!("{}", lesson.name);
            for (name, about) in lesson.demos()? {
                println!("  {name:<12}  {about}");
            }
        }
        Ok(ExitCode::SUCCESS)
    },
};
