//! How far the reader is: a small text file, a line an exercise.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::replace::replace;
use crate::workspace::OWN;

/// What is known of the reader's way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Where they were last.
    pub at: String,
    /// What was done of each exercise.
    pub exercises: BTreeMap<String, Done>,
}

/// What was done of an exercise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Whether a program was right once.
    pub passed: bool,
    /// How many hints were asked for.
    pub hints: usize,
}

impl Progress {
    fn file(root: &Path) -> PathBuf {
        root.join(OWN).join("progress.txt")
    }

    /// Reads it; nothing is done where there is no file. A line that is not understood is passed
    /// over: the reader may have changed it.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn read(root: &Path) -> Result<Progress> {
        let file = Progress::file(root);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Progress::parse(&text)),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(Progress::default()),
            Err(why) => Err(why).with_context(|| format!("read {}", file.display())),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, root: &Path) -> Result<()> {
        let file = Progress::file(root);
        let write =
            || fs::create_dir_all(root.join(OWN)).and_then(|()| replace(&file, &self.text()));
        write().with_context(|| format!("write {}", file.display()))
    }

    fn parse(text: &str) -> Progress {
        let mut progress = Progress::default();
        for line in text.lines() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["at", name] => name.clone_into(&mut progress.at),
                ["passed", name] => progress.of(name).passed = true,
                ["hints", name, count] => {
                    progress.of(name).hints = count.parse().unwrap_or_default();
                }
                _ => {}
            }
        }
        progress
    }

    fn text(&self) -> String {
        let mut text = "# What `cargo xtask learn` remembers.\n".to_owned();
        if !self.at.is_empty() {
            text += &format!("at {}\n", self.at);
        }
        for (name, done) in &self.exercises {
            if done.hints > 0 {
                text += &format!("hints {name} {}\n", done.hints);
            }
            if done.passed {
                text += &format!("passed {name}\n");
            }
        }
        text
    }

    /// What was done of an exercise; may be changed.
    pub fn of(&mut self, exercise: &str) -> &mut Done {
        self.exercises.entry(exercise.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut progress = Progress { at: "b".into(), ..Progress::default() };
        *progress.of("a") = Done { passed: true, hints: 2 };
        *progress.of("b") = Done { passed: false, hints: 1 };
        assert_eq!(Progress::parse(&progress.text()), progress);
        let changed = progress.text().replace("hints a 2", "hints a two").replace("at b", "at");
        let read = Progress::parse(&changed);
        assert_eq!((read.exercises["a"].passed, read.exercises["a"].hints), (true, 0));
        assert_eq!(read.at, "");
    }
}
