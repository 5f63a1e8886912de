//! Runs lessons and verifies each against its page and its tests: what `check` and
//! `check-all` have in common.

mod book;
mod command_line;
mod exercise;
mod exercises_page;
mod findings;
mod in_order;
mod kept;
mod machine;
mod page;
mod plan;
mod refused;
mod test_program;
mod transcript;
pub mod translation;

use std::panic::resume_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use ::transcript::page::Page;
use anyhow::{Context, Result};
use common::options::Table;
use common::progress::Progress;
use serde_json::json;

use crate::cli::Arguments;
use crate::python;
use crate::workspace::{Lesson, Targets, Workspace};
use book::Book;
use findings::{Finding, Kind, Section, Verdict};
use machine::Machine;
use plan::{Job, Plan};
use translation::Translation;

/// The options of both commands.
pub const OPTIONS: Table = &[
    ("--bless", "rewrite the outputs on the pages that are not equivalent to the new ones"),
    ("--again", "run all tests and judges, those too that held before and have not changed"),
    ("--json", "print the whole result as one JSON document"),
    ("--times", "print at the end what took longest"),
];

/// What the help of both commands ends with.
pub const NOTES: &str = "\
Exit status: 0 if all held, 1 if something failed, 2 if the command line is wrong.
";

/// What to verify, and how.
pub struct Request {
    /// The lessons, in order.
    pub lessons: Vec<String>,
    /// The demo whose transcripts alone are run, if not everything is checked.
    pub demo: Option<String>,
    /// Whether to check the pages that belong to no lesson, too.
    pub pages: bool,
    /// Whether to rewrite transcripts that are not equivalent.
    pub bless: bool,
    /// Whether to run test programs that held before and have not changed.
    pub again: bool,
    /// Whether to print the result as JSON.
    pub json: bool,
    /// Whether to print what took longest.
    pub times: bool,
}

impl Request {
    /// What the options ask for, of no lesson yet.
    pub fn of(arguments: &Arguments) -> Request {
        let has = |option| arguments.options.has(option);
        Request {
            lessons: Vec::new(),
            demo: None,
            pages: false,
            bless: has("--bless"),
            again: has("--again"),
            json: has("--json"),
            times: has("--times"),
        }
    }
}

