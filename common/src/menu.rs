//! The menu of a lesson: which demo to run, with which options.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use lexopt::prelude::*;

use crate::{NotHere, pace};

/// A program inside a lesson that shows one idea.
pub struct Demo {
    /// What the reader types.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// Its own options and what they do: `("--tasks N", "how many tasks")`. One
    /// without a word behind its name is a switch.
    pub options: &'static [(&'static str, &'static str)],
    /// The demo itself.
    pub run: fn(&Options) -> anyhow::Result<()>,
}

/// The options given to a demo.
#[derive(Debug, Default)]
pub struct Options(HashMap<&'static str, OsString>);

impl Options {
    /// The value given to an option such as `--tasks`, or `None`.
    ///
    /// # Errors
    /// If the value is no `T`; the menu shows it as wrong usage, exit status 2.
    pub fn get<T>(&self, option: &str) -> anyhow::Result<Option<T>>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let Some(value) = self.0.get(option) else {
            return Ok(None);
        };
        match value.parse::<T>() {
            Ok(value) => Ok(Some(value)),
            Err(why) => Err(WrongUsage(format!("{option}: {why}")).into()),
        }
    }

    /// The number given to an option, or `None`.
    ///
    /// # Errors
    /// If it is not in `range`; the menu shows it as wrong usage and says what is.
    pub fn number<T>(&self, option: &str, range: RangeInclusive<T>) -> anyhow::Result<Option<T>>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.get::<String>(option)? else { return Ok(None) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (from, to) = range.into_inner();
                let why = format!("'{text}' will not do: give a number from {from} to {to}");
                Err(WrongUsage(format!("{option}: {why}")).into())
            }
        }
    }

    /// Whether a switch such as `--watch` was given.
    pub fn has(&self, switch: &str) -> bool {
        self.0.contains_key(switch)
    }
}

/// The reader asked for something that there is not, or that cannot be: the
/// menu says so in one line, with exit status 2.
#[derive(Debug)]
pub struct WrongUsage(pub String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// What the command line asks for.
enum Request<'a> {
    Help,
    List,
    Run(&'a Demo, Options),
}

/// Runs the demo that the command line names, or the first one.
///
/// The exit status is 0 if it went well, 1 if it failed, 2 if the command line
/// is wrong, 3 if the machine does not let the demo show its point.
pub fn main(lesson: &str, about: &str, demos: &[Demo]) -> ExitCode {
    crate::end_on_closed_pipe();
    let result = request(demos, lexopt::Parser::from_env()).and_then(|request| match request {
        Request::Help => {
            print!("{}", help(lesson, about, demos));
            Ok(())
        }
        Request::List => {
            demos.iter().for_each(|demo| println!("{}\t{}", demo.name, demo.about));
            Ok(())
        }
        Request::Run(demo, options) => (demo.run)(&options),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // In one write: other processes may write at the same time.
            let line = format!("{lesson}: {error:#}\n");
            eprint!("{line}");
            ExitCode::from(match () {
                () if error.is::<WrongUsage>() => 2,
                () if error.is::<NotHere>() => 3,
                () => 1,
            })
        }
    }
}

fn request<'a>(demos: &'a [Demo], mut arguments: lexopt::Parser) -> anyhow::Result<Request<'a>> {
    let usage = |error: lexopt::Error| WrongUsage(error.to_string());
    let mut pace = std::env::var(pace::VARIABLE).ok().map(|text| (pace::VARIABLE, text));
    let mut chosen = None;
    let mut options = Options::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Short('h') | Long("help") => return Ok(Request::Help),
            Long("list") => return Ok(Request::List),
            Long("pace") => {
                let text = arguments.value().and_then(|value| value.string()).map_err(usage)?;
                pace = Some(("--pace", text));
            }
            Value(name) if chosen.is_none() => {
                let demo = demos.iter().find(|demo| name == demo.name);
                chosen = Some(demo.ok_or_else(|| unknown_demo(&name.to_string_lossy(), demos))?);
            }
            Value(extra) => {
                let extra = extra.to_string_lossy();
                return Err(WrongUsage(format!("one demo at a time: '{extra}' is too many")).into());
            }
            Long(name) => {
                let name = format!("--{name}");
                let demo = *chosen.get_or_insert(&demos[0]);
                let (option, takes_value) =
                    find_option(demo.options, &name).ok_or_else(|| unknown_option(&name, demo))?;
                let value =
                    if takes_value { arguments.value().map_err(usage)? } else { OsString::new() };
                options.0.insert(option, value);
            }
            Short(letter) => {
                return Err(
                    unknown_option(&format!("-{letter}"), chosen.unwrap_or(&demos[0])).into()
                );
            }
        }
    }
    if let Some((source, text)) = pace {
        pace::set(&text).map_err(|why| WrongUsage(format!("{source}: {why}")))?;
    }
    Ok(Request::Run(chosen.unwrap_or(&demos[0]), options))
}

