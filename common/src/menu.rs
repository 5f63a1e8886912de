//! The menu of a lesson: which demo to run, with which options.

use std::process::ExitCode;

use lexopt::prelude::*;

use crate::options::{self, HELP, Table, UsageError};
use crate::{output, pace, start};

pub use crate::options::Options;

/// A program inside a lesson that shows one idea.
pub struct Demo {
    /// What the reader types.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// Its own options.
    pub options: Table,
    /// The demo itself.
    pub run: fn(&Options) -> anyhow::Result<()>,
}

/// The options of every lesson.
const GENERAL: Table = &[
    ("--pace X", "how long the waits are: 1 as in the notes, 0.05 a twentieth (or LESSON_PACE)"),
    ("--list", "the demos, one a line, for programs to read"),
];

/// What the command line asks for.
enum Request<'a> {
    Help,
    List,
    Run(&'a Demo, Options),
}

/// Runs the demo that the command line names, or the first one.
///
/// The exit status is 0 if it went well, 1 if it failed, 2 if the command line is wrong,
/// 3 if the machine does not let the demo show its point.
pub fn main(lesson: &str, about: &str, demos: &[Demo]) -> ExitCode {
    start::put_right();
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
            if !error.is::<UsageError>() {
                output::end_if_nobody_reads();
            }
            options::exit_code(&error)
        }
    }
}

fn request<'a>(demos: &'a [Demo], mut arguments: lexopt::Parser) -> anyhow::Result<Request<'a>> {
    let mut chosen: Option<&Demo> = None;
    let mut options = Options::of(HELP);
    options.allow(GENERAL);
    while let Some(argument) = arguments.next().map_err(UsageError::from)? {
        match argument {
            Value(name) if chosen.is_none() => {
                let demo = demos.iter().find(|demo| name == demo.name);
                let demo = demo.ok_or_else(|| unknown_demo(&name.to_string_lossy(), demos))?;
                options.allow(demo.options);
                chosen = Some(demo);
            }
            Value(extra) => {
                let extra = extra.to_string_lossy();
                return Err(UsageError(format!("one demo at a time: '{extra}' is too many")).into());
            }
            option => {
                let name = options::name(&option);
                if chosen.is_none() && !options.has_option(&name) {
                    options.allow(demos[0].options);
                    chosen = Some(&demos[0]);
                }
                options.take(chosen.unwrap_or(&demos[0]).name, &name, &mut arguments)?;
            }
        }
    }
    if options.has("--help") {
        return Ok(Request::Help);
    }
    if options.has("--list") {
        return Ok(Request::List);
    }
    let variable = std::env::var(pace::VARIABLE).ok().map(|text| (pace::VARIABLE, text));
    if let Some((source, text)) = options.get("--pace")?.map(|text| ("--pace", text)).or(variable) {
        pace::set(&text).map_err(|why| UsageError(format!("{source}: {why}")))?;
    }
    let demo = chosen.unwrap_or_else(|| {
        options.allow(demos[0].options);
        &demos[0]
    });
    Ok(Request::Run(demo, options))
}

fn unknown_demo(name: &str, demos: &[Demo]) -> UsageError {
    UsageError::unknown(&format!("demo '{name}'"), demos.iter().map(|demo| demo.name))
}

fn help(lesson: &str, about: &str, demos: &[Demo]) -> String {
    let of_demos = demos.iter().flat_map(|demo| {
        let options = demo.options.iter().map(|(usage, about)| (format!("    {usage}"), *about));
        std::iter::once((format!("  {}", demo.name), demo.about)).chain(options)
    });
    let general = GENERAL.iter().chain(HELP).map(|(usage, about)| (format!("  {usage}"), *about));
    format!(
        "{lesson}: {about}\n\nUsage: {lesson} [DEMO] [OPTIONS]\n\n\
         Demos (without a name, the first):\n{}\nOptions:\n{}",
        options::aligned(of_demos),
        options::aligned(general)
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
                assert!(error.is::<UsageError>());
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
        assert!(error.to_string().contains("from 1 to 2"), "{error}");

        let (_, options) = asked(&["first", "--tasks=x"]).unwrap();
        let error = options.get::<u32>("--tasks").unwrap_err();
        assert!(error.to_string().contains("--tasks"), "{error}");
    }

    #[test]
    fn a_wrong_command_line_is_answered_with_what_is_available() {
        let wrong = |arguments: &[&str]| asked(arguments).unwrap_err();
        assert_eq!(wrong(&["third"]), "no demo 'third'; available: first, second");
        assert_eq!(
            wrong(&["first", "--task"]),
            "no option '--task' of first; available: --tasks N, --watch, --pace X, --list, -h, --help"
        );
        assert_eq!(
            wrong(&["second", "--tasks", "3"]),
            "no option '--tasks' of second; available: --pace X, --list, -h, --help"
        );
        assert!(wrong(&["first", "second"]).contains("'second' is too many"));
        assert!(wrong(&["--tasks"]).contains("--tasks"));
        assert!(wrong(&["--pace", "fast"]).starts_with("--pace: 'fast'"));
    }
}
