//! Reads the command of a transcript and runs it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use xtask::supervise::{self, Errors, Outcome, Program};

use crate::workspace::{BINARIES, Built};

/// How much it may print, in bytes.
const OUTPUT_LIMIT: usize = 1 << 20;

/// A command of a transcript, understood.
pub struct Command {
    program: PathBuf,
    arguments: Vec<String>,
    /// The lesson that it runs, if it runs one.
    pub lesson: Option<String>,
}

impl Command {
    /// Understands a command as it stands behind the `$`. Cargo is not asked
    /// again: what it built is run at once.
    ///
    /// # Errors
    /// If it is none of the commands that a reader of the course is shown.
    pub fn read(line: &str, built: &HashMap<String, Built>) -> Result<Command> {
        ensure!(
            !line.contains(['|', '&', ';', '<', '>', '`', '$', '(', '*', '?', '\'', '"', '\\']),
            "only plain words, no shell syntax"
        );
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match words.as_slice() {
            ["cargo", "xtask", arguments @ ..] => Ok(Command {
                program: "/proc/self/exe".into(),
                arguments: owned(arguments),
                lesson: None,
            }),
            ["python3", arguments @ ..] => {
                Ok(Command { program: "python3".into(), arguments: owned(arguments), lesson: None })
            }
            ["cargo", "lesson", lesson, arguments @ ..] => {
                let built =
                    built.get(*lesson).with_context(|| format!("there is no lesson '{lesson}'"))?;
                let arguments = match arguments {
                    ["--", arguments @ ..] => arguments,
                    [option, ..] if option.starts_with('-') => {
                        bail!("cargo would take '{option}' as its own option: put `--` before it")
                    }
                    arguments => arguments,
                };
                let (program, arguments) = (built.binary.clone(), owned(arguments));
                Ok(Command { program, arguments, lesson: Some((*lesson).to_owned()) })
            }
            _ => bail!("only `cargo lesson`, `cargo xtask` and `python3` are run"),
        }
    }

    /// The demo that it runs, of those that the lesson has.
    pub fn demo<'a>(&self, demos: &'a [String]) -> Option<&'a String> {
        demos.iter().find(|demo| self.arguments.contains(demo)).or(demos.first())
    }

    /// Why it cannot be run on this machine, if it cannot.
    pub fn missing(&self) -> Option<String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = self.program.is_absolute()
            || std::env::split_paths(&path).any(|folder| folder.join(&self.program).is_file());
        (!found).then(|| format!("{} is not installed", self.program.display()))
    }

    /// Runs it as a reader would, but with no terminal, and at this pace.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(
        &self,
        root: &Path,
        binaries: &Path,
        pace: &str,
        deadline: Duration,
    ) -> Result<Outcome> {
        let removed = ["PYTHONUNBUFFERED", "RUST_BACKTRACE"].map(|name| (name.into(), None));
        let set =
            [("LESSON_PACE", pace.into()), ("NO_COLOR", "1".into()), (BINARIES, binaries.into())]
                .map(|(name, value)| (name.into(), Some(value)));
        supervise::run(&Program {
            path: self.program.clone(),
            arguments: self.arguments.iter().map(OsString::from).collect(),
            directory: root.to_owned(),
            environment: removed.into_iter().chain(set).collect(),
            deadline,
            output_limit: OUTPUT_LIMIT,
            errors: Errors::Merged,
        })
    }
}
