//! Compares a Chinese page with the English one, block by block.

use std::ops::Range;

use super::super::page::Header;
use super::blocks::{Block, Section, sections};
use super::site::{self, Site};
use crate::wrap::is_chinese;

/// What is wrong with a section of a Chinese page.
#[derive(Debug)]
pub struct Fault {
    /// The line of the Chinese page, from 1.
    pub line: usize,
    /// Which section of the page it is, from 0.
    pub section: usize,
    /// What is wrong.
    pub why: String,
    /// What `--bless` writes, and in place of what.
    pub repair: Option<(Range<usize>, String)>,
}

/// Compares a Chinese page with the English page of this path.
pub fn compare(site: &Site, path: &str, english: &[Section], text: &str) -> Vec<Fault> {
    let chinese = &sections(text);
    let (there, here) = (english.len(), chinese.len());
    let mut faults = Vec::new();
    for (index, (english, chinese)) in english.iter().zip(chinese).enumerate() {
        let comparison = Comparison { site, path, text, section: index };
        let kinds = |section: &Section| -> Vec<String> {
            section.blocks.iter().map(|it| it.kind.clone()).collect()
        };
        if kinds(english) == kinds(chinese) {
            for (english, chinese) in english.blocks.iter().zip(&chinese.blocks) {
                comparison.block(english, chinese, &mut faults);
            }
        } else {
            faults.push(comparison.sequence(english, chinese));
        }
        // What follows does not belong together.
        if there != here && !faults.is_empty() {
            break;
        }
    }
    if there != here {
        let section = faults.first().map_or(there.min(here), |fault: &Fault| fault.section);
        let at = english.get(section).map_or("its end", |it| it.heading.as_str());
        let line = chinese.get(section).or(chinese.last()).map_or(1, |it| it.blocks[0].line);
        let why = format!("has {here} headings, the English page {there}; they part at '{at}'");
        // It is the first thing to look at.
        faults.insert(0, Fault { line, section, why, repair: None });
    }
    faults
}

struct Comparison<'a> {
    site: &'a Site,
    path: &'a str,
    text: &'a str,
    section: usize,
}

