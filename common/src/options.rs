//! The options of a command line: a table says which ones exist, for the parser and for
//! the help.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use lexopt::prelude::*;
use nix::errno::Errno;

use crate::{Unsupported, refused};

/// Options and what they do: `("--tasks N", "how many tasks")`. One without a word for a
/// value after its name is a switch: `("--watch", "…")`.
pub type Table = &'static [(&'static str, &'static str)];

/// The options of every program.
pub const HELP: Table = &[("-h, --help", "this text")];

/// The options that were given.
#[derive(Debug)]
pub struct Options {
    tables: Vec<Table>,
    given: HashMap<&'static str, OsString>,
}

impl Options {
    /// No option yet, of those in `table`.
    pub fn of(table: Table) -> Options {
        Options { tables: vec![table], given: HashMap::new() }
    }

    /// Allows the options of `table`, too.
    pub fn allow(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Whether one of the tables has an option of this name.
    pub fn has_option(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Takes an option in, and its value from `rest` if it has one.
    ///
    /// # Errors
    /// If `command` has no such option, or its value is missing.
    pub fn take(
        &mut self,
        command: &str,
        name: &str,
        rest: &mut lexopt::Parser,
    ) -> Result<(), UsageError> {
        let (name, has_value) = self.find(name).ok_or_else(|| self.unknown(command, name))?;
        let value = if has_value { rest.value()? } else { OsString::new() };
        self.given.insert(name, value);
        Ok(())
    }

    /// The error that `command` has no option of this name.
    pub fn unknown(&self, command: &str, name: &str) -> UsageError {
        let what = format!("option '{name}' of {command}");
        UsageError::unknown(&what, self.rows().map(|(usage, _)| usage))
    }

    /// Whether an option such as `--watch` was given.
    pub fn has(&self, option: &str) -> bool {
        debug_assert!(self.find(option).is_some(), "{option} is in no table");
        self.given.contains_key(option)
    }

    /// The value given to an option such as `--tasks N`, or `None`.
    ///
    /// # Errors
    /// If the value cannot be read as a `T`.
    pub fn get<T>(&self, option: &str) -> Result<Option<T>, UsageError>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        if !self.has(option) {
            return Ok(None);
        }
        match self.given[option].parse::<T>() {
            Ok(value) => Ok(Some(value)),
            Err(why) => Err(UsageError(format!("{option}: {why}"))),
        }
    }

    /// The number given to an option, or `None`.
    ///
    /// # Errors
    /// If it is not in `range`.
    pub fn number<T>(&self, option: &str, range: RangeInclusive<T>) -> Result<Option<T>, UsageError>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.get::<String>(option)? else { return Ok(None) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (from, to) = range.into_inner();
                let why = format!("{option}: '{text}' is not a number from {from} to {to}");
                Err(UsageError(why))
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.tables.iter().rev().flat_map(|table| table.iter().copied())
    }

    /// The name by which the option is looked up, and whether it has a value.
    fn find(&self, name: &str) -> Option<(&'static str, bool)> {
        self.rows().find_map(|(usage, _)| {
            let (names, value) = match usage.rsplit_once(' ') {
                Some((names, value)) if !value.starts_with('-') => (names, true),
                _ => (usage, false),
            };
            let (short, long) = names.split_once(", ").unwrap_or(("", names));
            (name == long || name == short).then_some((long, value))
        })
    }
}

/// The name of an option, as it was typed.
pub fn name(option: &lexopt::Arg) -> String {
    match option {
        Long(name) => format!("--{name}"),
        Short(letter) => format!("-{letter}"),
        Value(word) => word.to_string_lossy().into_owned(),
    }
}

/// Rows of a help text, the second column aligned.
pub fn aligned<'a>(rows: impl IntoIterator<Item = (String, &'a str)>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
    rows.iter().map(|(left, right)| format!("{left:width$}  {right}\n")).collect()
}

/// The command line is wrong. The reader sees the sentence, and the exit status is 2.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl UsageError {
    /// `no demo 'third'; available: first, second`, where `what` is `demo 'third'`.
    pub fn unknown<'a>(what: &str, available: impl IntoIterator<Item = &'a str>) -> UsageError {
        let available: Vec<_> = available.into_iter().collect();
        UsageError(format!("no {what}; available: {}", available.join(", ")))
    }
}

impl Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> UsageError {
        UsageError(error.to_string())
    }
}

/// The exit status of a program that ends with this error: 2 for a [`UsageError`], that of
/// [`Unsupported`] for it or a system call that this system refuses, otherwise 1.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(exit_status(error))
}

/// As [`exit_code`], as a number.
pub(crate) fn exit_status(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() {
        2
    } else if error.is::<Unsupported>() || is_refused_call(error) {
        Unsupported::STATUS
    } else {
        1
    }
}

/// Whether the kernel is too old for a call, or a sandbox hides or forbids it. Decided by the
/// message, because an error that came from another process is only text.
fn is_refused_call(error: &anyhow::Error) -> bool {
    let told = format!("{error:#}");
    // Other reasons than that no such call exists have other causes, too: the call is tried.
    told.contains(Errno::ENOSYS.desc()) || refused::reason(&told).is_some()
}
