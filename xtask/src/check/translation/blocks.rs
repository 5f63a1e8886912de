//! Reads a page as a list of blocks: what must be the same on the Chinese page, and the prose.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use xxhash_rust::xxh3::xxh3_64;

/// The lines that a reader sees below the heading of a stale section: the English text has
/// changed, or the Chinese one has.
pub const MARKS: [&str; 2] = ["本节译文落后于英文版。", "本节译文改动后，尚未与英文版核对。"];

/// Whether a line is part of what a Chinese page says of its own section, or empty.
pub fn is_note(line: &str) -> bool {
    let mark = line.trim_matches('*');
    line.is_empty() || Stamp::read(line).is_some() || MARKS.contains(&mark)
}

/// A heading and what follows, up to the next heading.
#[derive(Debug, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Its blocks; the first is the heading.
    pub blocks: Vec<Block>,
    /// The hashes of what was vouched for.
    pub stamp: Option<Stamp>,
    /// The place of the comment with the stamp.
    stamped: Option<Range<usize>>,
    /// The visible line, and its place.
    mark: Option<(String, Range<usize>)>,
}

/// The hashes of the two proses of a section.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Of the English one.
    pub english: String,
    /// Of the Chinese one.
    pub chinese: String,
}

/// A block of a page: a heading, a paragraph, a list item, a cell, a fence, a comment.
#[derive(Debug, Default)]
pub struct Block {
    /// Its line, from 1.
    pub line: usize,
    /// Its place in the page, in bytes.
    pub place: Range<usize>,
    /// What is there in the page.
    pub source: String,
    /// What it is, and what it is in: `paragraph in a quote`.
    pub kind: String,
    /// What is the same in both languages, byte by byte: a fence, a comment, the tags of HTML.
    pub exact: String,
    /// Its code spans.
    pub code: Vec<String>,
    /// The targets of its links and pictures, as they are written, and the place of each.
    pub links: Vec<(String, Range<usize>)>,
    /// Its text.
    pub prose: String,
    /// Its text without code.
    pub words: String,
}

impl Block {
    /// Whether it is the same in both languages as a whole.
    pub fn is_verbatim(&self) -> bool {
        self.kind.starts_with("fence") || self.kind.starts_with("comment")
    }

    fn text(&mut self, text: &str) {
        self.prose += text;
        self.words += text;
    }

    /// Takes HTML apart: its tags, its links, and its text.
    fn html(&mut self, html: &str) {
        for piece in html.split_inclusive('>') {
            let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
            self.text(text.trim());
            let mut parts = tag.split('"');
            while let Some(before) = parts.next() {
                self.exact += before;
                let Some(value) = parts.next() else { break };
                match before.rsplit(' ').next() {
                    Some("src=" | "href=") => {
                        self.links.push((value.to_owned(), self.place.clone()))
                    }
                    Some("title=" | "alt=") => self.text(value),
                    _ => self.exact += &format!("\"{value}\""),
                }
            }
        }
    }

    /// What is hashed: lines may be filled anew, and a reading time is measured.
    fn hashed(&self) -> String {
        let is_header = self.prose.contains(" · ");
        let text = self.prose.replace("minutes", "minute");
        text.chars().filter(|c| !(c.is_whitespace() || is_header && c.is_ascii_digit())).collect()
    }
}

impl Stamp {
    /// That of two sections.
    pub fn of(english: &Section, chinese: &Section) -> Stamp {
        Stamp { english: english.hash(), chinese: chinese.hash() }
    }

    fn read(comment: &str) -> Option<Stamp> {
        let hashes = comment.strip_prefix("<!-- vouched for: en ")?.strip_suffix(" -->")?;
        let (english, chinese) = hashes.split_once(", zh ")?;
        Some(Stamp { english: english.to_owned(), chinese: chinese.to_owned() })
    }
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<!-- vouched for: en {}, zh {} -->", self.english, self.chinese)
    }
}

impl Section {
    /// A hash of its prose: a new output does not change it.
    fn hash(&self) -> String {
        let blocks = self.blocks.iter().filter(|block| !block.is_verbatim());
        let prose: Vec<String> = blocks.map(Block::hashed).collect();
        format!("{:08x}", xxh3_64(prose.join("\n").as_bytes()) as u32)
    }

    /// Where the line after the heading begins.
    fn below_heading(&self) -> usize {
        self.blocks[0].place.end
    }

