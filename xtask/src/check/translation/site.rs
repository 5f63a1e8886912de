//! Which pages there are in both languages, and what a link leads to.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use transcript::page::Page;

use super::super::book::{self, CHINESE, CHINESE_README, README, SUMMARY, is_in_chinese};
use super::super::page;
use crate::wrap::is_chinese;

/// The table of contents of the Chinese book.
const CONTENTS: &str = "docs/zh/SUMMARY.md";

/// Which pages of the English book have a Chinese one, for the link between them.
const TRANSLATED: &str = "docs/translated.js";

/// The anchor of a link to a page that lacks headings: that page is at fault.
pub const ANY_ANCHOR: &str = "#(any heading)";

/// Words that are names, beside those of lessons and pages: they may stay as they are.
const NAMES: [&str; 14] = [
    "Linux",
    "Python",
    "Rust",
    "bash",
    "fish",
    "futex",
    "memfd",
    "panic",
    "panics",
    "pidfd",
    "seqpacket",
    "serde",
    "signalfd",
    "zsh",
];

/// The Chinese page of an English one.
pub fn chinese(page: &str) -> String {
    match page.strip_prefix("docs/") {
        Some(rest) => format!("{CHINESE}/{rest}"),
        None => CHINESE_README.to_owned(),
    }
}

/// The file of a target, by the name of the English page.
pub fn in_english(target: &str) -> String {
    let file = target.split('#').next().unwrap_or_default();
    file.replace("docs/zh/", "docs/").replace(CHINESE_README, README)
}

/// The pages in both languages.
pub struct Site {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The English pages, by name; the README first.
    pub english: Vec<String>,
    /// The Chinese pages.
    chinese: Vec<String>,
    /// Words that are names: of lessons, and of pages.
    names: BTreeSet<String>,
    /// The anchors of the pages that were asked for.
    anchors: RefCell<HashMap<String, Rc<Vec<String>>>>,
}

