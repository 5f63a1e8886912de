//! Compares each Chinese page with the English one, block by block: a translation changes the
//! prose and nothing else. A comment below each heading holds the hashes of the two proses that
//! were vouched for together, so a section that has changed alone is known.

mod blocks;
mod compare;
mod site;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use common::options::UsageError;
use serde_json::{Value, json};

use super::book::CHINESE;
use super::findings::{Failure, Finding, Kind, Section as Report, Verdict};
use super::transcript::changes;
use crate::replace::replace;
pub use blocks::is_note;
use blocks::{Section, Stamp, sections};
use compare::compare;
use site::Site;
pub use site::chinese;

/// Whether the two texts of a section were vouched for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They were, and neither has changed.
    Vouched,
    /// They never were.
    Unstamped,
    /// The English one has changed.
    EnglishChanged,
    /// The Chinese one has changed.
    ChineseChanged,
    /// Both have changed.
    BothChanged,
}

impl State {
    /// The state of a section.
    pub fn of(english: &Section, chinese: &Section) -> State {
        let Some(stamp) = &chinese.stamp else { return State::Unstamped };
        let now = Stamp::of(english, chinese);
        match (stamp.english == now.english, stamp.chinese == now.chinese) {
            (true, true) => State::Vouched,
            (false, true) => State::EnglishChanged,
            (true, false) => State::ChineseChanged,
            (false, false) => State::BothChanged,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            State::Vouched => "up to date",
            State::Unstamped => "not vouched for yet",
            State::EnglishChanged => "the English section has changed",
            State::ChineseChanged => "the Chinese section has changed",
            State::BothChanged => "both sections have changed",
        }
    }

    /// The line that the reader sees below the heading.
    fn mark(self) -> Option<&'static str> {
        match self {
            State::Vouched | State::Unstamped => None,
            State::EnglishChanged | State::BothChanged => Some(blocks::MARKS[0]),
            State::ChineseChanged => Some(blocks::MARKS[1]),
        }
    }
}

/// A section that is not vouched for.
pub struct Stale {
    /// The Chinese page.
    pub page: String,
    /// Its heading.
    pub heading: String,
    /// Why.
    pub state: State,
}

/// What was found on all Chinese pages.
#[derive(Default)]
pub struct Translation {
    /// What is wrong, and what was rewritten.
    pub findings: Vec<Finding>,
    /// The sections that are not vouched for.
    pub stale: Vec<Stale>,
    /// How many are.
    pub translated: usize,
    /// How many English sections have no Chinese one.
    pub missing: usize,
    /// Whether there is any Chinese page.
    exists: bool,
}

/// How many stale sections a check lists.
const LISTED: usize = 10;

impl Translation {
    /// Compares the Chinese pages below one of these folders, or all if there is none. With
    /// `bless` they are rewritten: an output as on the English page, a line below the heading of a
    /// section that has changed alone.
    ///
    /// # Errors
    /// If a folder cannot be read, or a page not be rewritten.
    pub fn check(root: &Path, folders: &[String], bless: bool) -> Result<Translation> {
        let site = Site::read(root)?;
        let is_wanted = |page: &str| {
            folders.is_empty() || folders.iter().any(|it| page.starts_with(&format!("{it}/")))
        };
        let mut translation = Translation { exists: site.has_chinese(), ..Translation::default() };
        if !translation.exists {
            return Ok(translation);
        }
        for english in site.english.iter().filter(|page| is_wanted(page)) {
            translation.page(&site, english, bless)?;
        }
        if folders.is_empty() {
            for page in site.without_english() {
                translation.find(page, "page", Verdict::failed("there is no such English page"));
            }
            for (file, expected) in site.lists()? {
                let is = site.text(file).unwrap_or_default();
                if is != expected {
                    translation.find(
                        file,
                        "translated pages",
                        list(root, file, &is, &expected, bless)?,
                    );
                }
            }
        }
        Ok(translation)
    }

    fn find(&mut self, place: &str, what: &str, verdict: Verdict) {
        let (kind, place, what) = (Kind::Translation, place.to_owned(), what.to_owned());
        self.findings.push(Finding { kind, place, what, verdict });
    }

    fn page(&mut self, site: &Site, path: &str, bless: bool) -> Result<()> {
        let english_text = site.text(path)?;
        let english = sections(&english_text);
        let own = site::chinese(path);
        if !site.is_translated(path) {
            self.missing += english.len();
            return Ok(());
        }
        let text = site.text(&own)?;
        let chinese = sections(&text);
        let faults = compare(site, path, &english, &text);
        let mut repairs = Vec::new();
        let (mut held, before) = (true, self.findings.len());
        for fault in faults {
            match fault.repair {
                Some(repair) if bless => repairs.push(repair),
                _ => {
                    held = false;
                    let heading = chinese.get(fault.section).map_or("", |it| it.heading.as_str());
                    let place = format!("{own}:{}", fault.line);
                    self.find(&place, heading, Verdict::failed(fault.why));
                }
            }
        }
        let is_paired = english.len() == chinese.len();
        for (english, chinese) in english.iter().zip(&chinese) {
            let state = State::of(english, chinese);
            if state == State::Vouched {
                self.translated += 1;
            } else {
                let (page, heading) = (own.clone(), chinese.heading.clone());
                self.stale.push(Stale { page, heading, state });
            }
            if bless && is_paired {
                repairs.extend(chinese.with_mark(state.mark()));
            }
        }
        self.missing += english.len().saturating_sub(chinese.len());
        let new = repaired(&text, repairs);
        if new != text {
            replace(&site.root.join(&own), &new).with_context(|| format!("write {own}"))?;
            let diff = changes(&text, &new);
            let diff: Vec<&str> = diff.lines().filter(|line| !line.starts_with(' ')).collect();
            self.find(&own, "translation", Verdict::Blessed(diff.join("\n")));
        } else if held && self.findings.len() == before {
            self.find(&own, "translation", Verdict::Held);
        }
        Ok(())
    }

