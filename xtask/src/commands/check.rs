//! `cargo xtask check LESSON...`

use common::options::UsageError;

use crate::check::{self, NOTES, OPTIONS, Request};
use crate::cli::Command;
use crate::workspace::Workspace;

/// Runs the named lessons, or one demo of a lesson, and verifies them.
pub const COMMAND: Command = Command {
    name: "check",
    words: "LESSON... | LESSON DEMO",
    about: "run lessons and verify each against its chapter and its tests",
    options: OPTIONS,
    notes: NOTES,
    run: |arguments| {
        let workspace = Workspace::find()?;
        let (names, demo) = match &arguments.words[..] {
            [] => {
                let lessons = workspace.lessons.join(", ");
                let why = format!("which lesson? available: {lessons}; `check-all` takes all");
                return Err(UsageError(why).into());
            }
            // No demo is called as a lesson is: a lesson's name starts with a number.
            [lesson, demo] if !demo.starts_with(|first: char| first.is_ascii_digit()) => {
                (vec![lesson.clone()], Some(demo.clone()))
            }
            names => (names.to_vec(), None),
        };
        workspace.require(&names)?;
        let in_order = workspace.lessons.iter().filter(|lesson| names.contains(lesson));
        let lessons = in_order.cloned().collect();
        check::run(&workspace, &Request { lessons, demo, ..Request::of(arguments) })
    },
};
