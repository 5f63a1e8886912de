//! Runs the tests of a lesson.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use xtask::supervise::{self, End, Errors, Program};

use crate::findings::{Failure, Finding, Kind, Verdict};
use crate::workspace::{Built, Interrupted};

/// How long the tests in one program may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// Runs the test programs that Cargo built for a lesson, each as `cargo test`
/// would.
///
/// # Errors
/// If the reader interrupts it, or a program cannot be started.
pub fn run(lesson: &str, root: &Path, built: &Built, live: &ProgressBar) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for program in &built.tests {
        let name =
            program.file_name().context("a test's file name")?.to_string_lossy().into_owned();
        live.set_message(format!("tests: {name}"));
        let outcome = supervise::run(
            &std::env::current_exe().context("find the running xtask")?,
            &Program {
                path: program.clone(),
                arguments: ["--color=never".into()].into(),
                directory: root.join("lessons").join(lesson),
                environment: Vec::new(),
                deadline: DEADLINE,
                output_limit: 16 << 20,
                errors: Errors::Merged,
            },
        )
        .with_context(|| format!("the tests in {name}"))?;
        let output = String::from_utf8_lossy(&outcome.output);
        let finding = |what: &str, verdict| {
            let place = format!("lessons/{lesson}");
            Finding { kind: Kind::Test, place, what: what.to_owned(), verdict }
        };
        let before = findings.len();
        for line in output.lines() {
            findings.extend(result(line).map(|(test, verdict)| finding(test, verdict)));
        }
        let failed =
            findings[before..].iter().any(|finding| matches!(finding.verdict, Verdict::Failed(_)));
        let ended = match outcome.end {
            End::Interrupted => return Err(Interrupted.into()),
            End::Exited(0) => None,
            End::Exited(_) if failed => None,
            End::Exited(code) => Some(format!("ended with exit status {code}")),
            End::Killed(signal) => Some(format!("was killed by {signal}")),
            End::DeadlinePassed => {
                Some(format!("had not ended after {} s and was killed", DEADLINE.as_secs()))
            }
            End::Flooded => Some("printed without end and was killed".to_owned()),
        };
        findings.extend(ended.map(|why| finding(&name, Verdict::failed(why))));
        if let Some(stray) = outcome.left_behind.first() {
            let why = format!("left process {} ({}) running; it was killed", stray.pid, stray.name);
            findings.push(finding(&name, Verdict::failed(why)));
        }
        if let Some(first_failed) =
            findings[before..].iter_mut().find_map(|finding| match &mut finding.verdict {
                Verdict::Failed(failure) => Some(failure),
                _ => None,
            })
        {
            *first_failed = Failure {
                why: std::mem::take(&mut first_failed.why),
                details: output
                    .lines()
                    .skip_while(|line| *line != "failures:")
                    .map(str::to_owned)
                    .collect(),
                again: Some(format!("cargo test --package lesson-{lesson}")),
            };
        }
    }
    Ok(findings)
}

/// The test and how it came out, if the line tells it: `test NAME ... ok`.
fn result(line: &str) -> Option<(&str, Verdict)> {
    let (test, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
    match result {
        "ok" => Some((test, Verdict::Held)),
        "FAILED" => Some((test, Verdict::failed("failed"))),
        result => {
            let ignored = result.strip_prefix("ignored")?.trim_start_matches([',', ' ']);
            Some((test, Verdict::NotChecked(format!("ignored {ignored}").trim_end().to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_tests_are_read() {
        let verdict = |line| result(line).map(|(test, verdict)| format!("{test} {verdict:?}"));
        assert_eq!(verdict("test a::b ... ok").unwrap(), "a::b Held");
        assert!(verdict("test a::b ... FAILED").unwrap().starts_with("a::b Failed"));
        assert_eq!(verdict("test a ... ignored, slow").unwrap(), "a NotChecked(\"ignored slow\")");
        assert!(verdict("test result: ok. 1 passed; 0 failed").is_none());
        assert!(verdict("running 1 test").is_none());
    }
}
