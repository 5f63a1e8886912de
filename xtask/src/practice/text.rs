//! What the reader reads about an exercise.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Exercise;

/// How many hints each exercise has.
const HINTS: usize = 3;

/// The text of an exercise, in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is about, in a line.
    pub title: String,
    /// What to do.
    pub task: String,
    /// From a first hint to one that nearly gives it away.
    pub hints: Vec<String>,
    /// Why the solution is right.
    pub why: String,
}

impl Text {
    /// Reads it from the exercise's folder.
    ///
    /// # Errors
    /// If it is not there, or has other parts than a title, the task, three hints, and why.
    pub fn read(root: &Path, exercise: &Exercise) -> Result<Text> {
        let file = root.join(exercise.folder()).join("task.md");
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("read {}", file.display()))?;
        Text::parse(&text).with_context(|| file.display().to_string())
    }

    fn parse(text: &str) -> Result<Text> {
        let mut parts = text.split("\n## ");
        let first = parts.next().unwrap_or_default();
        let (title, task) = first.split_once('\n').context("no text after the title")?;
        let title = title.strip_prefix("# ").context("no title")?.trim().to_owned();
        let (mut hints, mut why) = (Vec::new(), String::new());
        for part in parts {
            let (heading, text) = part.split_once('\n').context("nothing after a heading")?;
            match heading.trim() {
                "Hint" => hints.push(text.trim().to_owned()),
                "Why" => text.trim().clone_into(&mut why),
                other => anyhow::bail!("a heading '{other}', and not 'Hint' or 'Why'"),
            }
        }
        ensure!(hints.len() == HINTS, "{} hints, and not {HINTS}", hints.len());
        ensure!(!why.is_empty(), "it does not say why");
        Ok(Text { title, task: task.trim().to_owned(), hints, why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_parts() {
        let whole = "# Title\n\nDo it.\n\nTwice.\n\n## Hint\n\na\n\n## Hint\n\nb\n\n## Hint\n\nc\n\n\
                     ## Why\n\nBecause.\n";
        let text = Text::parse(whole).unwrap();
        assert_eq!((text.title.as_str(), text.task.as_str()), ("Title", "Do it.\n\nTwice."));
        assert_eq!(
            (text.hints, text.why),
            (vec!["a".into(), "b".into(), "c".into()], "Because.".into())
        );
        for (part, without) in [
            ("# Title", "Title"),
            ("## Hint\n\nb\n\n", ""),
            ("## Why\n\nBecause.\n", ""),
            ("## Why", "## Reason"),
        ] {
            assert!(Text::parse(&whole.replacen(part, without, 1)).is_err(), "{part}");
        }
    }
}