/// Checks, prints as it goes, and returns the exit status: 0 if all held, 1 if something
/// failed.
///
/// # Errors
/// If the lessons do not build, or the reader interrupts it.
pub fn run(workspace: &Workspace, request: &Request) -> Result<ExitCode> {
    let start = Instant::now();
    let targets = match request.demo {
        Some(_) => Targets::Binary,
        None => Targets::BinaryAndTests,
    };
    // Always all: a page may run other lessons. And for a part of them Cargo would choose
    // other features of what they depend on, and build it once more.
    let (book, built) = thread::scope(|scope| {
        // These take time, too, and are not needed before.
        scope.spawn(|| python::variable(&workspace.root));
        let book = scope.spawn(|| Book::read(&workspace.root));
        let built = workspace.build(&workspace.lessons, targets);
        (joined(book), built)
    });
    let (book, built) = (book?, built?);
    let building = start.elapsed();
    let plan = Plan::new(workspace, &book, &built, request)?;
    let chapters: Vec<_> = if request.pages {
        Vec::new()
    } else {
        let asked = built.iter().filter(|lesson| request.lessons.contains(&lesson.name));
        asked.map(Lesson::chapter).collect()
    };
    let translate = || Translation::check(&workspace.root, &chapters, request.bless);
    let (sections, translation) = thread::scope(|scope| {
        // Blessed outputs have to be on the English pages first.
        let early = (!request.bless).then(|| scope.spawn(translate));
        let sections = carry_out(plan, request, start);
        (sections, early.map_or_else(translate, joined))
    });
    let (mut sections, translation) = (sections?, translation?);
    if !request.json {
        translation.details().iter().for_each(|line| println!("{line}"));
    }
    sections.extend(translation.section());

    let held = sections.iter().all(Section::held);
    if request.json {
        let sections: Vec<_> = sections.iter().map(Section::json).collect();
        let (build, total) = (building.as_secs_f64(), start.elapsed().as_secs_f64());
        let result = json!({
            "held": held, "sections": sections, "translation": translation.json(),
            "build_seconds": build, "seconds": total,
        });
        println!("{result:#}");
    } else {
        println!("{}", findings::summary(&sections, start.elapsed()));
        if let Some(note) = findings::kept(&sections) {
            println!("{note}");
        }
        translation.lines(!request.pages).iter().for_each(|line| println!("{line}"));
        findings::failed_again(&sections).iter().for_each(|line| println!("{line}"));
        if request.times {
            print!("{}", findings::slowest(&sections));
        }
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a thread returns; its panic is passed on.
fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs the jobs of a plan, and prints each section as soon as it is complete.
fn carry_out(plan: Plan, request: &Request, start: Instant) -> Result<Vec<Section>> {
    let Plan { workspace, jobs, sections, .. } = plan;
    let root = &workspace.root;
    let progress = Progress::new();
    let mut report = Report { root, request, start, sections, printed: 0, progress: &progress };
    // What is to be shown on a page had the machine to itself.
    let at_once = if request.bless { 1 } else { in_order::usual() };
    let machine = Machine::new();
    let work = |index: usize, job: &Job| {
        progress.show(&format!("{} of {}: {}", index + 1, jobs.len(), job.name));
        let begun = Instant::now();
        (machine.run(&job.run), begun, begun.elapsed())
    };
    let mut result = Ok(());
    in_order::run(&jobs, at_once, work, |index, (findings, begun, time)| {
        if result.is_ok() {
            let next = jobs.get(index + 1).map_or(report.sections.len(), |next| next.section);
            result = findings.and_then(|findings| {
                report.sections[jobs[index].section].add(&jobs[index].name, findings, begun, time);
                report.print_until(next)
            });
        }
    });
    result?;
    report.print_until(report.sections.len())?;
    Ok(report.sections)
}

/// The sections, printed one after the other.
struct Report<'a> {
    root: &'a Path,
    request: &'a Request,
    start: Instant,
    sections: Vec<Section>,
    printed: usize,
    progress: &'a Progress,
}

impl Report<'_> {
    /// Prints the sections before this one, unless they are printed.
    fn print_until(&mut self, end: usize) -> Result<()> {
        while self.printed < end {
            self.sections[self.printed].complete();
            self.printed += 1;
            if self.request.pages && self.printed == self.sections.len() {
                self.compare_with_readme()?;
            }
            if !self.request.json {
                let lines = self.sections[self.printed - 1].lines();
                self.progress.hide_while(|| lines.iter().for_each(|line| println!("{line}")));
            }
        }
        Ok(())
    }

    /// Compares what this run prints with what the README says that it prints, and adds
    /// that finding to the last section.
    fn compare_with_readme(&mut self) -> Result<()> {
        let path = book::README;
        let markdown = std::fs::read_to_string(self.root.join(path));
        let markdown = markdown.with_context(|| format!("read {path}"))?;
        // A page that cannot be read is a finding already.
        let Ok(page) = Page::read(&markdown) else { return Ok(()) };
        let Some(ordinal) = page.transcripts.iter().position(|it| it.check.itself) else {
            return Ok(());
        };
        let transcript = &page.transcripts[ordinal];
        let last = self.sections.len() - 1;
        let own = self.sections[last].findings.len();
        self.sections[last].findings.push(Finding {
            kind: Kind::Transcript,
            place: format!("{path}:{}", transcript.line),
            what: format!("$ {}", transcript.command),
            verdict: Verdict::Held,
        });

        let mut report: Vec<String> = self.sections.iter().flat_map(Section::lines).collect();
        report.push(findings::summary(&self.sections, self.start.elapsed()));
        let report: Vec<&str> = report.iter().map(String::as_str).collect();
        let mut compared = transcript::compare(transcript, &report, 0);
        if let Verdict::Failed(_) = compared.verdict {
            let mut findings = self.sections.iter().flat_map(|section| &section.findings);
            // What the page only shows is so each time.
            let is_usual = |it: &Finding| {
                matches!(it.verdict, Verdict::Held | Verdict::HeldBefore | Verdict::NotRun(_))
            };
            if !findings.all(is_usual) {
                let why = "the report differs where something failed, was blessed or not checked";
                compared.verdict = Verdict::NotChecked(why.to_owned());
            } else if let Some(new) = compared.bless.filter(|_| self.request.bless) {
                compared.verdict = transcript::bless(&self.root.join(path), ordinal, &new)?;
            }
        }
        self.sections[last].findings[own].verdict = compared.verdict;
        Ok(())
    }
}