    /// What was found, as a section of the report; `None` if there is no Chinese page.
    pub fn section(&self) -> Option<Report> {
        if !self.exists {
            return None;
        }
        let mut section = Report::new("Chinese", CHINESE, &[]);
        section.findings.clone_from(&self.findings);
        Some(section)
    }

    /// What failed or was rewritten, in full.
    pub fn details(&self) -> Vec<String> {
        self.section().map_or(Vec::new(), |section| section.lines().split_off(1))
    }

    /// Whether nothing is wrong with what is translated.
    pub fn held(&self) -> bool {
        self.section().is_none_or(|section| section.held())
    }

    /// How much is translated, in a line, and the sections that are stale. Nothing if there is no
    /// Chinese page, or only stale sections are wanted and there are none.
    pub fn lines(&self, only_stale: bool) -> Vec<String> {
        if !self.exists || only_stale && self.stale.is_empty() {
            return Vec::new();
        }
        let (translated, stale) = (self.translated, self.stale.len());
        let mut lines = vec![format!(
            "Chinese: {translated} sections up to date, {stale} stale, {} missing",
            self.missing
        )];
        lines.extend(self.stale.iter().take(LISTED).map(|it| format!("  stale: {it}")));
        if stale > LISTED {
            let more = stale - LISTED;
            lines.push(format!("  and {more} more: `cargo xtask stamp --list` lists all"));
        }
        lines
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let stale =
            |it: &Stale| json!({ "page": it.page, "heading": it.heading, "why": it.state.words() });
        json!({
            "translated": self.translated, "stale": self.stale.len(), "missing": self.missing,
            "stale_sections": self.stale.iter().map(stale).collect::<Vec<_>>(),
        })
    }
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.page, self.heading, self.state.words())
    }
}

/// Vouches for a section of a Chinese page, and returns the page and its heading.
///
/// # Errors
/// A [`UsageError`], if there is no such page or section; if its blocks are not those of the
/// English page, or the page cannot be rewritten.
pub fn stamp(root: &Path, page: Option<&str>, heading: Option<&str>) -> Result<String> {
    let site = Site::read(root)?;
    let translated: Vec<_> = site.english.iter().filter(|page| site.is_translated(page)).collect();
    let is_it = |path: &&&String| Some(site::chinese(path).as_str()) == page;
    let Some((path, page)) = translated.iter().find(is_it).zip(page) else {
        let what = page.map_or("which page?".to_owned(), |it| format!("no Chinese page '{it}';"));
        let pages: Vec<_> = translated.iter().map(|path| site::chinese(path)).collect();
        return Err(UsageError(format!("{what} available: {}", pages.join(", "))).into());
    };
    let (english, text) = (site.text(path)?, site.text(page)?);
    let (english, chinese) = (sections(&english), sections(&text));
    let is_it = |section: &&Section| Some(section.heading.as_str()) == heading;
    let mut found = chinese.iter().zip(&english).enumerate().filter(|(_, (it, _))| is_it(it));
    let (Some((index, (section, english_section))), None) = (found.next(), found.next()) else {
        let what =
            heading.map_or("which section?".to_owned(), |it| format!("not one section '{it}';"));
        let headings: Vec<_> = chinese.iter().map(|it| format!("\"{}\"", it.heading)).collect();
        return Err(UsageError(format!("{what} available: {}", headings.join(", "))).into());
    };
    // If a heading is missing, the sections do not belong together.
    let is_paired = english.len() == chinese.len();
    let faults = compare(&site, path, &english, &text);
    if let Some(fault) = faults.iter().find(|fault| fault.section == index || !is_paired) {
        bail!("{page}:{}: {}; the section is not stamped", fault.line, fault.why);
    }
    let stamp = Stamp::of(english_section, section);
    let new = repaired(&text, section.with_stamp(&stamp));
    replace(&root.join(page), &new).with_context(|| format!("write {page}"))?;
    Ok(format!("{page}: {}", section.heading))
}

/// A list of the translated pages that is not as `expected`.
fn list(root: &Path, file: &str, is: &str, expected: &str, bless: bool) -> Result<Verdict> {
    let diff = changes(is, expected);
    if bless {
        replace(&root.join(file), expected).with_context(|| format!("write {file}"))?;
        return Ok(Verdict::Blessed(diff));
    }
    let why = "does not list the translated pages in the order of the English book".to_owned();
    let details = diff.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect();
    let again = Some("cargo xtask stamp --list --bless".to_owned());
    Ok(Verdict::Failed(Failure { why, details, again, ..Failure::default() }))
}

/// A text with some parts replaced.
fn repaired(text: &str, mut repairs: Vec<(Range<usize>, String)>) -> String {
    repairs.sort_by_key(|(place, _)| place.start);
    let mut new = text.to_owned();
    for (place, part) in repairs.into_iter().rev() {
        new.replace_range(place, &part);
    }
    new
}