impl Site {
    /// Looks which pages there are.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn read(root: &Path) -> Result<Site> {
        let mut files = Vec::new();
        book::list(root, Path::new("docs"), &mut files)?;
        files.insert(0, README.to_owned());
        if root.join(CHINESE_README).exists() {
            files.push(CHINESE_README.to_owned());
        }
        files.retain(|file| !file.ends_with("/SUMMARY.md"));
        let is_chinese = |file: &String| is_in_chinese(file);
        let (chinese, english): (Vec<_>, Vec<_>) = files.into_iter().partition(is_chinese);
        let parts = english.iter().flat_map(|file| file.trim_end_matches(".md").split('/'));
        let names = parts.map(|part| part.trim_start_matches(|c| "0123456789-".contains(c)));
        let names = names.chain(NAMES).map(str::to_owned).collect();
        Ok(Site { root: root.to_owned(), english, chinese, names, anchors: RefCell::default() })
    }

    /// Whether there is any Chinese page.
    pub fn has_chinese(&self) -> bool {
        !self.chinese.is_empty()
    }

    /// Whether this English page has a Chinese one.
    pub fn is_translated(&self, page: &str) -> bool {
        self.chinese.contains(&chinese(page))
    }

    /// The Chinese pages without an English one.
    pub fn without_english(&self) -> impl Iterator<Item = &str> {
        let expected: BTreeSet<_> = self.english.iter().map(|page| chinese(page)).collect();
        self.chinese.iter().map(String::as_str).filter(move |page| !expected.contains(*page))
    }

    /// What is on a page.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn text(&self, page: &str) -> Result<String> {
        fs::read_to_string(self.root.join(page)).with_context(|| format!("read {page}"))
    }

    /// Whether an English text has words that are not names.
    pub fn has_words(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && !"-_./'".contains(c));
        words.any(|word| {
            let mut letters = word.chars();
            word.len() > 1
                && letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                && letters.all(|c| c.is_ascii_lowercase() || "-'".contains(c))
                && !self.names.contains(word)
        })
    }

    fn anchors(&self, page: &str) -> Rc<Vec<String>> {
        let mut known = self.anchors.borrow_mut();
        let anchors = known.entry(page.to_owned()).or_insert_with(|| {
            let read = page::read(&self.root, page);
            Rc::new(read.map(|page: Page| page.anchors).unwrap_or_default())
        });
        Rc::clone(anchors)
    }

    /// What a link on a page leads to, from the root of the workspace.
    pub fn target(&self, page: &str, link: &str) -> String {
        let (file, rest) = parts(page, link);
        format!("{file}{rest}")
    }

    /// What a link on an English page has to lead to on the Chinese page.
    pub fn expected(&self, page: &str, link: &str) -> String {
        let (file, rest) = parts(page, link);
        if file == chinese(page) {
            return format!("{page}{rest}");
        }
        if !self.english.contains(&file) || !self.is_translated(&file) {
            return format!("{file}{rest}");
        }
        let there = chinese(&file);
        let Some(anchor) = rest.strip_prefix('#') else { return there + &rest };
        let (english, chinese) = (self.anchors(&file), self.anchors(&there));
        let position = english.iter().position(|it| it == anchor);
        match position.and_then(|at| chinese.get(at)) {
            Some(anchor) if english.len() == chinese.len() => format!("{there}#{anchor}"),
            _ => there + ANY_ANCHOR,
        }
    }

    /// The link on a page that leads to this target.
    pub fn link(&self, page: &str, target: &str) -> String {
        let folders: Vec<&str> = page.split('/').collect();
        let parts: Vec<&str> = target.split('/').collect();
        let (_, folders) = folders.split_last().expect("a name");
        let same = folders.iter().zip(&parts).take_while(|(one, other)| one == other).count();
        let up = vec![".."; folders.len() - same];
        [&up[..], &parts[same..]].concat().join("/")
    }

    /// The lists of the pages that are translated, in the order of the English book: the name of
    /// each, and what it has to be.
    ///
    /// # Errors
    /// If the English table of contents or a Chinese page cannot be read.
    pub fn lists(&self) -> Result<[(&'static str, String); 2]> {
        let (english, was) = (self.text(SUMMARY)?, self.text(CONTENTS).unwrap_or_default());
        let lines: Vec<&str> = english.lines().filter(|line| line.contains("](")).collect();
        let (mut contents, mut pages) = ("# 目录\n".to_owned(), String::new());
        let mut was_outside = None;
        for (index, line) in lines.iter().enumerate() {
            let (start, link) = line.split_once('[').unwrap_or_default();
            let (name, file) = link.trim_end_matches(')').split_once("](").unwrap_or_default();
            let page = page::target(SUMMARY, file);
            let nested = lines[index + 1..].iter().take_while(|line| line.starts_with("  "));
            let is_chapter = !start.starts_with(' ') && file.contains('/');
            let entry = if self.is_translated(&page) {
                let text = self.text(&chinese(&page))?;
                let title = text.lines().find_map(|line| line.strip_prefix("# "));
                // The name of a demo is what a reader types.
                let is_name = !self.has_words(name) && name != "exercises";
                // A shorter name that somebody wrote stays.
                let end = format!("]({file})");
                let written = was.lines().find_map(|line| line.strip_suffix(&end)?.split_once('['));
                let written = written.map(|(_, name)| name).filter(|it| it.contains(is_chinese));
                let title = written.or(title.filter(|_| !is_name)).unwrap_or(name);
                let built = file.replace("README.md", "index.md").replace(".md", ".html");
                pages += &format!("    \"{built}\",\n");
                format!("{start}[{title}]({file})\n")
            } else if is_chapter && nested.clone().any(|line| self.lists_translated(line)) {
                format!("{start}[{name}]()\n")
            } else {
                continue;
            };
            // A list begins and ends at an empty line.
            if was_outside != Some(start.is_empty()) {
                contents.push('\n');
            }
            was_outside = Some(start.is_empty());
            contents += &entry;
        }
        let script = format!(
            "// The pages that exist in Chinese; `cargo xtask stamp --list --bless` writes this.\n\
             const TRANSLATED = [\n{pages}];\n"
        );
        Ok([(CONTENTS, contents), (TRANSLATED, script)])
    }

    /// Whether a line of the English table of contents has a page that is translated.
    fn lists_translated(&self, line: &str) -> bool {
        let file = line.split_once("](").map(|(_, file)| file.trim_end_matches(')'));
        file.is_some_and(|file| self.is_translated(&page::target(SUMMARY, file)))
    }
}

/// The file of a link, from the root of the workspace, and the rest of the link: its anchor.
fn parts(page: &str, link: &str) -> (String, String) {
    if link.contains("://") || link.starts_with("mailto:") {
        return (link.to_owned(), String::new());
    }
    let (file, rest) = link.split_at(link.find(['#', '?']).unwrap_or(link.len()));
    let file = if file.is_empty() { page.to_owned() } else { page::target(page, file) };
    (file, page::decoded(rest))
}
