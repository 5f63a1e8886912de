//! `cargo xtask shell-init bash|zsh|fish`: prints a shell function that lets
//! `cargo run -p 02-fork` work as it is typed.
//!
//! Cargo refuses a package name that starts with a digit before it reads a
//! manifest, so nothing in the workspace can help. The shell can: the function
//! passes `-p lesson-02-fork` to Cargo. No package can have the name that it
//! replaces, so it may do so in every folder.

use std::process::ExitCode;

use common::options::UsageError;

use crate::cli::Command;
use crate::workspace::Workspace;

const BASH_AND_ZSH: &str = include_str!("shell_init/cargo.sh");
const FISH: &str = include_str!("shell_init/cargo.fish");

/// Prints the function for a shell.
pub const COMMAND: Command = Command {
    name: "shell-init",
    words: "bash|zsh|fish",
    about: "a shell function with which `cargo run -p 02-fork` works",
    options: &[],
    notes: "\
Type this in the shell, in the folder of the course:
  bash  eval \"$(cargo xtask shell-init bash)\"
  zsh   eval \"$(cargo xtask shell-init zsh)\"
  fish  cargo xtask shell-init fish | source

It takes the place of a function `cargo` that you have. An alias `cargo` comes before any
function: `unalias cargo` first. It changes what follows -p, --package, --exclude and -i;
where Cargo takes a package as a bare word (`cargo update`), write `lesson-02-fork`.
",
    run: |arguments| {
        let [shell] = arguments.words.as_slice() else {
            return Err(UsageError("no shell named; available: bash, zsh, fish".to_owned()).into());
        };
        let lessons = Workspace::find()?.lessons;
        print!("{}", function(shell, &lessons)?);
        Ok(ExitCode::SUCCESS)
    },
};

/// The function for a shell and these lessons (`02-fork`).
fn function(shell: &str, lessons: &[String]) -> Result<String, UsageError> {
    let function = match shell {
        "bash" | "zsh" => BASH_AND_ZSH,
        "fish" => FISH,
        _ => return Err(UsageError(format!("no shell '{shell}'; available: bash, zsh, fish"))),
    };
    Ok(function.replace("@SHELL@", shell).replace("@LESSONS@", &lessons.join("|")))
}
