//! The command line of xtask: a command, then words and options.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use anyhow::Result;
use common::options::{HELP, Options, Table, UsageError, aligned, name};
use lexopt::prelude::*;

/// A command of xtask.
pub struct Command {
    /// What the reader types.
    pub name: &'static str,
    /// The words that it takes, for its help: `LESSON...`. Only a command with `--` in them
    /// takes something after it.
    pub words: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Its options.
    pub options: Table,
    /// What else its help says.
    pub notes: &'static str,
    /// The command itself.
    pub run: fn(&Arguments) -> Result<ExitCode>,
}

/// What comes after the command.
pub struct Arguments {
    /// The words, in order.
    pub words: Vec<String>,
    /// What comes after `--`: the words and options of another program.
    pub rest: Vec<OsString>,
    /// The options.
    pub options: Options,
}

/// Runs the command that the command line names.
///
/// # Errors
/// A [`UsageError`], or what the command returns.
pub fn run(
    commands: &[Command],
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<ExitCode> {
    let mut words = arguments.into_iter();
    let own: Vec<OsString> = words.by_ref().take_while(|word| word != "--").collect();
    let after = words.collect::<Vec<_>>();
    let mut rest = lexopt::Parser::from_args(own);
    let command = match rest.next().map_err(UsageError::from)? {
        None | Some(Short('h') | Long("help")) => return Ok(show(&help(commands))),
        Some(Value(word)) => {
            let found = commands.iter().find(|command| word == command.name);
            found.ok_or_else(|| {
                let what = format!("command '{}'", word.display());
                UsageError::unknown(&what, commands.iter().map(|command| command.name))
            })?
        }
        Some(option) => return Err(Options::of(HELP).unknown("xtask", &name(&option)).into()),
    };
    let mut arguments = Arguments { words: Vec::new(), rest: after, options: Options::of(HELP) };
    arguments.options.allow(command.options);
    while let Some(argument) = rest.next().map_err(UsageError::from)? {
        match argument {
            Value(word) if command.words.is_empty() => return Err(refused(command, &word)),
            Value(word) => arguments.words.push(word.to_string_lossy().into_owned()),
            option => {
                let option = name(&option);
                let taken = arguments.options.take(command.name, &option, &mut rest);
                // It may be meant for what the words name.
                let is_unknown = taken.as_ref().is_err_and(|why| why.0.starts_with("no option"));
                let for_another =
                    is_unknown && command.words.contains("--") && !arguments.words.is_empty();
                let more = if for_another {
                    "; options of a demo or a program come after `--`"
                } else {
                    ""
                };
                taken.map_err(|UsageError(why)| UsageError(why + more))?;
            }
        }
    }
    if arguments.options.has("--help") {
        return Ok(show(&command_help(command)));
    }
    if let Some(word) = arguments.rest.first().filter(|_| !command.words.contains("--")) {
        return Err(refused(command, word));
    }
    (command.run)(&arguments)
}

fn refused(command: &Command, word: &OsStr) -> anyhow::Error {
    let (name, word) = (command.name, word.display());
    UsageError(format!("{name} takes no '{word}': see `cargo xtask {name} --help`")).into()
}

fn show(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

fn help(commands: &[Command]) -> String {
    let rows = commands.iter().map(|command| (format!("  {}", usage(command)), command.about));
    format!(
        "cargo xtask: runs the lessons and verifies them\n\nUsage: cargo xtask COMMAND [OPTIONS]\n\n\
         Commands:\n{}\n`cargo xtask COMMAND --help` says more.\n",
        aligned(rows)
    )
}

fn command_help(command: &Command) -> String {
    let rows = command.options.iter().chain(HELP);
    let rows = rows.map(|(option, about)| (format!("  {option}"), *about));
    format!(
        "cargo xtask {}: {}\n\nUsage: {}\n\nOptions:\n{}{}{}",
        command.name,
        command.about,
        format!("cargo xtask {} [OPTIONS] {}", command.name, command.words).trim_end(),
        aligned(rows),
        if command.notes.is_empty() { "" } else { "\n" },
        command.notes,
    )
}

fn usage(command: &Command) -> String {
    format!("{} {}", command.name, command.words).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: &[Command] = &[
        Command {
            name: "check",
            words: "LESSON...",
            about: "checks",
            options: &[("--json", "as JSON")],
            notes: "",
            run: |arguments| {
                let more = if arguments.options.has("--json") { 100 } else { 0 };
                Ok(ExitCode::from(arguments.words.len() as u8 + more))
            },
        },
        Command {
            name: "trace",
            words: "-- PROGRAM",
            about: "traces",
            options: &[("--all", "everything")],
            notes: "",
            run: |_| Ok(ExitCode::SUCCESS),
        },
        Command {
            name: "list",
            words: "",
            about: "lists",
            options: &[],
            notes: "",
            run: |_| Ok(ExitCode::SUCCESS),
        },
    ];

    fn run(arguments: &[&str]) -> Result<ExitCode> {
        super::run(COMMANDS, arguments.iter().map(OsString::from))
    }

    #[test]
    fn words_and_options_reach_the_command() {
        assert_eq!(run(&["check", "02-fork", "--json", "03-ipc"]).unwrap(), ExitCode::from(102));
        assert_eq!(run(&["list"]).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_wrong_command_line_is_answered_with_what_is_available() {
        let wrong = |arguments: &[&str]| {
            let error = run(arguments).unwrap_err();
            assert!(error.is::<UsageError>());
            error.to_string()
        };
        assert_eq!(wrong(&["chek"]), "no command 'chek'; available: check, trace, list");
        assert_eq!(
            wrong(&["check", "--bles"]),
            "no option '--bles' of check; available: --json, -h, --help"
        );
        assert_eq!(wrong(&["-x"]), "no option '-x' of xtask; available: -h, --help");
        assert_eq!(
            wrong(&["trace", "sh", "-c"]),
            "no option '-c' of trace; available: --all, -h, --help; options of a demo or a program \
             come after `--`"
        );
        assert_eq!(
            wrong(&["trace", "-c"]),
            "no option '-c' of trace; available: --all, -h, --help"
        );
        assert!(wrong(&["list", "02-fork"]).starts_with("list takes no '02-fork'"));
        assert!(wrong(&["check", "a", "--", "b"]).starts_with("check takes no 'b'"));
    }
}
