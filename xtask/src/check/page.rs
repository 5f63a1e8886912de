//! Checks what a page says without running anything: its excerpts and links, and that
//! its transcripts run every demo.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use transcript::page::{Excerpt, Length, Page};

use super::command_line::CommandLine;
use super::findings::{Finding, Kind, Verdict};
use crate::replace::replace;
use crate::workspace::Lesson;

/// Reads a page.
///
/// # Errors
/// If it cannot be read, or something on it is not understood.
pub fn read(root: &Path, path: &str) -> Result<Page> {
    Page::read(&std::fs::read_to_string(root.join(path)).context("cannot be read")?)
}

/// What a link on a page leads to, from the root of the workspace.
pub fn target(page: &str, link: &str) -> String {
    let link = link.split(['#', '?']).next().unwrap_or_default();
    let path = normal(&Path::new(page).parent().unwrap_or(Path::new("")).join(decoded(link)));
    path.to_string_lossy().into_owned()
}

/// What the first paragraph of a page says of it, between dots:
/// `[02 fork](README.md) · [twice.rs](…) · core · 5 minutes`.
#[derive(Debug, Default, PartialEq)]
pub struct Header {
    /// `core` or `further`.
    pub level: Option<String>,
    /// How long it takes to read: `5 minutes`.
    pub time: Option<String>,
}

impl Header {
    /// Reads what is there.
    pub fn read(text: &str) -> Header {
        let mut header = Header::default();
        for part in text.split('·').map(str::trim) {
            if ["core", "further"].contains(&part) {
                header.level = Some(part.to_owned());
            } else if part.ends_with(" minutes") || part.ends_with(" minute") {
                header.time = Some(part.to_owned());
            }
        }
        header
    }
}

/// A page that could be read.
pub struct Entry {
    /// From the root of the workspace.
    pub path: String,
    /// What is on it.
    pub page: Page,
    /// What its first paragraph says of it.
    pub header: Header,
}

impl Entry {
    /// Whether it is left out in a first reading.
    pub fn is_further(&self) -> bool {
        self.header.level.as_deref() == Some("further")
    }
}

