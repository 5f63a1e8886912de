//! Runs lessons in order and verifies each against its chapter and its tests:
//! what `check` and `check-all` have in common.

mod command_line;
mod findings;
mod lesson_tests;
mod page;
mod parallel;
mod transcript;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use xtask::transcript::page::Page;

use crate::commands::list;
use crate::workspace::Workspace;
use findings::{Finding, Kind, Section, Verdict};
use page::Checker;

/// The pages that belong to no lesson. The first shows what `check-all` prints.
const PAGES: [&str; 2] = ["README.md", "docs/README.md"];

/// The switches of both commands.
pub const SWITCHES: &[(&str, &str)] = &[
    ("--bless", "rewrite the outputs on the pages that are not equivalent to the new ones"),
    ("--json", "print the whole result as one JSON document"),
];

/// What the help of both commands ends with.
pub const NOTES: &str = "\
Exit status: 0 if all held, 1 if something failed, 2 if the command line is wrong.
";

/// What to verify, and how.
pub struct Options {
    /// The lessons, in order.
    pub lessons: Vec<String>,
    /// Whether to check the pages that belong to no lesson too.
    pub pages: bool,
    /// Whether to rewrite transcripts that are not equivalent.
    pub bless: bool,
    /// Whether to print the result as JSON.
    pub json: bool,
}

/// Checks, prints as it goes, and returns the exit status: 0 if all held, 1 if
/// something failed.
///
/// # Errors
/// If the lessons do not build, or the reader interrupts it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let start = Instant::now();
    let built = workspace.build()?;
    let building = start.elapsed();

    let live = ProgressBar::new_spinner();
    live.set_style(ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}")?);
    live.enable_steady_tick(Duration::from_millis(100));
    let checker =
        Checker { root: &workspace.root, built: &built, bless: options.bless, live: &live };
    let sections = check_all(&checker, options, start);
    live.finish_and_clear();
    let sections = sections?;

    let held = sections.iter().all(Section::held);
    if options.json {
        let sections: Vec<_> = sections.iter().map(Section::json).collect();
        let (build, total) = (building.as_secs_f64(), start.elapsed().as_secs_f64());
        let result =
            json!({ "held": held, "sections": sections, "build_seconds": build, "seconds": total });
        print(&[format!("{result:#}")]);
    } else {
        print(&[findings::summary(&sections, start.elapsed())]);
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks the lessons, then the pages, and tells of each when it is done.
fn check_all(checker: &Checker, options: &Options, start: Instant) -> Result<Vec<Section>> {
    let tell = |section: &Section| {
        if !options.json {
            checker.live.suspend(|| print(&section.lines()));
        }
    };
    let mut sections = Vec::new();
    for lesson in &options.lessons {
        checker.live.set_prefix(lesson.clone());
        let section = check_lesson(checker, lesson)?;
        tell(&section);
        sections.push(section);
    }
    if options.pages {
        checker.live.set_prefix("pages");
        let begun = Instant::now();
        let findings =
            PAGES.iter().map(|page| checker.check(page, None, &[])).collect::<Result<Vec<_>>>()?;
        let (name, findings) = ("pages".to_owned(), findings.concat());
        sections.push(Section { name, findings, time: begun.elapsed() });
        own_report(checker, &mut sections, start)?;
        tell(&sections[sections.len() - 1]);
    }
    Ok(sections)
}

/// Runs a lesson's transcripts and its tests: side by side, but when blessing.
fn check_lesson(checker: &Checker, lesson: &str) -> Result<Section> {
    let start = Instant::now();
    let page = format!("docs/{lesson}.md");
    let built = &checker.built[lesson];
    let finding =
        |kind, verdict| Finding { kind, place: page.clone(), what: lesson.to_owned(), verdict };

    let mut findings = Vec::new();
    let demos = list::demos(&built.binary).unwrap_or_else(|why| {
        findings.push(finding(Kind::Demo, Verdict::failed(format!("{why:#}"))));
        Vec::new()
    });
    let demos: Vec<String> = demos.into_iter().map(|(name, _)| name).collect();
    let check_page = || checker.check(&page, Some(lesson), &demos);
    let run_tests = || lesson_tests::run(lesson, checker.root, built, checker.live);
    let (from_page, from_tests) = if checker.bless {
        (check_page(), run_tests())
    } else {
        thread::scope(|scope| {
            let tests = scope.spawn(run_tests);
            (check_page(), tests.join().expect("running tests does not panic"))
        })
    };
    findings.extend(from_page?);
    findings.extend(from_tests?);
    for kind in [Kind::Transcript, Kind::Test] {
        if !findings.iter().any(|finding| finding.kind == kind) {
            findings.push(finding(kind, Verdict::failed("there is none")));
        }
    }
    Ok(Section { name: lesson.to_owned(), findings, time: start.elapsed() })
}

/// Compares what this run prints with what the README says that it prints, and
/// adds that finding to the last section.
fn own_report(checker: &Checker, sections: &mut [Section], started: Instant) -> Result<()> {
    let path = PAGES[0];
    let markdown =
        std::fs::read_to_string(checker.root.join(path)).with_context(|| format!("read {path}"))?;
    // A page that cannot be read is a finding already.
    let Ok(page) = Page::read(&markdown) else { return Ok(()) };
    let Some(transcript) = page.transcripts.iter().find(|transcript| transcript.check.itself)
    else {
        return Ok(());
    };
    let last = sections.len() - 1;
    let place = format!("{path}:{}", transcript.line);
    let what = format!("$ {}", transcript.command);
    sections[last].findings.push(Finding {
        kind: Kind::Transcript,
        place,
        what,
        verdict: Verdict::Held,
    });
    let own = sections[last].findings.len() - 1;

    let report = report(sections, started.elapsed());
    let output: Vec<&str> = report.iter().map(String::as_str).collect();
    let mut compared = transcript::compare(transcript, &output);
    if let Verdict::Failed(_) = compared.verdict {
        let mut findings = sections.iter().flat_map(|section| &section.findings);
        let as_usual = findings.all(|finding| matches!(finding.verdict, Verdict::Held));
        if !as_usual {
            let why = "it is another report when something fails, is blessed or is not checked";
            compared.verdict = Verdict::NotChecked(why.to_owned());
        } else if let Some(new) = compared.bless.filter(|_| checker.bless) {
            compared.verdict = transcript::bless(&checker.root.join(path), transcript, &new)?;
        }
    }
    sections[last].findings[own].verdict = compared.verdict;
    Ok(())
}

/// All that a check prints for a person.
fn report(sections: &[Section], time: Duration) -> Vec<String> {
    let lines = sections.iter().flat_map(Section::lines);
    lines.chain([findings::summary(sections, time)]).collect()
}

fn print(lines: &[String]) {
    lines.iter().for_each(|line| println!("{line}"));
}
