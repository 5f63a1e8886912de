//! The command line of xtask: a command, then words and switches.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::Result;
use common::menu::{WrongUsage, find_option};
use lexopt::prelude::*;

/// A command of xtask.
pub struct Command {
    /// What the reader types.
    pub name: &'static str,
    /// The words that it takes, for its help: `LESSON...`.
    pub words: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Its switches and what they do: `("--json", "…")`, or with the word for a
    /// value behind the name: `("--svg FILE", "…")`.
    pub switches: &'static [(&'static str, &'static str)],
    /// What else its help says.
    pub notes: &'static str,
    /// The command itself.
    pub run: fn(&Given) -> Result<ExitCode>,
}

/// What stands behind a command.
pub struct Given {
    /// The words, in order.
    pub words: Vec<String>,
    switches: HashMap<&'static str, Option<String>>,
}

impl Given {
    /// Whether a switch such as `--json` was given.
    pub fn has(&self, switch: &str) -> bool {
        self.switches.contains_key(switch)
    }

    /// The value given to a switch such as `--svg FILE`.
    pub fn value(&self, switch: &str) -> Option<&str> {
        self.switches.get(switch)?.as_deref()
    }
}

/// Runs the command that the command line names.
///
/// # Errors
/// Wrong usage, or what the command returns.
pub fn run(commands: &[Command], mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let wrong = |error: lexopt::Error| WrongUsage(error.to_string());
    let name = match arguments.next().map_err(wrong)? {
        None | Some(Short('h') | Long("help")) => return Ok(show(&help(commands))),
        Some(Value(name)) => name.to_string_lossy().into_owned(),
        Some(option) => return Err(unknown_option("xtask", option, &[]).into()),
    };
    let Some(command) = commands.iter().find(|command| command.name == name) else {
        let names: Vec<_> = commands.iter().map(|command| command.name).collect();
        return Err(
            WrongUsage(format!("no command '{name}': there is {}", names.join(", "))).into()
        );
    };
    let mut given = Given { words: Vec::new(), switches: HashMap::new() };
    while let Some(argument) = arguments.next().map_err(wrong)? {
        match argument {
            Short('h') | Long("help") => return Ok(show(&command_help(command))),
            Value(word) if command.words.is_empty() => {
                let word = word.to_string_lossy();
                return Err(WrongUsage(format!(
                    "{name} takes no '{word}': see `cargo xtask {name} --help`"
                ))
                .into());
            }
            Value(word) => given.words.push(word.to_string_lossy().into_owned()),
            Long(switch) => {
                let switch = format!("--{switch}");
                let Some((name, takes_value)) = find_option(command.switches, &switch) else {
                    let why = unknown_option(command.name, Long(&switch[2..]), command.switches);
                    return Err(why.into());
                };
                let value = if takes_value {
                    Some(arguments.value().and_then(|value| value.string()).map_err(wrong)?)
                } else {
                    None
                };
                given.switches.insert(name, value);
            }
            option => return Err(unknown_option(command.name, option, command.switches).into()),
        }
    }
    (command.run)(&given)
}

fn unknown_option(command: &str, option: lexopt::Arg, switches: &[(&str, &str)]) -> WrongUsage {
    let option = match option {
        Long(name) => format!("--{name}"),
        Short(letter) => format!("-{letter}"),
        Value(word) => word.to_string_lossy().into_owned(),
    };
    let known: Vec<_> = switches.iter().map(|(switch, _)| *switch).chain(["--help"]).collect();
    WrongUsage(format!("{command} has no option '{option}': there is {}", known.join(", ")))
}

fn show(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

fn help(commands: &[Command]) -> String {
    let row = |command: &Command| format!("  {:<26}  {}\n", usage(command), command.about);
    let rows: String = commands.iter().map(row).collect();
    format!(
        "cargo xtask: runs the lessons and verifies them\n\nUsage: cargo xtask COMMAND [OPTIONS]\n\n\
         Commands:\n{rows}\n`cargo xtask COMMAND --help` says more.\n"
    )
}

fn command_help(command: &Command) -> String {
    let Command { name, about, switches, notes, .. } = command;
    let rows: String =
        switches.iter().map(|(switch, about)| format!("  {switch:<12}  {about}\n")).collect();
    format!(
        "cargo xtask {name}: {about}\n\nUsage: cargo xtask {}{}\n{}{rows}{}{notes}",
        usage(command),
        if switches.is_empty() { "" } else { " [OPTIONS]" },
        if switches.is_empty() { "" } else { "\nOptions:\n" },
        if notes.is_empty() { "" } else { "\n" },
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
            switches: &[("--json", "as JSON")],
            notes: "",
            run: |given| {
                Ok(ExitCode::from(
                    given.words.len() as u8 + if given.has("--json") { 100 } else { 0 },
                ))
            },
        },
        Command {
            name: "list",
            words: "",
            about: "lists",
            switches: &[],
            notes: "",
            run: |_| Ok(ExitCode::SUCCESS),
        },
    ];

    fn run(arguments: &[&str]) -> Result<ExitCode> {
        super::run(COMMANDS, lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn words_and_switches_reach_the_command() {
        assert_eq!(run(&["check", "02-fork", "--json", "03-ipc"]).unwrap(), ExitCode::from(102));
        assert_eq!(run(&["list"]).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_wrong_command_line_is_answered_with_what_there_is() {
        let wrong = |arguments: &[&str]| {
            let error = run(arguments).unwrap_err();
            assert!(error.is::<WrongUsage>());
            error.to_string()
        };
        assert_eq!(wrong(&["chek"]), "no command 'chek': there is check, list");
        assert_eq!(
            wrong(&["check", "--bles"]),
            "check has no option '--bles': there is --json, --help"
        );
        assert_eq!(wrong(&["-x"]), "xtask has no option '-x': there is --help");
        assert!(wrong(&["list", "02-fork"]).starts_with("list takes no '02-fork'"));
    }
}
