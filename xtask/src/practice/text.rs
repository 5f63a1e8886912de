//! What the reader reads about an exercise.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

use super::Exercise;

/// How many hints each exercise has.
const HINTS: usize = 3;

/// A language that the texts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The texts are in `task.md`.
    English,
    /// The texts are in `task.zh.md`.
    Chinese,
}

impl Language {
    /// The one for this reader, as the system's own programs choose it: locale(7).
    pub fn of_reader() -> Language {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).unwrap_or_default());
        match set.iter().find(|value| !value.is_empty()) {
            Some(locale) if locale.starts_with("zh") => Language::Chinese,
            _ => Language::English,
        }
    }

    /// The file of an exercise that has its text.
    pub fn file(self) -> &'static str {
        match self {
            Language::English => "task.md",
            Language::Chinese => "task.zh.md",
        }
    }

    /// The headings of a hint, and of why the solution is right.
    fn headings(self) -> [&'static str; 2] {
        match self {
            Language::English => ["Hint", "Why"],
            Language::Chinese => ["提示", "为什么"],
        }
    }
}

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
    pub fn read(root: &Path, exercise: &Exercise, language: Language) -> Result<Text> {
        let file = root.join(exercise.folder()).join(language.file());
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("read {}", file.display()))?;
        Text::parse(&text, language).with_context(|| file.display().to_string())
    }

    fn parse(text: &str, language: Language) -> Result<Text> {
        let [hint, why] = language.headings();
        let mut parts = text.split("\n## ");
        let first = parts.next().unwrap_or_default();
        let (title, task) = first.split_once('\n').context("no text after the title")?;
        let title = title.strip_prefix("# ").context("no title")?.trim().to_owned();
        let (mut hints, mut reason) = (Vec::new(), String::new());
        for part in parts {
            let (heading, text) = part.split_once('\n').context("nothing after a heading")?;
            match heading.trim() {
                heading if heading == hint => hints.push(text.trim().to_owned()),
                heading if heading == why => text.trim().clone_into(&mut reason),
                other => bail!("a heading '{other}', and not '{hint}' or '{why}'"),
            }
        }
        ensure!(hints.len() == HINTS, "{} hints, and not {HINTS}", hints.len());
        ensure!(!reason.is_empty(), "it does not say why");
        Ok(Text { title, task: task.trim().to_owned(), hints, why: reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_parts() {
        let whole = "# Title\n\nDo it.\n\nTwice.\n\n## Hint\n\na\n\n## Hint\n\nb\n\n## Hint\n\nc\n\n\
                     ## Why\n\nBecause.\n";
        let text = Text::parse(whole, Language::English).unwrap();
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
            let text = whole.replacen(part, without, 1);
            assert!(Text::parse(&text, Language::English).is_err(), "{part}");
        }
    }
}
