//! What a check will do: which commands and test programs it runs, and for whom.

use std::sync::Arc;

use anyhow::Result;
use common::options::UsageError;

use super::book::{Book, README};
use super::command_line::CommandLine;
use super::findings::{Finding, Kind, Section, Verdict};
use super::kept::Surroundings;
use super::page::{self, Entry};
use super::{Request, exercise, exercises_page, test_program, transcript};
use crate::practice;
use crate::workspace::{Lesson, Workspace};

/// What is to be run, and what was found without running anything.
pub struct Plan<'a> {
    /// The course.
    pub workspace: &'a Workspace,
    /// A section for each lesson, in order, and one for the other pages.
    pub sections: Vec<Section>,
    /// In the order of the sections.
    pub jobs: Vec<Job<'a>>,
    built: &'a [Lesson],
    bless: bool,
    again: bool,
}

/// What a job does; the arguments are how many times slower than usual, and what it found the last
/// time, if it runs again.
type Run<'a> = dyn Fn(f64, &[Finding]) -> Result<Vec<Finding>> + Send + Sync + 'a;

/// A transcript or a test program that is to be run.
pub struct Job<'a> {
    /// The section that it belongs to.
    pub section: usize,
    /// What the reader sees of it.
    pub name: String,
    /// Runs it. An error ends the check: the reader interrupted it, or a page cannot be rewritten.
    pub run: Box<Run<'a>>,
}

impl<'a> Plan<'a> {
    /// Plans what was asked for.
    ///
    /// # Errors
    /// A [`UsageError`], if the lesson has no such demo; if a page cannot be rewritten.
    pub fn new(
        workspace: &'a Workspace,
        book: &'a Book,
        built: &'a [Lesson],
        request: &Request,
    ) -> Result<Self> {
        let (sections, jobs) = (Vec::new(), Vec::new());
        let Request { bless, again, .. } = *request;
        let mut plan = Plan { workspace, sections, jobs, built, bless, again };
        for lesson in built.iter().filter(|lesson| request.lessons.contains(&lesson.name)) {
            let required: &[Kind] = match request.demo {
                Some(_) => &[Kind::Transcript],
                None => &[Kind::Transcript, Kind::Test],
            };
            let readme = format!("{}/README.md", lesson.chapter());
            plan.sections.push(Section::new(&lesson.name, &readme, required));
            match &request.demo {
                Some(demo) => plan.add_demo(book, lesson, demo)?,
                None => plan.add_lesson(book, lesson)?,
            }
        }
        if request.pages {
            plan.sections.push(Section::new("pages", README, &[]));
            let chapters: Vec<_> = built.iter().map(Lesson::chapter).collect();
            plan.find(book.other_faults(&chapters));
            for entry in book.others(&chapters) {
                // Outside the chapters a page need not say how long it takes.
                if entry.header.time.is_some() {
                    plan.find(book.check(&plan.workspace.root, entry, plan.bless)?);
                }
                plan.add_page(entry);
            }
        }
        Ok(plan)
    }

    fn add_lesson(&mut self, book: &'a Book, lesson: &'a Lesson) -> Result<()> {
        let workspace = self.workspace;
        let surroundings = Arc::new(Surroundings::of(&self.workspace.root, lesson)?);
        for program in &lesson.tests {
            let name = test_program::name(program);
            let (root, again, surroundings) =
                (&self.workspace.root, self.again, Arc::clone(&surroundings));
            let run = move |_: f64, _: &[Finding]| {
                test_program::check(root, lesson, program, &surroundings, again)
            };
            self.add(format!("tests of {}: {name}", lesson.name), run);
        }
        let exercises: Vec<_> = practice::all().filter(|it| it.lesson == lesson.name).collect();
        self.find(exercises_page::check(workspace, lesson, &exercises, self.bless)?);
        let chapter = lesson.chapter();
        let failed = |kind, why: anyhow::Error| Finding {
            kind,
            place: chapter.clone(),
            what: lesson.name.clone(),
            verdict: Verdict::failed(format!("{why:#}")),
        };
        // What they all depend on is the same for all.
        let judges = practice::judges(&workspace.root, &exercises);
        match judges.and_then(|files| surroundings.with(&files)) {
            Ok(surroundings) => {
                let surroundings = Arc::new(surroundings);
                for exercise in exercises {
                    let (again, surroundings) = (self.again, Arc::clone(&surroundings));
                    let run = move |_: f64, last: &[Finding]| {
                        exercise::check(workspace, exercise, &surroundings, again, last)
                    };
                    self.add(format!("exercise of {}: {}", lesson.name, exercise.name), run);
                }
            }
            Err(why) => self.find(vec![failed(Kind::Judgement, why)]),
        }
        match lesson.demos() {
            Ok(demos) => {
                let names = demos.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
                self.find(page::demos(book.chapter(&chapter), lesson, &names));
            }
            Err(why) => self.find(vec![failed(Kind::Demo, why)]),
        }
        self.find(book.faults(&chapter));
        for entry in book.chapter(&chapter) {
            self.find(book.check(&self.workspace.root, entry, self.bless)?);
            self.add_page(entry);
        }
        Ok(())
    }

    /// Only the transcripts of one demo.
    fn add_demo(&mut self, book: &'a Book, lesson: &Lesson, demo: &str) -> Result<()> {
        let demos: Vec<String> = lesson.demos()?.into_iter().map(|(name, _)| name).collect();
        if !demos.iter().any(|name| name == demo) {
            let what = format!("demo '{demo}' in {}", lesson.name);
            return Err(UsageError::unknown(&what, demos.iter().map(String::as_str)).into());
        }
        for entry in book.chapter(&lesson.chapter()) {
            self.add_transcripts(entry, |command| {
                command.lesson() == Some(&lesson.name)
                    && command.demo(&demos).is_some_and(|name| name == demo)
            });
        }
        Ok(())
    }

    fn add_page(&mut self, entry: &'a Entry) {
        self.find(page::check(&self.workspace.root, &entry.path, &entry.page));
        self.add_transcripts(entry, |_| true);
    }

    fn add_transcripts(&mut self, entry: &'a Entry, wanted: impl Fn(&CommandLine) -> bool) {
        let (root, path, built, bless) =
            (&self.workspace.root, &entry.path, self.built, self.bless);
        for (ordinal, transcript) in entry.page.transcripts.iter().enumerate() {
            let command = CommandLine::read(&transcript.command);
            // A command that is not understood is a finding when it is run.
            if transcript.check.itself || !command.as_ref().map_or(true, &wanted) {
                continue;
            }
            self.add(format!("$ {}", transcript.command), move |slower, _: &[Finding]| {
                let place = transcript::Place { root, path, ordinal };
                let finding = transcript::check(&place, transcript, built, slower, bless)?;
                Ok(vec![finding])
            });
        }
    }

    fn add(
        &mut self,
        name: String,
        run: impl Fn(f64, &[Finding]) -> Result<Vec<Finding>> + Send + Sync + 'a,
    ) {
        self.jobs.push(Job { section: self.sections.len() - 1, name, run: Box::new(run) });
    }

    /// Adds to the section that is being planned what was found without running anything.
    fn find(&mut self, findings: Vec<Finding>) {
        self.sections.last_mut().expect("a section").findings.extend(findings);
    }
}
