//! Tries each program of an exercise, and compares what its judge says with what it must say.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::findings::{Failure, Finding, Kind, Verdict};
use super::kept::{Kept, Surroundings};
use crate::practice::{Exercise, Fault, Language, NotHere, Text, Trial};
use crate::workspace::{Interrupted, Workspace};

/// The folders of programs, and how many there must be at least in each.
const FOLDERS: [(&str, usize); 2] = [("right", 2), ("cheats", 3)];

/// Has the judge of an exercise judge all of its programs, if it is to do so `again` or if not all
/// verdicts held before, of the same programs and the same judge. A verdict that held the `last`
/// time in this check is not asked for once more.
///
/// # Errors
/// If the reader interrupts it; if a program cannot be read.
pub fn check(
    workspace: &Workspace,
    exercise: &Exercise,
    surroundings: &Surroundings,
    again: bool,
    last: &[Finding],
) -> Result<Vec<Finding>> {
    let root = &workspace.root;
    let finding = |what: &str, verdict| Finding {
        kind: Kind::Judgement,
        place: exercise.folder(),
        what: what.to_owned(),
        verdict,
    };
    let mut names = match programs(root, exercise) {
        Ok(names) => names,
        Err(why) => return Ok(vec![finding(exercise.name, Verdict::failed(format!("{why:#}")))]),
    };
    let mut findings = Vec::new();
    for language in [Language::English, Language::Chinese] {
        if let Err(why) = Text::read(root, exercise, language) {
            findings.push(finding(exercise.name, Verdict::failed(format!("{why:#}"))));
        }
    }
    for (what, why) in faults(&names, exercise) {
        findings.push(finding(&what, Verdict::failed(why)));
    }
    names.push("start".to_owned());

    let kept_in = workspace.target().join("exercises").join(exercise.name).with_extension("held");
    let kept = Kept::of(kept_in, &exercise.files(root, &names), surroundings)?;
    if !again
        && findings.is_empty()
        && let Some(judged) = kept.tests()
    {
        return Ok(judged.iter().map(|what| finding(what, Verdict::HeldBefore)).collect());
    }
    let program = match exercise.build_all(workspace, &names) {
        Ok(program) => program,
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(why) => return Ok(vec![finding(exercise.name, Verdict::failed(format!("{why:#}")))]),
    };
    let solution = ("right/solution", "");
    let held = |name| {
        last.iter().any(|finding| finding.what == name && matches!(finding.verdict, Verdict::Held))
    };
    for (name, expected) in exercise.verdicts.iter().copied().chain([solution]) {
        if held(name) {
            findings.push(finding(name, Verdict::Held));
            continue;
        }
        let trial = Trial {
            program: program.clone(),
            variant: Some(name.to_owned()),
            folder: root.to_owned(),
        };
        findings.push(finding(name, verdict(exercise.judge(&trial), expected)?));
    }
    let all_held = findings.iter().all(|finding| matches!(finding.verdict, Verdict::Held));
    let held = findings.iter().filter(|_| all_held).map(|finding| finding.what.clone());
    kept.set(&held.collect::<Vec<_>>());
    Ok(findings)
}

/// Compares what the judge has said with a part of the fault that it must find, which is empty if
/// the program is right.
fn verdict(judged: Result<String>, expected: &str) -> Result<Verdict> {
    let error = match judged {
        Ok(_) if expected.is_empty() => return Ok(Verdict::Held),
        Ok(_) => return Ok(Verdict::failed("the judge takes it for right")),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) if error.is::<NotHere>() => return Ok(Verdict::NotChecked(error.to_string())),
        Err(error) => error,
    };
    Ok(match error.downcast::<Fault>() {
        Ok(fault) if !expected.is_empty() && fault.what.contains(expected) => Verdict::Held,
        Ok(Fault { what, details }) => {
            let why = match expected {
                "" => format!("it is right, and the judge says: {what}"),
                expected => format!("the judge says: {what}; and not: {expected}"),
            };
            Verdict::Failed(Failure { why, details, ..Failure::default() })
        }
        Err(error) => Verdict::failed(format!("{error:#}")),
    })
}

/// The programs that are there, besides the start: `right/solution`.
fn programs(root: &Path, exercise: &Exercise) -> Result<Vec<String>> {
    let mut programs = Vec::new();
    for (folder, _) in FOLDERS {
        let path = root.join(exercise.folder()).join(folder);
        let entries = fs::read_dir(&path).with_context(|| format!("read {}", path.display()))?;
        for entry in entries {
            let file = entry.with_context(|| format!("read {}", path.display()))?.path();
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            programs.push(format!("{folder}/{name}"));
        }
    }
    Ok(programs)
}

/// What is missing or nobody judges: its name, and why.
fn faults(programs: &[String], exercise: &Exercise) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let judged: Vec<&str> = exercise.verdicts.iter().map(|(name, _)| *name).collect();
    for name in programs {
        if name != "right/solution" && !judged.contains(&name.as_str()) {
            faults.push((name.clone(), "the judge has no verdict for it".to_owned()));
        }
    }
    for (folder, least) in FOLDERS {
        let count = programs.iter().filter(|name| name.starts_with(folder)).count();
        if count < least {
            let why = format!("{folder}/ has {count} programs, and needs {least}");
            faults.push((exercise.name.to_owned(), why));
        }
    }
    let start = exercise.verdicts.iter().find(|(name, _)| *name == "start");
    if start.is_none_or(|(_, verdict)| verdict.is_empty()) {
        let why = "the judge must find a fault with it".to_owned();
        faults.push(("start".to_owned(), why));
    }
    faults
}
