//! The exercises: programs that are wrong or not complete, and their judges.
//!
//! An exercise is a folder, `lessons/NN-name/exercises/NAME/`: `task.md` is what the reader reads,
//! `start.rs` what they begin with, `right/` has programs that are right (`solution.rs` is
//! the one to show), `cheats/` programs that only look right, and `judge.rs` the judge, which is a part of
//! xtask. `exercises/main.rs` makes one program of all of a lesson's.

mod progress;
mod record;
mod text;
mod trial;

use anyhow::Result;
use common::options::UsageError;

pub use progress::Progress;
pub use record::Record;
pub use text::Text;
pub use trial::{Fault, Trial};

/// A task, and who judges what becomes of it.
pub struct Exercise {
    /// The lesson that it belongs to.
    pub lesson: &'static str,
    /// Its name, which is also that of the reader's program, and of its folder.
    pub name: &'static str,
    /// Runs a program. A [`Fault`] says what is wrong with it.
    pub judge: fn(&Trial) -> Result<()>,
    /// What is in its folder, besides the solution, and what the judge says of it: a part of its
    /// fault's first line, or nothing if it is right.
    pub verdicts: &'static [(&'static str, &'static str)],
}

#[path = "../../lessons/02-fork/exercises/judges.rs"]
mod lesson_02;

/// The exercises of each lesson.
const LESSONS: &[&[Exercise]] = &[lesson_02::EXERCISES];

/// All exercises, in the order in which they are to be done.
pub fn all() -> impl DoubleEndedIterator<Item = &'static Exercise> + Clone {
    LESSONS.iter().copied().flatten()
}

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

    /// Its folder, from the root of the workspace.
    pub fn folder(&self) -> String {
        format!("lessons/{}/exercises/{}", self.lesson, self.name)
    }
}
