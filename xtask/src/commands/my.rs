//! `cargo my NAME [ARGS]`: runs one of the reader's own programs, of the folder `my`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use common::options::exit_code;

use super::without_dashes;
use crate::workspace::{Workspace, cargo_path};

/// The word with which the alias asks for this.
pub const SUBCOMMAND: &str = "my";

const HELP: &str = "\
cargo my: run a program of your own

Usage: cargo my NAME [ARGS]

`cargo xtask copy LESSON DEMO NAME` makes one, in my/NAME. `cargo xtask trace my NAME` shows
what the kernel saw it do.
";

/// Runs the program that the arguments name. It takes the place of this process.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match become_program(&arguments.collect::<Vec<_>>()) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("cargo my: {error:#}");
            exit_code(&error)
        }
    }
}

fn become_program(arguments: &[OsString]) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let Some((name, arguments)) = arguments.split_first() else {
        return Err(workspace.which_own().into());
    };
    if name == "--help" || name == "-h" {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let name = name.to_string_lossy();
    let program = workspace.own_program(&name)?;
    let mut command = Command::new(cargo_path());
    let is_built = workspace.is_built("debug", &name);
    command
        .arg("run")
        .args(is_built.then_some("--quiet"))
        .args(program)
        .arg("--")
        .args(without_dashes(arguments));
    let why = command.exec();
    Err(why).with_context(|| format!("run {}", command.get_program().display()))
}
