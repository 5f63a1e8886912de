//! What a check will do: which commands and test programs it runs, and for whom.

use std::path::Path;

use anyhow::{Context, Result};
use common::options::UsageError;
use xtask::transcript::page::Page;

use super::command_line::CommandLine;
use super::findings::{Finding, Kind, Section, Verdict};
use super::{Request, page, test_program, transcript};
use crate::workspace::{Lesson, Workspace};

/// The page that shows what `check-all` prints.
pub const README: &str = "README.md";

/// What is to be run, and what was found without running anything.
pub struct Plan<'a> {
    /// The folder of the workspace.
    pub root: &'a Path,
    /// A section for each lesson, in order, and one for the other pages.
    pub sections: Vec<Section>,
    /// In the order of the sections.
    pub jobs: Vec<Job<'a>>,
    built: &'a [Lesson],
    bless: bool,
}

/// A transcript or a test program that is to be run.
pub struct Job<'a> {
    /// The section that it belongs to.
    pub section: usize,
    /// What the reader sees of it.
    pub name: String,
    /// Runs it; the argument is how many times slower than usual. An error ends the check: the
    /// reader interrupted it, or a page cannot be rewritten.
    pub run: Box<dyn Fn(f64) -> Result<Vec<Finding>> + Send + Sync + 'a>,
}

impl<'a> Plan<'a> {
    /// Plans what was asked for.
    ///
    /// # Errors
    /// A [`UsageError`], if the lesson has no such demo.
    pub fn new(workspace: &'a Workspace, built: &'a [Lesson], request: &Request) -> Result<Self> {
        let (sections, jobs) = (Vec::new(), Vec::new());
        let mut plan = Plan { root: &workspace.root, sections, jobs, built, bless: request.bless };
        for lesson in built.iter().filter(|lesson| request.lessons.contains(&lesson.name)) {
            let required: &[Kind] = match request.demo {
                Some(_) => &[Kind::Transcript],
                None => &[Kind::Transcript, Kind::Test],
            };
            plan.sections.push(Section::new(&lesson.name, &lesson.page(), required));
            match &request.demo {
                Some(demo) => plan.add_demo(lesson, demo)?,
                None => plan.add_lesson(lesson),
            }
        }
        if request.pages {
            plan.sections.push(Section::new("pages", README, &[]));
            for path in other_pages(workspace)? {
                let Some(page) = plan.read(&path) else { continue };
                plan.find(page::check(plan.root, &path, &page));
                plan.add_transcripts(&path, page, |_| true);
            }
        }
        Ok(plan)
    }

    fn add_lesson(&mut self, lesson: &'a Lesson) {
        for program in &lesson.tests {
            let name = test_program::name(program);
            let root = self.root;
            let run = move |_| test_program::run(root, lesson, program);
            self.add(format!("tests of {}: {name}", lesson.name), run);
        }
        let path = lesson.page();
        let Some(page) = self.read(&path) else { return };
        match lesson.demos() {
            Ok(demos) => {
                let names = demos.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
                self.find(page::demos(&path, &page, lesson, &names));
            }
            Err(why) => {
                let (place, what) = (lesson.page(), lesson.name.clone());
                let verdict = Verdict::failed(format!("{why:#}"));
                self.find(vec![Finding { kind: Kind::Demo, place, what, verdict }]);
            }
        }
        self.find(page::check(self.root, &path, &page));
        self.add_transcripts(&path, page, |_| true);
    }

    /// Only the transcripts of one demo.
    fn add_demo(&mut self, lesson: &Lesson, demo: &str) -> Result<()> {
        let demos: Vec<String> = lesson.demos()?.into_iter().map(|(name, _)| name).collect();
        if !demos.iter().any(|name| name == demo) {
            let what = format!("demo '{demo}' in {}", lesson.name);
            return Err(UsageError::unknown(&what, demos.iter().map(String::as_str)).into());
        }
        let path = lesson.page();
        let Some(page) = self.read(&path) else { return Ok(()) };
        self.add_transcripts(&path, page, |command| {
            command.lesson() == Some(&lesson.name)
                && command.demo(&demos).is_some_and(|name| name == demo)
        });
        Ok(())
    }

    /// The page, unless it cannot be read, which is a finding.
    fn read(&mut self, path: &str) -> Option<Page> {
        match page::read(self.root, path) {
            Ok(page) => Some(page),
            Err(why) => {
                let verdict = Verdict::failed(format!("{why:#}"));
                let (kind, place, what) = (Kind::Link, path.to_owned(), "page".to_owned());
                self.find(vec![Finding { kind, place, what, verdict }]);
                None
            }
        }
    }

    fn add_transcripts(&mut self, path: &str, page: Page, wanted: impl Fn(&CommandLine) -> bool) {
        let (root, built, bless) = (self.root, self.built, self.bless);
        for (ordinal, transcript) in page.transcripts.into_iter().enumerate() {
            let command = CommandLine::read(&transcript.command);
            // A command that is not understood is a finding when it is run.
            if transcript.check.itself || !command.as_ref().map_or(true, &wanted) {
                continue;
            }
            let path = path.to_owned();
            self.add(format!("$ {}", transcript.command), move |slower| {
                let place = transcript::Place { root, path: &path, ordinal };
                let finding = transcript::check(&place, &transcript, built, slower, bless)?;
                Ok(vec![finding])
            });
        }
    }

    fn add(&mut self, name: String, run: impl Fn(f64) -> Result<Vec<Finding>> + Send + Sync + 'a) {
        self.jobs.push(Job { section: self.sections.len() - 1, name, run: Box::new(run) });
    }

    /// Adds to the section that is being planned what was found without running anything.
    fn find(&mut self, findings: Vec<Finding>) {
        self.sections.last_mut().expect("a section").findings.extend(findings);
    }
}

/// The pages that belong to no lesson: the README, and what else is in `docs`.
fn other_pages(workspace: &Workspace) -> Result<Vec<String>> {
    let entries = workspace.root.join("docs").read_dir().context("read docs")?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut pages = names.collect::<std::io::Result<Vec<_>>>().context("read docs")?;
    pages.retain(|name| {
        name.strip_suffix(".md").is_some_and(|name| !workspace.lessons.iter().any(|it| it == name))
    });
    pages.sort();
    let pages = pages.into_iter().map(|name| format!("docs/{name}"));
    Ok(std::iter::once(README.to_owned()).chain(pages).collect())
}
