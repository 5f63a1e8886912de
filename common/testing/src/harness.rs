//! Runs tests one after the other, in the one thread of its process: for tests that fork.
//!
//! It takes the options of Rust's own harness and reports as that one does, so that
//! `cargo test` and `cargo nextest` can tell no difference.

use std::ffi::OsString;
use std::io::{self, Write, stdout};
use std::panic;
use std::process::exit;

use lexopt::prelude::*;

use crate::not_here::{self, Outcome};
use crate::start;

/// A test's name, and the test.
pub type Test<'a> = (&'a str, &'a dyn Fn());

/// Does what the command line asks for, and ends this process: with status 0, with 101 if a
/// test has failed, or with 2 if it does not know an option.
pub fn run(tests: &[Test]) -> ! {
    start::with_defaults();
    // What a test says that cannot do its work here is one line.
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if not_here::reason(panic.payload()).is_none() {
            default(panic);
        }
    }));
    let request = Request::read(std::env::args_os().skip(1)).unwrap_or_else(|why| {
        eprintln!("error: {why}; available: {OPTIONS}");
        exit(2)
    });
    let passed = request.carry_out(tests, &mut stdout()).expect("standard output can be written");
    exit(if passed { 0 } else { 101 })
}

const OPTIONS: &str = "--list, --exact, --skip NAME, --ignored, --include-ignored, \
     --format pretty|terse, --quiet, --color auto|always|never, --nocapture, --show-output, \
     --test-threads N";

/// What a command line asks for.
#[derive(Debug, Default, PartialEq)]
struct Request {
    /// Without any, all tests are wanted.
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    /// None of these tests is an ignored one.
    only_ignored: bool,
    list: bool,
    terse: bool,
}

impl Request {
    fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut request = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Value(filter) => request.filters.push(filter.string()?),
                Long("skip") => request.skip.push(parser.value()?.string()?),
                Long("exact") => request.exact = true,
                Long("ignored") => request.only_ignored = true,
                Long("list") => request.list = true,
                Short('q') | Long("quiet") => request.terse = true,
                Long("format") => request.terse = one_of(&mut parser, &["pretty", "terse"])? == 1,
                // No colours are used, nothing is captured or ignored, and there is one thread.
                Long("color") => _ = one_of(&mut parser, &["auto", "always", "never"])?,
                Long("test-threads") => _ = parser.value()?.parse::<std::num::NonZeroU32>()?,
                Long("nocapture" | "no-capture" | "show-output" | "include-ignored") => {}
                other => return Err(other.unexpected()),
            }
        }
        Ok(request)
    }

    fn wants(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            if self.exact { name == pattern } else { name.contains(pattern.as_str()) }
        };
        !self.only_ignored
            && (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
    }

    /// Lists or runs the tests; false if one has failed.
    fn carry_out(&self, tests: &[Test], out: &mut impl Write) -> io::Result<bool> {
        let wanted: Vec<_> = tests.iter().filter(|(name, _)| self.wants(name)).collect();
        if self.list {
            for (name, _) in &wanted {
                writeln!(out, "{name}: test")?;
            }
            if !self.terse {
                writeln!(out, "\n{}, 0 benchmarks", count(wanted.len()))?;
            }
            return Ok(true);
        }
        writeln!(out, "\nrunning {}", count(wanted.len()))?;
        let (mut failed, mut ignored) = (Vec::new(), 0);
        for (name, test) in &wanted {
            let (letter, word) = match not_here::outcome(test) {
                Outcome::Passed => ('.', "ok".to_owned()),
                Outcome::NotHere(why) => {
                    ignored += 1;
                    ('i', format!("ignored, {why}"))
                }
                Outcome::Failed(_) => {
                    failed.push(name);
                    ('F', "FAILED".to_owned())
                }
            };
            if self.terse {
                write!(out, "{letter}")?;
                out.flush()?;
            } else {
                writeln!(out, "test {name} ... {word}")?;
            }
        }
        if !failed.is_empty() {
            writeln!(out, "\nfailures:")?;
            failed.iter().try_for_each(|name| writeln!(out, "    {name}"))?;
        }
        writeln!(
            out,
            "\ntest result: {}. {} passed; {} failed; {ignored} ignored; 0 measured; {} filtered out\n",
            if failed.is_empty() { "ok" } else { "FAILED" },
            wanted.len() - failed.len() - ignored,
            failed.len(),
            tests.len() - wanted.len(),
        )?;
        Ok(failed.is_empty())
    }
}

