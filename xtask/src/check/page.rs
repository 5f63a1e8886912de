//! Checks a page of the course: its transcripts, excerpts and links.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use indicatif::ProgressBar;
use xtask::transcript::page::{Excerpt, Page};

use super::command_line::Command;
use super::findings::{Finding, Kind, Verdict};
use super::{parallel, transcript};
use crate::workspace::Built;

/// What checking a page needs to know.
pub struct Checker<'a> {
    /// The folder of the workspace.
    pub root: &'a Path,
    /// The built lessons.
    pub built: &'a HashMap<String, Built>,
    /// Whether to rewrite what is not equivalent.
    pub bless: bool,
    /// Says what is running.
    pub live: &'a ProgressBar,
}

impl Checker<'_> {
    /// Checks a page; `demos` are those that its transcripts must run.
    ///
    /// # Errors
    /// If the reader interrupts it, or a file cannot be written.
    pub fn check(
        &self,
        path: &str,
        lesson: Option<&str>,
        demos: &[String],
    ) -> Result<Vec<Finding>> {
        let page_finding = |verdict| Finding {
            kind: Kind::Link,
            place: path.to_owned(),
            what: "page".to_owned(),
            verdict,
        };
        let markdown = match std::fs::read_to_string(self.root.join(path)) {
            Ok(markdown) => markdown,
            Err(why) => {
                return Ok(vec![page_finding(Verdict::failed(format!("cannot be read: {why}")))]);
            }
        };
        let page = match Page::read(&markdown) {
            Ok(page) => page,
            Err(why) => return Ok(vec![page_finding(Verdict::failed(format!("{why:#}")))]),
        };
        let place = |line: usize| format!("{path}:{line}");
        let mut findings = self.transcripts(path, &page)?;
        if let Some(lesson) = lesson {
            findings.extend(self.demos(path, &page, lesson, demos));
        }
        for excerpt in &page.excerpts {
            let verdict = self.excerpt(excerpt);
            findings.push(Finding {
                kind: Kind::Excerpt,
                place: place(excerpt.line),
                what: excerpt.file.clone(),
                verdict,
            });
        }
        for (line, target) in &page.links {
            let verdict = self.link(Path::new(path), target, &page);
            findings.push(Finding {
                kind: Kind::Link,
                place: place(*line),
                what: target.clone(),
                verdict,
            });
        }
        Ok(findings)
    }

    fn transcripts(&self, path: &str, page: &Page) -> Result<Vec<Finding>> {
        let transcripts: Vec<_> = page.transcripts.iter().filter(|it| !it.check.itself).collect();
        // What is to be shown on a page had the machine to itself.
        let at_once = if self.bless { 1 } else { parallel::usual() };
        let reruns = parallel::map(&transcripts, at_once, |transcript| {
            self.live.set_message(format!("$ {}", transcript.command));
            transcript::rerun(transcript, self.root, self.built)
        });
        let mut findings = Vec::new();
        // From the last to the first, so that rewriting one leaves the places of
        // those before it as they are.
        for (transcript, rerun) in transcripts.iter().zip(reruns).rev() {
            let rerun = rerun?;
            let verdict = match rerun.bless {
                Some(new) if self.bless => {
                    transcript::bless(&self.root.join(path), transcript, &new)?
                }
                _ => rerun.verdict,
            };
            let place = format!("{path}:{}", transcript.line);
            let what = format!("$ {}", transcript.command);
            findings.push(Finding { kind: Kind::Transcript, place, what, verdict });
        }
        findings.reverse();
        Ok(findings)
    }

    /// Each demo is to be run by one of the chapter's transcripts.
    fn demos(&self, path: &str, page: &Page, lesson: &str, demos: &[String]) -> Vec<Finding> {
        let commands =
            page.transcripts.iter().filter_map(|it| Command::read(&it.command, self.built).ok());
        let run: Vec<&String> = commands
            .filter(|command| command.lesson.as_deref() == Some(lesson))
            .filter_map(|command| command.demo(demos))
            .collect();
        let finding = |demo: &String| {
            let verdict = if run.contains(&demo) {
                Verdict::Held
            } else {
                Verdict::failed("no transcript runs this demo")
            };
            Finding {
                kind: Kind::Demo,
                place: path.to_owned(),
                what: format!("{lesson} {demo}"),
                verdict,
            }
        };
        demos.iter().map(finding).collect()
    }

    fn excerpt(&self, excerpt: &Excerpt) -> Verdict {
        match std::fs::read_to_string(self.root.join(&excerpt.file)) {
            Err(why) => Verdict::failed(format!("cannot be read: {why}")),
            Ok(source) if holds(&source, &excerpt.text) => Verdict::Held,
            Ok(_) => Verdict::failed("the file does not hold these lines (any more)"),
        }
    }

    fn link(&self, page: &Path, target: &str, own: &Page) -> Verdict {
        if target.contains("://") {
            return Verdict::NotChecked("outside the project".to_owned());
        }
        let (file, anchor) =
            target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
        let path = normal(&page.parent().unwrap_or(Path::new("")).join(file));
        if !file.is_empty() && !self.root.join(&path).exists() {
            return Verdict::failed(format!("there is no {}", path.display()));
        }
        let Some(anchor) = anchor else { return Verdict::Held };
        let anchors = if file.is_empty() {
            own.anchors.clone()
        } else {
            let there = std::fs::read_to_string(self.root.join(&path))
                .ok()
                .and_then(|text| Page::read(&text).ok());
            there.map(|page| page.anchors).unwrap_or_default()
        };
        if anchors.iter().any(|heading| heading == anchor) {
            Verdict::Held
        } else {
            Verdict::failed(format!(
                "there is no heading '{anchor}' (there is {})",
                anchors.join(", ")
            ))
        }
    }
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
    fn a_path_is_taken_from_the_page() {
        assert_eq!(normal(Path::new("docs/../lessons/./02-fork")), Path::new("lessons/02-fork"));
    }
}
