//! `cargo xtask check-all`

use crate::check::{self, NOTES, Options, SWITCHES};
use crate::cli::Command;
use crate::workspace::Workspace;

/// Runs all lessons in order and verifies them, and all pages.
pub const COMMAND: Command = Command {
    name: "check-all",
    words: "",
    about: "run all lessons in order and verify them, and all pages",
    switches: SWITCHES,
    notes: NOTES,
    run: |given| {
        let workspace = Workspace::find()?;
        let lessons = workspace.lessons.clone();
        let (bless, json) = (given.has("--bless"), given.has("--json"));
        check::run(&workspace, &Options { lessons, pages: true, bless, json })
    },
};