/// Which of these words is the option's value.
fn one_of(parser: &mut lexopt::Parser, words: &[&str]) -> Result<usize, lexopt::Error> {
    let value = parser.value()?.string()?;
    let found = words.iter().position(|word| *word == value);
    found.ok_or_else(|| format!("'{value}' is not one of {}", words.join(", ")).into())
}

fn count(tests: usize) -> String {
    format!("{tests} test{}", if tests == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What a command line does with three tests, one of which fails: the output, which of
    /// them were run, and whether all is well.
    fn run(line: &str) -> (String, Vec<&'static str>, bool) {
        let ran = RefCell::new(Vec::new());
        let first = || ran.borrow_mut().push("first");
        let second = || ran.borrow_mut().push("second");
        let second_fails = || {
            ran.borrow_mut().push("second_fails");
            panic!("as it is to");
        };
        let tests: [Test; 3] =
            [("first", &first), ("second", &second), ("second_fails", &second_fails)];
        let request = Request::read(line.split_whitespace().map(OsString::from)).unwrap();
        let mut out = Vec::new();
        let passed = request.carry_out(&tests, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), ran.into_inner(), passed)
    }

    #[test]
    fn it_runs_what_is_asked_for() {
        for (line, wanted) in [
            ("", &["first", "second", "second_fails"][..]),
            ("second", &["second", "second_fails"]),
            ("--exact second", &["second"]),
            ("second --exact --nocapture", &["second"]),
            ("first fails", &["first", "second_fails"]),
            ("--skip second", &["first"]),
            ("--exact --skip second", &["first", "second_fails"]),
            ("--test-threads 1 --color=never --format=pretty --show-output fi", &["first"]),
            ("--test-threads=2 --include-ignored -q first", &["first"]),
            ("--ignored", &[]),
            ("third", &[]),
        ] {
            let (out, ran, passed) = run(line);
            assert_eq!(ran, wanted, "{line}");
            assert_eq!(passed, !wanted.contains(&"second_fails"), "{line}");
            assert!(out.contains(&format!("; {} filtered out", 3 - wanted.len())), "{line}: {out}");
        }
    }

    #[test]
    fn it_reports_as_the_usual_harness() {
        let result = "1 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out\n\n";
        assert_eq!(
            run("second").0,
            format!(
                "\nrunning 2 tests\ntest second ... ok\ntest second_fails ... FAILED\n\n\
                 failures:\n    second_fails\n\ntest result: FAILED. {result}"
            )
        );
        assert!(run("second --quiet").0.starts_with("\nrunning 2 tests\n.F\nfailures:\n"));
        assert!(
            run("first").0.starts_with("\nrunning 1 test\ntest first ... ok\n\ntest result: ok.")
        );
    }

    #[test]
    fn a_list_runs_nothing() {
        let (out, ran, passed) = run("--list --format terse");
        assert_eq!(out, "first: test\nsecond: test\nsecond_fails: test\n");
        assert!(ran.is_empty() && passed);
        assert_eq!(run("--list --format terse --ignored").0, "");
        assert_eq!(run("--list first").0, "first: test\n\n1 test, 0 benchmarks\n");
    }

    #[test]
    fn what_it_does_not_know_is_an_error() {
        for (line, error) in [
            ("--shuffle", "invalid option '--shuffle'"),
            ("--skip", "missing argument for option '--skip'"),
            ("--test-threads", "missing argument for option '--test-threads'"),
            ("--test-threads 0", "cannot parse argument \"0\""),
            ("--format json", "'json' is not one of pretty, terse"),
            ("--color=red", "'red' is not one of auto, always, never"),
            ("--list=1", "unexpected argument for option '--list'"),
        ] {
            let why = Request::read(line.split_whitespace().map(OsString::from)).unwrap_err();
            assert!(why.to_string().contains(error), "{line}: {why}");
        }
    }
}