/// The option's name without the word for its value, and whether it takes one:
/// among `("--tasks N", "how many")`, `--tasks` is one that does.
pub fn find_option(options: &[(&'static str, &str)], name: &str) -> Option<(&'static str, bool)> {
    options.iter().find_map(|(usage, _)| match usage.split_once(' ') {
        Some((option, _)) => (option == name).then_some((option, true)),
        None => (*usage == name).then_some((*usage, false)),
    })
}

fn unknown_demo(name: &str, demos: &[Demo]) -> WrongUsage {
    let names: Vec<_> = demos.iter().map(|demo| demo.name).collect();
    WrongUsage(format!("no demo '{name}': there is {}", names.join(", ")))
}

fn unknown_option(name: &str, demo: &Demo) -> WrongUsage {
    let own = demo.options.iter().map(|(usage, _)| *usage);
    let options: Vec<_> = own.chain(["--pace X", "--list", "--help"]).collect();
    WrongUsage(format!("{} has no option '{name}': there is {}", demo.name, options.join(", ")))
}

fn help(lesson: &str, about: &str, demos: &[Demo]) -> String {
    let mut rows = Vec::new();
    for demo in demos {
        rows.push((format!("  {}", demo.name), demo.about));
        rows.extend(demo.options.iter().map(|(usage, about)| (format!("    {usage}"), *about)));
    }
    let general = [
        ("  --pace X", "speed of the waits that are there to be watched: 1 as in the notes,"),
        ("", "0.05 twenty times faster (also: the variable LESSON_PACE)"),
        ("  --list", "the demos, one a line, for programs to read"),
        ("  -h, --help", "this text"),
    ]
    .map(|(left, right)| (left.to_owned(), right));
    let left = rows.iter().chain(&general).map(|(left, _)| left.len()).max().unwrap_or(0);
    let lines = |rows: &[(String, &str)]| -> String {
        rows.iter().map(|(usage, about)| format!("{usage:left$}  {about}\n")).collect()
    };
    format!(
        "{lesson}: {about}\n\nUsage: {lesson} [DEMO] [OPTIONS]\n\n\
         Demos (without a name, the first):\n{}\nOptions:\n{}",
        lines(&rows),
        lines(&general)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMOS: &[Demo] = &[
        Demo {
            name: "first",
            about: "the first",
            options: &[("--tasks N", "how many"), ("--watch", "go on")],
            run: |_| Ok(()),
        },
        Demo { name: "second", about: "the second", options: &[], run: |_| Ok(()) },
    ];

    fn asked(arguments: &[&str]) -> Result<(&'static str, Options), String> {
        match request(DEMOS, lexopt::Parser::from_args(arguments)) {
            Ok(Request::Run(demo, options)) => Ok((demo.name, options)),
            Ok(_) => Err("help or list".to_owned()),
            Err(error) => {
                assert!(error.is::<WrongUsage>());
                Err(error.to_string())
            }
        }
    }

    #[test]
    fn the_first_demo_runs_when_none_is_named() {
        assert_eq!(asked(&[]).unwrap().0, "first");
        assert_eq!(asked(&["second"]).unwrap().0, "second");
    }

    #[test]
    fn options_reach_the_demo() {
        let (demo, options) = asked(&["--tasks", "3", "--watch"]).unwrap();
        assert_eq!(demo, "first");
        assert_eq!(options.get::<u32>("--tasks").unwrap(), Some(3));
        assert!(options.has("--watch"));

        assert_eq!(options.number("--tasks", 1..=3).unwrap(), Some(3));
        let error = options.number("--tasks", 1..=2).unwrap_err();
        assert!(error.is::<WrongUsage>() && error.to_string().contains("from 1 to 2"), "{error}");

        let (_, options) = asked(&["first", "--tasks=x"]).unwrap();
        let error = options.get::<u32>("--tasks").unwrap_err();
        assert!(error.is::<WrongUsage>() && error.to_string().contains("--tasks"), "{error}");
    }

    #[test]
    fn a_wrong_command_line_is_answered_with_what_there_is() {
        let wrong = |arguments: &[&str]| asked(arguments).unwrap_err();
        assert_eq!(wrong(&["third"]), "no demo 'third': there is first, second");
        assert_eq!(
            wrong(&["first", "--task"]),
            "first has no option '--task': there is --tasks N, --watch, --pace X, --list, --help"
        );
        assert_eq!(
            wrong(&["second", "--tasks", "3"]),
            "second has no option '--tasks': there is --pace X, --list, --help"
        );
        assert!(wrong(&["first", "second"]).contains("'second' is too many"));
        assert!(wrong(&["--tasks"]).contains("--tasks"));
        assert!(wrong(&["--pace", "fast"]).starts_with("--pace: 'fast'"));
    }
}