    /// What is to be written so that it has this visible line, or none; `None` if it is so.
    pub fn with_mark(&self, mark: Option<&str>) -> Option<(Range<usize>, String)> {
        let text = mark.map_or(String::new(), |mark| format!("*{mark}*\n\n"));
        match &self.mark {
            Some((old, place)) => (mark != Some(old)).then(|| (place.clone(), text)),
            None => mark.map(|_| {
                let at = self.stamped.as_ref().map_or(self.below_heading(), |it| it.end);
                (at..at, format!("\n{}", text.trim_end_matches('\n').to_owned() + "\n"))
            }),
        }
    }

    /// What is to be written so that it has this stamp and no visible line.
    pub fn with_stamp(&self, stamp: &Stamp) -> Vec<(Range<usize>, String)> {
        let place = self.stamped.clone().unwrap_or(self.below_heading()..self.below_heading());
        let mut parts = vec![(place, format!("{stamp}\n"))];
        parts.extend(self.with_mark(None));
        parts
    }
}

/// The sections of a page. What comes before the first heading belongs to the first section.
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for block in blocks(markdown) {
        if sections.is_empty() || block.kind.starts_with("heading") {
            let heading = block.prose.trim().to_owned();
            sections.push(Section { heading, ..Section::default() });
        }
        let section = sections.last_mut().expect("one was pushed");
        let stamp = Stamp::read(block.exact.trim_end());
        if section.blocks.is_empty() {
            // Whatever it is: a section has a first block.
            section.blocks.push(block);
        } else if stamp.is_some() {
            section.stamp = stamp;
            section.stamped = Some(block.place);
        } else if MARKS.contains(&block.prose.trim()) && block.kind == "paragraph" {
            // With the empty line after it.
            let end = block.place.end;
            let end = if markdown[end..].starts_with('\n') { end + 1 } else { end };
            section.mark = Some((block.prose.trim().to_owned(), block.place.start..end));
        } else {
            section.blocks.push(block);
        }
    }
    sections
}

/// The blocks of a page, in one pass.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside: Vec<&str> = Vec::new();
    let mut verbatim = false;
    for (event, place) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        let kind = match &event {
            Event::Start(Tag::Heading { level, .. }) => {
                format!("heading of level {}", *level as usize)
            }
            Event::Start(Tag::Paragraph) => "paragraph".to_owned(),
            Event::Start(Tag::CodeBlock(_)) => "fence".to_owned(),
            Event::Start(Tag::BlockQuote(_)) => "quote".to_owned(),
            Event::Start(Tag::List(None)) => "list".to_owned(),
            Event::Start(Tag::List(Some(_))) => "numbered list".to_owned(),
            Event::Start(Tag::Item) => "list item".to_owned(),
            Event::Start(Tag::Table(_)) => "table".to_owned(),
            Event::Start(Tag::TableHead | Tag::TableRow) => "row".to_owned(),
            Event::Start(Tag::TableCell) => "cell".to_owned(),
            Event::Rule => "rule".to_owned(),
            Event::Start(Tag::HtmlBlock) => {
                let html = markdown[place.clone()].trim_start();
                let name = html.split(['>', ' ', '\n']).next().unwrap_or_default();
                if name == "<!--" { "comment".to_owned() } else { format!("`{name}>`") }
            }
            _ => String::new(),
        };
        if !kind.is_empty() {
            let within: String = inside.iter().map(|outer| format!(" in a {outer}")).collect();
            let line = 1 + markdown[..place.start].matches('\n').count();
            let source = markdown[place.clone()].to_owned();
            let place = place.clone();
            let kind = kind + &within;
            blocks.push(Block { line, place, source, kind, ..Block::default() });
        }
        match &event {
            Event::Start(Tag::BlockQuote(_)) => inside.insert(0, "quote"),
            Event::Start(Tag::List(_)) => inside.insert(0, "list"),
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => drop(inside.remove(0)),
            _ => {}
        }
        let Some(block) = blocks.last_mut() else { continue };
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                block.exact.clone_from(&block.source);
                verbatim = true;
            }
            Event::Start(Tag::HtmlBlock) if block.kind.starts_with("comment") => {
                block.exact.clone_from(&block.source);
                verbatim = true;
            }
            Event::Start(Tag::HtmlBlock) => {
                let html = std::mem::take(&mut block.source);
                block.html(&html);
                verbatim = true;
            }
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => verbatim = false,
            _ if verbatim => {}
            Event::Text(text) => block.text(&text),
            Event::Code(code) => {
                block.prose += &code;
                // The words beside it stay apart.
                block.words.push(' ');
                block.code.push(code.into_string());
            }
            Event::InlineHtml(html) => block.html(&html),
            Event::SoftBreak | Event::HardBreak => block.text(" "),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                block.links.push((dest_url.into_string(), place));
            }
            _ => {}
        }
    }
    blocks
}
