//! The page of a chapter that has its exercises: what the reader of `cargo xtask learn` reads, too.

use std::fs;

use anyhow::{Context, Result};

use super::findings::{Failure, Finding, Kind, Verdict};
use super::transcript::{changes, replace};
use crate::practice::{Exercise, Text};
use crate::workspace::{Lesson, Workspace};

/// What each hint is called.
const HINTS: [&str; 3] = ["Hint", "Second hint", "Third hint"];

/// Checks that the page has the text of each of a lesson's exercises. It begins as it likes; from
/// its first section on there is nothing else, up to the link to the next page. With `bless` this
/// part is rewritten where it is wrong.
///
/// # Errors
/// If the page cannot be rewritten.
pub fn check(
    workspace: &Workspace,
    lesson: &Lesson,
    exercises: &[&Exercise],
    bless: bool,
) -> Result<Vec<Finding>> {
    if exercises.is_empty() {
        return Ok(Vec::new());
    }
    let path = format!("{}/exercises.md", lesson.chapter());
    let finding = |verdict| {
        let (place, what) = (path.clone(), "exercises".to_owned());
        vec![Finding { kind: Kind::Page, place, what, verdict }]
    };
    let file = workspace.root.join(&path);
    let Ok(page) = fs::read_to_string(&file) else {
        return Ok(finding(Verdict::failed("there is no such page")));
    };
    let Some((start, end)) = part(&page) else {
        let why = "needs a section for each exercise, and a link to the next page";
        return Ok(finding(Verdict::failed(why)));
    };
    let texts = exercises
        .iter()
        .map(|exercise| Ok(section(exercise, &Text::read(&workspace.root, exercise)?)));
    let expected = match texts.collect::<Result<String>>() {
        Ok(expected) => expected,
        Err(why) => return Ok(finding(Verdict::failed(format!("{why:#}")))),
    };
    let is = &page[start..end];
    if is == expected {
        return Ok(finding(Verdict::Held));
    }
    let diff = changes(is, &expected);
    if bless {
        let text = [&page[..start], &expected, &page[end..]].concat();
        replace(&file, &text).with_context(|| format!("write {path}"))?;
        return Ok(finding(Verdict::Blessed(diff)));
    }
    let why = "its exercises have another text".to_owned();
    let details = diff.lines().map(str::to_owned).collect();
    let again = Some(format!("cargo xtask check {} --bless", lesson.name));
    Ok(finding(Verdict::Failed(Failure { why, details, again, ..Failure::default() })))
}

/// From the first section on, up to the link to the next page.
fn part(page: &str) -> Option<(usize, usize)> {
    let start = page.find("\n## ")? + 1;
    let end = page.rfind("\nNext: ")? + 1;
    (start < end).then_some((start, end))
}

/// What the page says of an exercise.
fn section(exercise: &Exercise, text: &Text) -> String {
    let name = exercise.name;
    let task = on_a_page(&text.task);
    let mut section = format!("## {}\n\n`cargo xtask learn {name}`\n\n{task}\n\n", text.title);
    for (title, hint) in HINTS.iter().zip(&text.hints) {
        let hint = on_a_page(hint);
        section += &format!("<details><summary>{title}</summary>\n\n{hint}\n\n</details>\n\n");
    }
    section
}

/// A text for a page, on which a block of code is what has been run, or is quoted: so the lines of
/// one are shown as lines of a paragraph.
fn on_a_page(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        if !paragraph.starts_with("    ") {
            return paragraph.to_owned();
        }
        let lines = paragraph.lines().map(|line| format!("`{}`", line.trim()));
        lines.collect::<Vec<_>>().join("\\\n")
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_output_are_no_block() {
        let text = "It prints:\n\n    a b\n    c\n\nThen it ends.";
        assert_eq!(on_a_page(text), "It prints:\n\n`a b`\\\n`c`\n\nThen it ends.");
    }
}
