//! `cargo xtask check LESSON...`

use common::menu::WrongUsage;

use crate::check::{self, NOTES, Options, SWITCHES};
use crate::cli::Command;
use crate::workspace::Workspace;

/// Runs the named lessons and verifies them.
pub const COMMAND: Command = Command {
    name: "check",
    words: "LESSON...",
    about: "run lessons and verify each against its chapter and its tests",
    switches: SWITCHES,
    notes: NOTES,
    run: |given| {
        let workspace = Workspace::find()?;
        if given.words.is_empty() {
            let lessons = workspace.lessons.join(", ");
            return Err(WrongUsage(format!(
                "which lesson? There is {lessons}; `check-all` takes all"
            ))
            .into());
        }
        let lessons = workspace.named(&given.words)?;
        let (bless, json) = (given.has("--bless"), given.has("--json"));
        check::run(&workspace, &Options { lessons, pages: false, bless, json })
    },
};