impl Comparison<'_> {
    fn fault(&self, block: &Block, why: String) -> Fault {
        Fault { line: block.line, section: self.section, why, repair: None }
    }

    /// The first block that is another one.
    fn sequence(&self, english: &Section, chinese: &Section) -> Fault {
        let pairs = english.blocks.iter().zip(&chinese.blocks);
        let same = pairs.take_while(|(english, chinese)| english.kind == chinese.kind).count();
        let name = |block: Option<&Block>| {
            block.map_or("no more block".to_owned(), |it| {
                format!("a {} (line {})", it.kind, it.line)
            })
        };
        let (there, here) = (english.blocks.get(same), chinese.blocks.get(same));
        let block = here.or(chinese.blocks.last()).expect("a section has a block");
        let why = format!("the English page has {}, this one {}", name(there), name(here));
        self.fault(block, why)
    }

    /// Compares two blocks of one kind.
    fn block(&self, english: &Block, chinese: &Block, faults: &mut Vec<Fault>) {
        if english.exact != chinese.exact {
            let full_width =
                chinese.exact.chars().find(|c| is_full_width(*c) && !english.exact.contains(*c));
            let about = |block: &Block| block.exact.matches('≈').count();
            let (kind, line) = (&chinese.kind, english.line);
            let why = match full_width {
                Some(c) => format!("a full-width '{c}' in a {kind}"),
                None if about(english) != about(chinese) => {
                    format!("a ≈ is lost or added in a {kind}")
                }
                None => format!("not the {kind} of the English page (line {line})"),
            };
            // Fences and comments are copied as a whole.
            let repair =
                chinese.is_verbatim().then(|| (chinese.place.clone(), english.exact.clone()));
            faults.push(Fault { repair, ..self.fault(chinese, why) });
            return;
        }
        let differs = |what: &str, there: Option<&String>, here: Option<&String>| {
            let shown = |it: Option<&String>| it.map_or("none".to_owned(), |it| format!("`{it}`"));
            self.fault(chinese, format!("{what}: {}, expected {}", shown(here), shown(there)))
        };
        if let Some((there, here)) = first_difference(&english.code, &chinese.code) {
            faults.push(differs("code span", there, here));
        }
        let own = site::chinese(self.path);
        let links = english.links.iter().map(|(link, _)| self.site.expected(self.path, link));
        let links: Vec<_> = links.collect();
        let here = chinese.links.iter().map(|(link, _)| self.site.target(&own, link));
        let here: Vec<_> = here.collect();
        // A link that was copied as it stands leads elsewhere from here, but is meant right.
        let is_meant = |(at, (there, here)): (usize, (&String, &String))| {
            site::in_english(there) == site::in_english(here)
                || english.links[at].0 == chinese.links[at].0
        };
        if links.len() != here.len() || !links.iter().zip(&here).enumerate().all(is_meant) {
            let (there, here) = first_difference(&links, &here).expect("the files differ");
            faults.push(differs("link", there, here));
        } else {
            // The right page, but in the other language, or at another heading.
            let is_right =
                |there: &String, here: &String| match there.strip_suffix(site::ANY_ANCHOR) {
                    Some(page) => here.starts_with(&format!("{page}#")),
                    None => there == here,
                };
            for ((there, here), (link, place)) in links.iter().zip(&here).zip(&chinese.links) {
                if is_right(there, here) {
                    continue;
                }
                let source = &self.text[place.clone()];
                let is_known = !there.ends_with(site::ANY_ANCHOR);
                let at =
                    source.rfind(link.as_str()).filter(|_| is_known).map(|at| place.start + at);
                let repair = at.map(|at| (at..at + link.len(), self.site.link(&own, there)));
                faults.push(Fault { repair, ..differs("link", Some(there), Some(here)) });
            }
        }
        let approximate = |block: &Block| block.prose.matches('≈').count();
        if approximate(english) != approximate(chinese) {
            faults.push(self.fault(chinese, "a ≈ is lost or added".to_owned()));
        }
        if !chinese.words.contains(is_chinese) {
            let text = chinese.prose.trim();
            let digits =
                |it: &Block| -> String { it.prose.chars().filter(char::is_ascii_digit).collect() };
            if self.site.has_words(&english.words) {
                faults.push(self.fault(chinese, format!("not translated: {text}")));
            } else if digits(english) != digits(chinese)
                || text.is_empty() != english.prose.trim().is_empty()
            {
                faults.push(
                    self.fault(chinese, format!("not the text of the English page: '{text}'")),
                );
            }
        }
        faults.extend(self.header(english, chinese));
    }

    /// Whether the first line of a page says the same of it.
    fn header(&self, english: &Block, chinese: &Block) -> Option<Fault> {
        let header = Header::read(&english.words);
        let parts = || chinese.words.split('·').map(str::trim);
        if let Some(level) = &header.level {
            let expected = if level == "core" { "核心" } else { "进阶" };
            if !parts().any(|part| part == expected) {
                return Some(
                    self.fault(chinese, format!("does not say `{expected}`: it is {level}")),
                );
            }
        }
        let time = header.time.as_ref()?;
        let expected = format!("{} 分钟", time.split(' ').next()?);
        let said = parts().find(|part| part.ends_with("分钟"));
        if said == Some(&expected) {
            return None;
        }
        let repair = said.and_then(|said| {
            let at = chinese.place.start + chinese.source.rfind(said)?;
            Some((at..at + said.len(), expected.clone()))
        });
        let why = format!("does not say `{expected}`: the English page says {time}");
        Some(Fault { repair, ..self.fault(chinese, why) })
    }
}

/// The first place where two lists differ.
fn first_difference<'a>(
    one: &'a [String],
    other: &'a [String],
) -> Option<(Option<&'a String>, Option<&'a String>)> {
    let places = 0..one.len().max(other.len());
    places.map(|at| (one.get(at), other.get(at))).find(|(one, other)| one != other)
}

/// Whether a character is Chinese, or a full-width form.
fn is_full_width(c: char) -> bool {
    is_chinese(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}
