//! Runs a test program of a lesson and reads its results, unless they are known.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use supervise::{End, Errors, NoAnswer, Program};

use super::findings::{Failure, Finding, Kind, Verdict};
use super::kept::{Kept, Surroundings};
use super::refused;
use crate::python;
use crate::workspace::{Interrupted, Lesson};

/// How long the tests in one program may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// The name of a test program: without what Cargo appends to it, as in
/// `nice-0123456789abcdef`.
pub fn name(program: &Path) -> String {
    let file = program.file_name().unwrap_or_default().to_string_lossy();
    file.rsplit_once('-').map_or(&*file, |(name, _)| name).to_owned()
}

/// Runs a test program of a lesson, if it is to run `again` or if not all of its tests held
/// before, of the same programs.
///
/// # Errors
/// If the reader interrupts it; if a program cannot be read.
pub fn check(
    root: &Path,
    lesson: &Lesson,
    program: &Path,
    surroundings: &Surroundings,
    again: bool,
) -> Result<Vec<Finding>> {
    let kept_in = program.with_extension("held");
    let kept = Kept::of(kept_in, &[program.to_owned()], surroundings)?;
    if !again && let Some(tests) = kept.tests() {
        let place = lesson.folder();
        let held = |what| {
            let (place, verdict) = (place.clone(), Verdict::HeldBefore);
            Finding { kind: Kind::Test, place, what, verdict }
        };
        return Ok(tests.into_iter().map(held).collect());
    }
    let findings = run(root, lesson, program)?;
    let all_held = findings.iter().all(|finding| matches!(finding.verdict, Verdict::Held));
    let held = findings.iter().filter(|_| all_held).map(|finding| finding.what.clone());
    kept.set(&held.collect::<Vec<_>>());
    Ok(findings)
}

/// Runs a test program of a lesson as `cargo test` would. Where the system refuses a call that
/// the course relies on, a test that fails has not been checked.
fn run(root: &Path, lesson: &Lesson, program: &Path) -> Result<Vec<Finding>> {
    let name = &name(program);
    let finding = |what: &str, verdict| Finding {
        kind: Kind::Test,
        place: lesson.folder(),
        what: what.to_owned(),
        verdict,
    };
    let outcome = supervise::run(&Program {
        path: program.to_owned(),
        arguments: vec!["--color=never".into()],
        directory: root.join(lesson.folder()),
        environment: python::variable(root).into_iter().collect(),
        deadline: DEADLINE,
        output_limit: 16 << 20,
        errors: Errors::Merged,
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let (why, is_late) = (format!("{error:#}"), error.is::<NoAnswer>());
            let verdict = Verdict::Failed(Failure { why, is_late, ..Failure::default() });
            return Ok(vec![finding(name, verdict)]);
        }
    };
    let output = String::from_utf8_lossy(&outcome.output);
    let mut findings: Vec<Finding> = Vec::new();
    for (test, verdict) in output.lines().filter_map(result) {
        // A test that finds that it cannot check something here still passes.
        if !findings.iter().any(|earlier| earlier.what == test) {
            findings.push(finding(test, verdict));
        }
    }

    let some_failed = findings.iter().any(|finding| matches!(finding.verdict, Verdict::Failed(_)));
    match outcome.end {
        End::Interrupted => return Err(Interrupted.into()),
        End::Exited(0) => {}
        End::Exited(_) if some_failed => {}
        End::DeadlinePassed => findings.push(finding(name, late(outcome.end.to_string()))),
        end => findings.push(finding(name, Verdict::failed(end.to_string()))),
    }
    for finding in findings.iter_mut().filter(|finding| finding.what != *name) {
        if let Verdict::Failed(failure) = &finding.verdict
            && let Some(refused) = refused::reason(said_of(&output, &finding.what))
        {
            finding.verdict = Verdict::NotChecked(format!("{}, and {refused}", failure.why));
        }
    }
    if let Some(stray) = outcome.left_behind.first() {
        let why = format!("left process {} ({}) running; it was killed", stray.pid, stray.name);
        findings.push(finding(name, late(why)));
    }
    let target = if *name == lesson.name.replace('-', "_") {
        "--bins".to_owned()
    } else {
        format!("--test {name}")
    };
    let all = format!("cargo test --package {} {target}", lesson.package());
    for finding in &mut findings {
        let Verdict::Failed(failure) = &mut finding.verdict else { continue };
        // Not those of other tests, whose order changes.
        let said = said_of(&output, &finding.what);
        failure.details = said.trim_end().lines().map(str::to_owned).collect();
        let is_one_test = finding.what != *name;
        failure.again = Some(if is_one_test {
            format!("{all} -- --exact {}", finding.what)
        } else {
            all.clone()
        });
    }
    Ok(findings)
}

/// What a test that failed has said, as the harness repeats it at the end.
fn said_of<'a>(output: &'a str, test: &str) -> &'a str {
    let Some((_, said)) = output.split_once(&format!("\n---- {test} stdout ----\n")) else {
        return "";
    };
    let end = said.find("\n---- ").or(said.find("\nfailures:\n")).unwrap_or(said.len());
    &said[..end]
}

/// The failure of a program that ran for too long.
fn late(why: String) -> Verdict {
    Verdict::Failed(Failure { why, is_late: true, ..Failure::default() })
}

/// The test and how it came out, if the line reports one: `test NAME ... ok`.
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

    #[test]
    fn what_a_test_said_does_not_depend_on_when_it_ended() {
        let output = |first: &str, second: &str| {
            let said = |test: &str| format!("---- {test} stdout ----\nthis is {test}\n\n");
            let (one, two) = (said(first), said(second));
            format!("test a ... FAILED\n\nfailures:\n\n{one}{two}\nfailures:\n    a\n    b\n")
        };
        for output in [output("a", "b"), output("b", "a")] {
            assert_eq!(said_of(&output, "a").trim(), "this is a");
            assert_eq!(said_of(&output, "b").trim(), "this is b");
        }
    }
}
