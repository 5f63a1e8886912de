//! `cargo xtask check-all`

use crate::check::{self, NOTES, OPTIONS, Request};
use crate::cli::Command;
use crate::workspace::Workspace;

/// Runs all lessons in order and verifies them, and all pages.
pub const COMMAND: Command = Command {
    name: "check-all",
    words: "",
    about: "run all lessons in order and verify them, and all pages",
    options: OPTIONS,
    notes: NOTES,
    run: |arguments| {
        let workspace = Workspace::find()?;
        let lessons = workspace.lessons.clone();
        check::run(&workspace, &Request { lessons, pages: true, ..Request::of(arguments) })
    },
};
