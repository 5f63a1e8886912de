//! The command of a transcript, and how it is run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::proc::OWN_PROGRAM;
use supervise::{Errors, Outcome, Program};

use crate::python;
use crate::workspace::{BINARIES, Lesson};

/// How much it may print, in bytes.
const OUTPUT_LIMIT: usize = 1 << 20;

/// Characters that some shell does not take literally.
const SHELL_SYNTAX: &[char] = &[
    '|', '&', ';', '<', '>', '`', '$', '(', ')', '*', '?', '\'', '"', '\\', '~', '#', '{', '}',
    '[', ']', '!', '^', '\t',
];

/// A command of a transcript, understood.
pub struct CommandLine {
    program: Runs,
    /// The arguments of the program.
    arguments: Vec<String>,
}

/// What a command runs.
enum Runs {
    Lesson(String),
    Xtask,
    Python,
}

impl CommandLine {
    /// Understands a command as it is written after the `$`.
    ///
    /// # Errors
    /// If it is none of the commands that a reader of the course is shown.
    pub fn read(line: &str) -> Result<CommandLine> {
        ensure!(!line.contains(SHELL_SYNTAX), "only plain words, no shell syntax");
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let (program, arguments) = match words.as_slice() {
            ["cargo", "xtask", arguments @ ..] => (Runs::Xtask, arguments),
            ["python3", arguments @ ..] => (Runs::Python, arguments),
            ["cargo", "lesson", lesson, arguments @ ..] => {
                let arguments = match arguments {
                    ["--", arguments @ ..] => arguments,
                    arguments => arguments,
                };
                (Runs::Lesson((*lesson).to_owned()), arguments)
            }
            _ => bail!("only `cargo lesson`, `cargo xtask` and `python3` are run"),
        };
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Ok(CommandLine { program, arguments })
    }

    /// The lesson that it runs or traces, if it does.
    pub fn lesson(&self) -> Option<&String> {
        match (&self.program, &self.arguments[..]) {
            (Runs::Lesson(lesson), _) => Some(lesson),
            (Runs::Xtask, [trace, lesson, ..]) if trace == "trace" && !lesson.starts_with('-') => {
                Some(lesson)
            }
            _ => None,
        }
    }

    /// Whether it runs a lesson, and not something else that may trace it.
    pub fn runs_lesson(&self) -> bool {
        matches!(self.program, Runs::Lesson(_))
    }

    /// Whether it traces a lesson.
    pub fn is_trace(&self) -> bool {
        matches!(self.program, Runs::Xtask)
            && self.arguments.first().is_some_and(|it| it == "trace")
    }

    /// The demo that it runs, of those that the lesson has.
    pub fn demo<'a>(&self, demos: &'a [String]) -> Option<&'a String> {
        demos.iter().find(|demo| self.arguments.contains(demo)).or(demos.first())
    }

    /// Why it cannot be run on this machine, if it cannot.
    pub fn missing(&self) -> Option<String> {
        let traced = self.arguments.iter().skip_while(|word| *word != "--").nth(1);
        let needs_python = matches!(self.program, Runs::Python)
            || self.is_trace() && traced.is_some_and(|program| program == "python3");
        let missing = needs_python && python::in_path().is_none();
        missing.then(|| "python3 is not installed".to_owned())
    }

    /// Runs it as a reader would, but without a terminal, and at this pace. Cargo is not
    /// asked again: what it built is run at once.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(
        &self,
        root: &Path,
        built: &[Lesson],
        pace: &str,
        deadline: Duration,
    ) -> Result<Outcome> {
        let binaries = built.first().and_then(|lesson| lesson.binary.parent());
        let binaries = binaries.context("no lesson is built")?;
        let path: PathBuf = match &self.program {
            Runs::Xtask => OWN_PROGRAM.into(),
            Runs::Python => "python3".into(),
            Runs::Lesson(name) => {
                let lesson = built.iter().find(|lesson| lesson.name == *name);
                lesson.with_context(|| format!("no lesson '{name}'"))?.binary.clone()
            }
        };
        let removed = ["PYTHONUNBUFFERED", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE"]
            .map(|name| (name.into(), None));
        let set =
            [("LESSON_PACE", pace.into()), ("NO_COLOR", "1".into()), (BINARIES, binaries.into())]
                .map(|(name, value)| (name.into(), Some(value)));
        supervise::run(&Program {
            path,
            arguments: self.arguments.iter().map(OsString::from).collect(),
            directory: root.to_owned(),
            environment: removed.into_iter().chain(set).chain(python::variable(root)).collect(),
            deadline,
            output_limit: OUTPUT_LIMIT,
            errors: Errors::Merged,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_change_is_refused() {
        for word in [
            "~/f",
            "{1,2}",
            "# a remark",
            "[ab]",
            "!1",
            "a^b",
            "a\tb",
            "$HOME",
            "'a b'",
            "a;b",
            "(a)",
        ] {
            let line = format!("cargo lesson 01-t a {word}");
            assert!(CommandLine::read(&line).is_err(), "{line}");
        }
        let plain =
            "cargo lesson 01-t -- a --only=fork,wait --times 0.5 x:y a_b %5 +1 @ a=b /tmp/f";
        assert!(CommandLine::read(plain).is_ok());
    }
}