/// A reading time as a page says it.
fn minutes(length: Length) -> String {
    match length.minutes().round().max(1.0) {
        1.0 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// Checks the reading time of a page. With `bless` it is rewritten where it is wrong.
///
/// # Errors
/// If the page cannot be rewritten.
pub fn reading_time(root: &Path, entry: &Entry, bless: bool) -> Result<Verdict> {
    let Entry { path, page, header } = entry;
    let takes = minutes(page.length);
    let Some(said) = &header.time else {
        return Ok(Verdict::failed(format!("its first paragraph does not say `{takes}`")));
    };
    if *said == takes {
        return Ok(Verdict::Held);
    }
    if !bless {
        return Ok(Verdict::failed(format!("says {said}, and takes {takes}")));
    }
    let file = root.join(path);
    let text = std::fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
    let text = text.replacen(said.as_str(), &takes, 1);
    replace(&file, &text).with_context(|| format!("write {path}"))?;
    Ok(Verdict::Blessed(format!("-{said}\n+{takes}")))
}

/// Checks the excerpts of a page, and its links inside the project.
pub fn check(root: &Path, path: &str, page: &Page) -> Vec<Finding> {
    let place = |line: usize| format!("{path}:{line}");
    let excerpts = page.excerpts.iter().map(|it| {
        let file = target(path, &it.file);
        let verdict = excerpt(root, &file, it);
        Finding { kind: Kind::Excerpt, place: place(it.line), what: file, verdict }
    });
    let is_inside = |target: &str| !target.contains("://") && !target.starts_with("mailto:");
    let links = page.links.iter().filter(|(_, target)| is_inside(target));
    let links = links.map(|(line, target)| Finding {
        kind: Kind::Link,
        place: place(*line),
        what: target.clone(),
        verdict: link(root, Path::new(path), target, page),
    });
    excerpts.chain(links).collect()
}

/// Checks that each demo of a lesson has a page of its own, which names its source file and
/// runs it.
pub fn demos<'a>(
    pages: impl Iterator<Item = &'a Entry>,
    lesson: &Lesson,
    demos: &[String],
) -> Vec<Finding> {
    let pages: Vec<_> = pages.collect();
    let finding = |demo: &String| {
        let place = format!("{}/{demo}.md", lesson.chapter());
        let verdict = match pages.iter().find(|it| it.path == place) {
            None => Verdict::failed("this demo has no page"),
            Some(entry) => own_page(entry, lesson, demo, demos),
        };
        Finding { kind: Kind::Demo, place, what: format!("{} {demo}", lesson.name), verdict }
    };
    demos.iter().map(finding).collect()
}

fn own_page(entry: &Entry, lesson: &Lesson, demo: &str, demos: &[String]) -> Verdict {
    let Entry { path, page, header } = entry;
    let commands = page.transcripts.iter().filter_map(|it| CommandLine::read(&it.command).ok());
    let mut run = commands.filter(|it| it.runs_lesson() && it.lesson() == Some(&lesson.name));
    if !run.any(|command| command.demo(demos).is_some_and(|name| name == demo)) {
        return Verdict::failed("no transcript runs this demo");
    }
    let source = lesson.source(demo);
    if !page.first.links.iter().any(|link| target(path, link) == source) {
        return Verdict::failed(format!("its first paragraph has no link to {source}"));
    }
    match header.level {
        Some(_) => Verdict::Held,
        None => Verdict::failed("its first paragraph does not say `core` or `further`"),
    }
}

fn excerpt(root: &Path, file: &str, excerpt: &Excerpt) -> Verdict {
    match std::fs::read_to_string(root.join(file)) {
        Err(why) => Verdict::failed(format!("cannot be read: {why}")),
        Ok(source) if holds(&source, &excerpt.text) => Verdict::Held,
        Ok(_) => Verdict::failed("the file does not hold these lines (any more)"),
    }
}

fn link(root: &Path, page: &Path, target: &str, own: &Page) -> Verdict {
    let (file, anchor) =
        target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    // What follows `?` asks the forge for another view.
    let file = decoded(file.split('?').next().unwrap_or_default());
    let path = normal(&page.parent().unwrap_or(Path::new("")).join(&file));
    if !file.is_empty() && !root.join(&path).exists() {
        return Verdict::failed(format!("no file {}", path.display()));
    }
    let Some(anchor) = anchor else { return Verdict::Held };
    let there = || std::fs::read_to_string(root.join(&path)).unwrap_or_default();
    if !file.is_empty() && path.extension().is_none_or(|extension| extension != "md") {
        return line_anchor(anchor, there().lines().count());
    }
    let anchors = if file.is_empty() {
        own.anchors.clone()
    } else {
        Page::read(&there()).map(|page| page.anchors).unwrap_or_default()
    };
    if anchors.contains(&decoded(anchor)) {
        Verdict::Held
    } else {
        Verdict::failed(format!("no heading '{anchor}'; available: {}", anchors.join(", ")))
    }
}

/// Whether a source file has the lines of an anchor: `L3`, `L3-L5`.
fn line_anchor(anchor: &str, lines: usize) -> Verdict {
    let mut numbers = anchor.split('-').map(|line| line.strip_prefix('L')?.parse::<usize>().ok());
    if numbers.all(|number| number.is_some_and(|number| (1..=lines).contains(&number))) {
        Verdict::Held
    } else {
        Verdict::failed(format!("no line '{anchor}': the file has {lines}"))
    }
}

/// A part of a URL, with `%20` decoded.
pub fn decoded(url: &str) -> String {
    let mut pieces = url.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let code = piece.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&piece.as_bytes()[2..]);
            }
            None => bytes.extend([b"%", piece.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the source has the quoted lines one after the other, all indented
/// by as much more as the first.
fn holds(source: &str, quoted: &str) -> bool {
    let source: Vec<&str> = source.lines().collect();
    let quoted: Vec<&str> = quoted.lines().collect();
    let Some(first) = quoted.first() else { return false };
    source.windows(quoted.len()).any(|lines| {
        let Some(indent) = lines[0].strip_suffix(first) else { return false };
        indent.trim().is_empty()
            && lines.iter().zip(&quoted).all(|(line, quoted)| {
                if quoted.is_empty() {
                    line.is_empty()
                } else {
                    line.strip_prefix(indent) == Some(quoted)
                }
            })
    })
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_stands_in_the_file_line_for_line() {
        let source = "fn main() {\n    if true {\n        one();\n\n        two();\n    }\n}\n";
        assert!(holds(source, "fn main() {\n    if true {\n"));
        assert!(
            holds(source, "if true {\n    one();\n\n    two();\n}\n"),
            "without the common indentation"
        );
        assert!(!holds(source, "one();\ntwo();\n"), "a line left out");
        assert!(!holds(source, "if true {\none();\n"), "another indentation");
        assert!(!holds(source, "three();\n"));
        assert!(!holds(source, ""));
    }

    #[test]
    fn a_link_is_followed_as_a_forge_does() {
        // Where the tests run, not where they were compiled: checkouts may share a target folder.
        let root = &std::env::current_dir().unwrap();
        let own = Page::read("# One\n\n## One\n\n## Zwölf\n").unwrap();
        let held = |target| matches!(link(root, Path::new("x.md"), target, &own), Verdict::Held);
        for target in [
            "#one",
            "#one-1",
            "#zw%C3%B6lf",
            "Cargo.toml",
            "C%61rgo.toml?plain=1",
            "Cargo.toml#L3",
            "Cargo.toml#L1-L3",
        ] {
            assert!(held(target), "{target}");
        }
        for target in [
            "#one-2",
            "none.md",
            "Cargo.toml#L9999",
            "Cargo.toml#L0",
            "Cargo.toml#one",
            "%zz",
            "?x#two",
        ] {
            assert!(!held(target), "{target}");
        }
        let others = Page::read("[a](https://example.org) [b](mailto:a@example.org)\n").unwrap();
        assert!(check(root, "x.md", &others).is_empty(), "they are outside of the project");
    }

    #[test]
    fn a_header_says_where_a_page_belongs_and_how_long_it_takes() {
        let header = Header::read("02 fork · twice.rs · core · 5 minutes");
        assert_eq!(
            (header.level.as_deref(), header.time.as_deref()),
            (Some("core"), Some("5 minutes"))
        );
        assert_eq!(Header::read("It takes 5 minutes, further down."), Header::default());
        let length = |words, code, output| minutes(Length { words, code, output });
        assert_eq!(length(0, 0, 0), "1 minute");
        assert_eq!(length(260, 0, 0), "1 minute");
        assert_eq!(length(180, 15, 30), "3 minutes");
        assert_eq!(length(180, 15, 46), "4 minutes");
    }

    #[test]
    fn a_path_is_taken_from_the_page() {
        assert_eq!(normal(Path::new("docs/../lessons/./02-fork")), Path::new("lessons/02-fork"));
    }
}
