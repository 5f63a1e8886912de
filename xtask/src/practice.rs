//! The exercises: programs that are wrong or not complete, and their judges.
//!
//! An exercise is a folder, `lessons/NN-name/exercises/NAME/`: `task.md` is what the reader reads,
//! `start.rs` what they begin with, `right/` has programs that are right (`solution.rs` is
//! the one to show), `cheats/` programs that only look right, and `judge.rs` the judge, which is a
//! part of xtask. Where every order is tried, `orders.rs` says what has to hold.

mod build;
mod feed;
pub mod interleave;
mod orders;
mod progress;
mod record;
mod signals;
mod text;
mod trial;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use common::options::UsageError;
use common::proc::OWN_PROGRAM;

use crate::package;
use crate::workspace::{NotBuilt, OWN, Workspace};

pub use feed::{Step, file_in_memory};
pub use progress::Progress;
pub use record::{JobRun, Record};
pub use signals::Signals;
pub use text::{Language, Text};
pub use trial::{Fault, NotHere, Ran, Trial};

/// A task, and who judges what becomes of it.
pub struct Exercise {
    /// The lesson that it belongs to.
    pub lesson: &'static str,
    /// Its name, which is also that of the reader's program, and of its folder.
    pub name: &'static str,
    /// Who judges it.
    pub judge: Judge,
    /// What is in its folder, besides the solution, and what the judge says of it: a part of its
    /// fault's first line, or nothing if it is right.
    pub verdicts: &'static [(&'static str, &'static str)],
}

/// How a program is judged.
pub enum Judge {
    /// By what the kernel sees it do, and by what it prints. Returns a [`Fault`] if it is wrong.
    Record(fn(&Trial) -> Result<()>),
    /// By every order in which its threads can take their steps.
    Orders,
}

#[path = "../../lessons/01-multitask/exercises/judges.rs"]
mod lesson_01;
#[path = "../../lessons/02-fork/exercises/judges.rs"]
mod lesson_02;
#[path = "../../lessons/03-ipc/exercises/judges.rs"]
mod lesson_03;
#[path = "../../lessons/04-pool/exercises/judges.rs"]
mod lesson_04;
#[path = "../../lessons/05-threading/exercises/judges.rs"]
mod lesson_05;
#[path = "../../lessons/06-lock/exercises/judges.rs"]
mod lesson_06;

/// The exercises of each lesson.
const LESSONS: &[&[Exercise]] = &[
    lesson_01::EXERCISES,
    lesson_02::EXERCISES,
    lesson_03::EXERCISES,
    lesson_04::EXERCISES,
    lesson_05::EXERCISES,
    lesson_06::EXERCISES,
];

/// All exercises, in the order in which they are to be done.
pub fn all() -> impl DoubleEndedIterator<Item = &'static Exercise> + Clone {
    LESSONS.iter().copied().flatten()
}

/// The files on which all judges of these exercises depend.
///
/// # Errors
/// If a folder cannot be read.
pub fn judges(root: &Path, exercises: &[&Exercise]) -> Result<Vec<PathBuf>> {
    let mut files = vec![OWN_PROGRAM.into(), root.join("Cargo.toml"), root.join("Cargo.lock")];
    if exercises.iter().any(|exercise| matches!(exercise.judge, Judge::Orders)) {
        orders::sources(root, &mut files)?;
    }
    Ok(files)
}

/// A program compiles by itself, but not with its judge. Cargo has said why.
#[derive(Debug)]
pub struct NotForJudge;

impl fmt::Display for NotForJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it compiles by itself, but not with its judge (above): keep the names and signatures, \
             and do without statics, unsafe code, LazyLock and AtomicPtr",
        )
    }
}

impl std::error::Error for NotForJudge {}

impl Exercise {
    /// The one with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn of(name: &str) -> Result<&'static Exercise, UsageError> {
        all().find(|exercise| exercise.name == name).ok_or_else(|| {
            let names = all().map(|exercise| exercise.name);
            UsageError::unknown(&format!("exercise '{name}'"), names)
        })
    }

    /// Judges a program. If it is right, returns what was tried, where there is something to say.
    ///
    /// # Errors
    /// A [`Fault`] says what is wrong with it.
    pub fn judge(&self, trial: &Trial) -> Result<String> {
        match self.judge {
            Judge::Record(judge) => judge(trial).map(|()| String::new()),
            Judge::Orders => orders::judge(self.name, trial),
        }
    }

    /// Builds the reader's program for its judge.
    ///
    /// # Errors
    /// [`NotBuilt`] if it does not compile; [`NotForJudge`] if it compiles only by itself.
    pub fn trial(&self, workspace: &Workspace) -> Result<Trial> {
        let folder = workspace.root.join(OWN).join(self.name);
        // As the reader builds it, so that Cargo's messages are about their program.
        let program = workspace.build_own(self.name)?;
        match self.judge {
            Judge::Record(_) => Ok(Trial { program, variant: None, folder }),
            Judge::Orders => {
                let file = folder.join("src/main.rs");
                let yours = || "yours".to_owned();
                let program = build::programs(workspace, self, "yours", &[(yours(), file)]);
                let program = program.map_err(|error| {
                    if error.is::<NotBuilt>() { NotForJudge.into() } else { error }
                })?;
                Ok(Trial { program, variant: Some(yours()), folder })
            }
        }
    }

    /// Runs a program in one order, and returns what to show of it.
    ///
    /// # Errors
    /// A [`UsageError`] if its orders are not tried; a [`Fault`] if its threads cannot take their
    /// steps in this order.
    pub fn replay(&self, trial: &Trial, order: &str) -> Result<Vec<String>> {
        match self.judge {
            Judge::Orders => orders::replay(trial, order),
            Judge::Record(_) => {
                let why = format!("--replay: {} is not judged by the orders of steps", self.name);
                Err(UsageError(why).into())
            }
        }
    }

    /// Builds all programs of its folder as one.
    ///
    /// # Errors
    /// If they do not compile.
    pub fn build_all(&self, workspace: &Workspace, names: &[String]) -> Result<PathBuf> {
        let folder = workspace.root.join(self.folder());
        let file = |name: &String| (name.clone(), folder.join(name).with_extension("rs"));
        build::programs(workspace, self, "all", &names.iter().map(file).collect::<Vec<_>>())
    }

    /// The files of its own that decide what its judge says of these programs.
    pub fn files(&self, root: &Path, names: &[String]) -> Vec<PathBuf> {
        let folder = root.join(self.folder());
        let mut files: Vec<PathBuf> =
            names.iter().map(|name| folder.join(name).with_extension("rs")).collect();
        if let Judge::Orders = self.judge {
            files.push(folder.join("orders.rs"));
        }
        files
    }

    /// What its programs use: what its lesson does, without the course's own packages, as a program
    /// of the reader's own would. Where every order is tried, they use only std: the locks of others
    /// are not seen.
    ///
    /// # Errors
    /// If a manifest cannot be read.
    pub fn dependencies(&self, root: &Path) -> Result<Vec<String>> {
        if let Judge::Orders = self.judge {
            return Ok(Vec::new());
        }
        let mut dependencies = package::of_lesson(&root.join("lessons").join(self.lesson))?;
        let manifest = package::read(&root.join("Cargo.toml"))?;
        dependencies.retain(|it| !manifest.contains(&format!("\n{it} = {{ path")));
        Ok(dependencies)
    }

    /// Its folder, from the root of the workspace.
    pub fn folder(&self) -> String {
        format!("lessons/{}/exercises/{}", self.lesson, self.name)
    }
}
