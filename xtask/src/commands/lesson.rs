//! `cargo lesson LESSON [DEMO] [OPTIONS]`: runs a lesson.
//!
//! `cargo run --bin 02-fork` takes an option for its own unless `--` comes before it. The alias
//! in `.cargo/config.toml` runs this instead: what follows the lesson's name is the lesson's.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::Result;
use common::options::{UsageError, exit_code};

use super::without_dashes;
use crate::workspace::{Workspace, cargo_path};

/// The word with which the alias asks for this.
pub const SUBCOMMAND: &str = "lesson";

const HELP: &str = "\
cargo lesson: run a lesson

Usage: cargo lesson [--release] LESSON [DEMO] [OPTIONS]

`cargo lesson LESSON --help` lists the demos of a lesson and their options; `cargo xtask list`
lists those of all lessons. With --release the compiler optimises. The first such build takes
a minute or two.
";

/// Runs the lesson that the arguments name. It takes the place of this process, so that it has
/// the terminal, the signals and the exit status to itself.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match cargo_run(arguments.collect()) {
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Some(mut command)) => {
            let why = command.exec();
            eprintln!("cargo lesson: run {}: {why}", command.get_program().display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cargo lesson: {error:#}");
            exit_code(&error)
        }
    }
}

/// The command that builds and runs the lesson, or `None` if the arguments ask for help.
fn cargo_run(arguments: Vec<OsString>) -> Result<Option<Command>> {
    let workspace = Workspace::find()?;
    let (release, arguments) = match arguments.split_first() {
        Some((first, rest)) if first == "--release" => (true, rest),
        _ => (false, &arguments[..]),
    };
    let Some((lesson, arguments)) = arguments.split_first() else {
        let lessons = workspace.lessons.join(", ");
        return Err(UsageError(format!("which lesson? available: {lessons}")).into());
    };
    if lesson == "--help" || lesson == "-h" {
        return Ok(None);
    }
    let lesson_name = lesson.to_string_lossy().into_owned();
    workspace.require(std::slice::from_ref(&lesson_name))?;
    let mut command = Command::new(cargo_path());
    let is_built = workspace.is_built(if release { "release" } else { "debug" }, &lesson_name);
    command.arg("run").args(is_built.then_some("--quiet")).args(release.then_some("--release"));
    command.arg("--bin").arg(lesson).arg("--").args(without_dashes(arguments));
    Ok(Some(command))
}
