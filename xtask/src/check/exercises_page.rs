//! The page of a chapter that has its exercises: what the reader of `cargo xtask learn` reads, too.

use std::path::Path;
use std::{fs, iter};

use anyhow::{Context, Result};

use super::findings::{Failure, Finding, Kind, Verdict};
use super::transcript::changes;
use super::translation;
use crate::practice::{Exercise, Language, Text};
use crate::replace::replace;
use crate::workspace::{Lesson, Workspace};

/// What each hint is called.
fn hints(language: Language) -> [&'static str; 3] {
    match language {
        Language::English => ["Hint", "Second hint", "Third hint"],
        Language::Chinese => ["提示", "第二个提示", "第三个提示"],
    }
}

/// Checks that the page has the text of each of a lesson's exercises. It begins as it likes; from
/// its first section on there is nothing else, up to the link to the next page. With `bless` this
/// part is rewritten where it is wrong. And the same for the Chinese page.
///
/// # Errors
/// If a page cannot be rewritten.
pub fn check(
    workspace: &Workspace,
    lesson: &Lesson,
    exercises: &[&Exercise],
    bless: bool,
) -> Result<Vec<Finding>> {
    if exercises.is_empty() {
        return Ok(Vec::new());
    }
    let english = format!("{}/exercises.md", lesson.chapter());
    let chinese = translation::chinese(&english);
    let finding = |(path, language): (String, Language)| {
        let verdict = check_page(&workspace.root, &path, exercises, language, bless)?;
        Ok(Finding { kind: Kind::Page, place: path, what: "exercises".to_owned(), verdict })
    };
    [(english, Language::English), (chinese, Language::Chinese)].into_iter().map(finding).collect()
}

fn check_page(
    root: &Path,
    path: &str,
    exercises: &[&Exercise],
    language: Language,
    bless: bool,
) -> Result<Verdict> {
    let file = root.join(path);
    let Ok(page) = fs::read_to_string(&file) else {
        return Ok(Verdict::failed("there is no such page"));
    };
    let Some((start, end)) = part(&page) else {
        let why = "needs a section for each exercise, and a link to the next page";
        return Ok(Verdict::failed(why));
    };
    let texts = exercises.iter().map(|exercise| Text::read(root, exercise, language));
    let texts = match texts.collect::<Result<Vec<_>>>() {
        Ok(texts) => texts,
        Err(why) => return Ok(Verdict::failed(format!("{why:#}"))),
    };
    let is = &page[start..end];
    let notes = is.split("\n## ").map(|section| match language {
        Language::English => "",
        Language::Chinese => notes(section),
    });
    let texts = exercises.iter().zip(&texts).zip(notes.chain(iter::repeat("")));
    let sections = texts.map(|((exercise, text), notes)| section(exercise, text, language, notes));
    let expected: String = sections.collect();
    if is == expected {
        return Ok(Verdict::Held);
    }
    let diff = changes(is, &expected);
    if bless {
        let text = [&page[..start], &expected, &page[end..]].concat();
        replace(&file, &text).with_context(|| format!("write {path}"))?;
        return Ok(Verdict::Blessed(diff));
    }
    let why = "its exercises have another text".to_owned();
    let details = diff.lines().map(str::to_owned).collect();
    let again = Some(format!("cargo xtask check {} --bless", exercises[0].lesson));
    Ok(Verdict::Failed(Failure { why, details, again, ..Failure::default() }))
}

/// From the first section on, up to the last paragraph, with the link to the next page.
fn part(page: &str) -> Option<(usize, usize)> {
    let start = page.find("\n## ")? + 1;
    let end = page.trim_end().rfind("\n\n")? + 2;
    (start < end).then_some((start, end))
}

/// What stands below the heading of a section of a Chinese page: whether it was vouched for.
fn notes(section: &str) -> &str {
    let rest = section.split_once('\n').map_or("", |(_, rest)| rest);
    let notes = rest.find("\n`").map_or("", |end| &rest[..end]);
    if notes.lines().all(translation::is_note) { notes } else { "" }
}

/// What the page says of an exercise, with these lines below the heading.
fn section(exercise: &Exercise, text: &Text, language: Language, notes: &str) -> String {
    let name = exercise.name;
    let task = on_a_page(&text.task);
    let title = &text.title;
    let mut section = format!("## {title}\n{notes}\n`cargo xtask learn {name}`\n\n{task}\n\n");
    for (title, hint) in hints(language).iter().zip(&text.hints) {
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
    fn a_page_that_is_rewritten_keeps_what_was_vouched_for() {
        let exercise = crate::practice::all().next().unwrap();
        let course = tempfile::tempdir().unwrap();
        let folder = course.path().join(exercise.folder());
        fs::create_dir_all(&folder).unwrap();
        let text =
            "# 题\n\n做。\n\n## 提示\n\na\n\n## 提示\n\nb\n\n## 提示\n\nc\n\n## 为什么\n\n好。\n";
        fs::write(folder.join("task.zh.md"), text).unwrap();
        let hint = |title, text| {
            format!("<details><summary>{title}</summary>\n\n{text}\n\n</details>\n\n")
        };
        let hints = [hint("提示", "a"), hint("第二个提示", "b"), hint("第三个提示", "c")].concat();
        let page = |notes: &str, task: &str| {
            let name = exercise.name;
            format!(
                "# 练习\n\n话。\n\n## 题\n{notes}\n`cargo xtask learn {name}`\n\n{task}\n\n{hints}\
                 下一页：[a](a.md)\n"
            )
        };
        let file = course.path().join("page.md");
        let check = |is: &str, bless| {
            fs::write(&file, is).unwrap();
            let verdict =
                check_page(course.path(), "page.md", &[exercise], Language::Chinese, bless);
            (verdict.unwrap(), fs::read_to_string(&file).unwrap())
        };
        let stamp = "<!-- vouched for: en 1, zh 2 -->\n";
        for notes in ["", stamp, &format!("{stamp}\n*本节译文落后于英文版。*\n")] {
            assert!(matches!(check(&page(notes, "做。"), false).0, Verdict::Held), "{notes}");
            assert!(
                matches!(check(&page(notes, "别做。"), false).0, Verdict::Failed(_)),
                "{notes}"
            );
            let (verdict, text) = check(&page(notes, "别做。"), true);
            assert!(matches!(verdict, Verdict::Blessed(_)), "{notes}");
            assert_eq!(text, page(notes, "做。"));
        }
        // What is no such note is another text.
        let (verdict, text) = check(&page("\n又。\n", "做。"), true);
        assert!(matches!(verdict, Verdict::Blessed(_)));
        assert_eq!(text, page("", "做。"));
    }

    #[test]
    fn lines_of_output_are_no_block() {
        let text = "It prints:\n\n    a b\n    c\n\nThen it ends.";
        assert_eq!(on_a_page(text), "It prints:\n\n`a b`\\\n`c`\n\nThen it ends.");
    }
}
