//! Reads a page of the course: its transcripts, excerpts and links, and how long it takes
//! to read.

use std::cell::RefCell;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::annotation::{self, Check, Role};
use super::order::Order;

/// What the check needs to know of a page.
#[derive(Debug, Default)]
pub struct Page {
    /// Its transcripts, in order.
    pub transcripts: Vec<Transcript>,
    /// Its excerpts of source files, in order.
    pub excerpts: Vec<Excerpt>,
    /// Its links and pictures, in order: the line, and the target.
    pub links: Vec<(usize, String)>,
    /// The anchors of its headings, as forges make them, and those of its HTML.
    pub anchors: Vec<String>,
    /// Its first paragraph.
    pub first: Paragraph,
    /// Its last paragraph.
    pub last: Paragraph,
    /// How much there is to read.
    pub length: Length,
}

/// A paragraph of text.
#[derive(Debug, Default, Clone)]
pub struct Paragraph {
    /// Its words, without marks.
    pub text: String,
    /// The targets of its links, in order.
    pub links: Vec<String>,
}

/// How much there is to read on a page, without what is folded (`<details>`).
#[derive(Debug, Default, Clone, Copy)]
pub struct Length {
    /// Words outside of code blocks.
    pub words: usize,
    /// Lines of excerpts.
    pub code: usize,
    /// Lines of transcripts.
    pub output: usize,
}

impl Length {
    /// Adds the lines of a code block.
    fn add(&mut self, language: &str, lines: usize) {
        match language {
            "console" => self.output += lines,
            _ => self.code += lines,
        }
    }

    /// The time it takes to read, in minutes: 180 words, 15 lines of code or 30 lines of
    /// output take one.
    pub fn minutes(self) -> f64 {
        self.words as f64 / 180.0 + self.code as f64 / 15.0 + self.output as f64 / 30.0
    }
}

/// A command and what it printed.
#[derive(Debug)]
pub struct Transcript {
    /// The line of the page with the command, from 1.
    pub line: usize,
    /// The command, without the `$`.
    pub command: String,
    /// What it may print: the first outcome is the one that is rewritten.
    pub outcomes: Vec<Outcome>,
    /// How to check it.
    pub check: Check,
    /// Forbidden outcomes: lines that the output must not contain.
    pub never: Vec<Vec<String>>,
}

/// A permitted outcome.
#[derive(Debug)]
pub struct Outcome {
    /// What is printed.
    pub output: Block,
    /// In which order.
    pub order: Order,
    /// The exit status.
    pub status: i32,
}

/// The output in a block.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its lines.
    pub lines: Vec<String>,
    /// Their place in the page, in bytes.
    pub place: Range<usize>,
}

/// An excerpt of a source file.
#[derive(Debug)]
pub struct Excerpt {
    /// The line of the page where it starts, from 1.
    pub line: usize,
    /// The target of the link in its caption: the last link of the paragraph above it.
    pub file: String,
    /// Its lines.
    pub text: String,
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// If a block or an annotation means nothing: nothing on a page is skipped.
    pub fn read(markdown: &str) -> Result<Page> {
        let mut page = Page::default();
        let mut annotation: Option<(usize, Check)> = None; // of the next block
        let mut heading: Option<String> = None;
        let mut paragraph: Option<Paragraph> = None; // that is being read
        let mut above: Option<Paragraph> = None; // the next block
        let mut folded = false;
        let line_of = |offset: usize| 1 + markdown[..offset].matches('\n').count();

        let undefined = RefCell::new(Vec::new()); // the places of links without a target
        let note = |link: BrokenLink<'_>| {
            // `[text]` alone may be text.
            if link.link_type == LinkType::Reference {
                undefined.borrow_mut().push((link.span.start, link.reference.into_string()));
            }
            None
        };
        let parser = Parser::new_with_broken_link_callback(markdown, Options::empty(), Some(note));
        let mut events = parser.into_offset_iter();
        while let Some((event, place)) = events.next() {
            match event {
                Event::Start(Tag::HtmlBlock) => {
                    let line = line_of(place.start);
                    let mut text = String::new();
                    for (event, _) in events.by_ref() {
                        let (Event::Html(part) | Event::Text(part)) = event else { break };
                        text.push_str(&part);
                    }
                    page.attributes(line, &text);
                    let opens = text.rfind("<details");
                    let closes = text.rfind("</details");
                    if opens.max(closes).is_some() {
                        folded = opens > closes;
                    }
                    let read = html(&text).with_context(|| format!("line {line}"))?;
                    let Some(read) = read else { continue };
                    if let Some((line, _)) = annotation.replace((line, read)) {
                        bail!("line {line}: no block follows the annotation");
                    }
                    continue;
                }
                Event::InlineHtml(text) => {
                    let line = line_of(place.start);
                    ensure!(
                        !annotation::looks_like_one(&text),
                        "line {line}: an annotation stands on a line of its own, before its block"
                    );
                    page.attributes(line, &text);
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let line = line_of(place.start);
                    let mut text = String::new();
                    let mut inside = place.start..place.start;
                    for (event, place) in events.by_ref() {
                        let Event::Text(part) = event else { break };
                        if text.is_empty() {
                            inside.start = place.start;
                        }
                        inside.end = place.end;
                        text.push_str(&part);
                    }
                    let language = match &kind {
                        CodeBlockKind::Fenced(language) => language.as_ref(),
                        CodeBlockKind::Indented => "",
                    };
                    let annotation = annotation.take().map(|(_, read)| read);
                    let above = above.take();
                    // Of the output, if it is a transcript: what follows the first line.
                    let first = markdown[inside.clone()].find('\n').map_or(0, |end| end + 1);
                    let rest = (inside.start + first).min(inside.end)..inside.end;
                    if !folded {
                        page.length.add(language, text.lines().count());
                    }
                    page.block(line, language, text, rest, annotation, above)
                        .with_context(|| format!("line {line}"))?;
                }
                Event::Start(Tag::Heading { .. }) => {
                    above = None;
                    heading = Some(String::new());
                }
                Event::Start(Tag::Paragraph) => paragraph = Some(Paragraph::default()),
                Event::End(TagEnd::Paragraph) => {
                    let read = paragraph.take().unwrap_or_default();
                    if page.last.text.is_empty() {
                        page.first = read.clone();
                    }
                    page.last = read.clone();
                    above = Some(read);
                }
                Event::End(TagEnd::Heading(_)) => {
                    let base = anchor(&heading.take().unwrap_or_default());
                    let mut names = (1..).map(|number| format!("{base}-{number}"));
                    let is_new = |name: &String| !page.anchors.contains(name);
                    let name = Some(base.clone()).filter(is_new).or_else(|| names.find(is_new));
                    page.anchors.extend(name);
                }
                Event::Text(text) | Event::Code(text) => {
                    let is_word = |word: &&str| word.contains(char::is_alphanumeric) && !folded;
                    page.length.words += text.split_whitespace().filter(is_word).count();
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                    if let Some(paragraph) = &mut paragraph {
                        paragraph.text.push_str(&text);
                    }
                }
                Event::SoftBreak | Event::HardBreak => {
                    if let Some(paragraph) = &mut paragraph {
                        paragraph.text.push(' ');
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let target = dest_url.into_string();
                    if let Some(paragraph) = &mut paragraph {
                        paragraph.links.push(target.clone());
                    }
                    page.links.push((line_of(place.start), target));
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    page.links.push((line_of(place.start), dest_url.into_string()));
                }
                Event::Start(Tag::List(_) | Tag::Table(_) | Tag::BlockQuote(_)) | Event::Rule => {
                    above = None;
                }
                _ => {}
            }
            if annotation.is_some() {
                break;
            }
        }
        if let Some((line, _)) = annotation {
            bail!("line {line}: no block follows the annotation");
        }
        drop(events);
        if let Some((place, reference)) = undefined.into_inner().first() {
            bail!("line {}: a link to [{reference}], which is not defined", line_of(*place));
        }
        Ok(page)
    }

    /// Adds the links and anchors of a piece of HTML.
    fn attributes(&mut self, line: usize, html: &str) {
        let values = |name: &str| -> Vec<String> {
            let start = format!(" {name}=\"");
            let values = html.split(&start).skip(1);
            values.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
        };
        let links = [values("src"), values("href")].concat();
        self.links.extend(links.into_iter().map(|link| (line, link)));
        self.anchors.extend([values("id"), values("name")].concat());
    }

    /// Adds a code block to the page.
    fn block(
        &mut self,
        line: usize,
        language: &str,
        text: String,
        rest: Range<usize>,
        check: Option<Check>,
        above: Option<Paragraph>,
    ) -> Result<()> {
        match (language, check) {
            ("console", check) => {
                let check = check.unwrap_or_default();
                ensure!(
                    check.role != Role::Or || above.is_some(),
                    "between two outcomes of a command stands a word for the reader, such as `or:`"
                );
                self.transcript(line, &text, rest, check)
            }
            (_, Some(_)) => bail!("only a ```console block is run"),
            (language, None) => {
                let file = above.and_then(|mut above| above.links.pop()).with_context(|| {
                    format!(
                        "a block '{language}' without a source: a ```console block is run, and \
                         any other is an excerpt: the paragraph above it ends with a link to its \
                         file"
                    )
                })?;
                self.excerpts.push(Excerpt { line, file, text });
                Ok(())
            }
        }
    }

    fn transcript(
        &mut self,
        line: usize,
        text: &str,
        rest: Range<usize>,
        check: Check,
    ) -> Result<()> {
        let (first, output) = text.split_once('\n').unwrap_or((text, ""));
        let command = first
            .strip_prefix("$ ")
            .context("a ```console block starts with a line `$ command`")?;
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        if let Some(second) = lines.iter().find(|line| line.starts_with("$ ")) {
            bail!("one command a block: '{second}' needs a block of its own");
        }
        let command = command.to_owned();
        let outcome = Outcome {
            output: Block { lines, place: rest },
            order: check.order.clone(),
            status: check.status,
        };
        if check.role == Role::Main {
            let (line, outcomes, never) = (line + 1, vec![outcome], Vec::new());
            self.transcripts.push(Transcript { line, command, outcomes, check, never });
            return Ok(());
        }
        let main = self.transcripts.last_mut().context("no transcript before this outcome")?;
        ensure!(
            main.command == command,
            "an outcome of `{command}`, but the block before runs `{}`",
            main.command
        );
        match check.role {
            Role::Never => main.never.push(outcome.output.lines),
            _ => main.outcomes.push(outcome),
        }
        Ok(())
    }
}

/// Reads a block of HTML; an annotation if it is one.
fn html(text: &str) -> Result<Option<Check>> {
    ensure!(
        !text.contains("```") && !text.contains("<pre"),
        "what is inside HTML is not checked: a transcript is a ```console block, with an empty \
         line before it"
    );
    annotation::read(text)
}

/// The anchor that a forge gives a heading: lower case, spaces to hyphens,
/// other punctuation left out.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = Page::read(
            "# 02 · fork\n\nSee [there](03-ipc.md#two).\n\n\
             In [a.rs](../a.rs):\n\n```rust\nfn main() {}\n```\n\n\
             <!-- check: interleave 1-2 -->\n```console\n$ cargo lesson 02-fork\npid 2\npid 3\n```\n\n\
             or:\n\n<!-- check: or -->\n```console\n$ cargo lesson 02-fork\npid 3\n```\n\n\
             <!-- check: never -->\n```console\n$ cargo lesson 02-fork\npid 4\n```\n\n\
             <details><summary>Answer</summary>\n\nTwo.\n\n```console\n$ cargo lesson 02-fork\n```\n\n\
             </details>\n\n\
             Next: [b](b.md)\n",
        )
        .unwrap();
        assert_eq!(page.anchors, ["02--fork"]);
        let links = [(3, "03-ipc.md#two"), (5, "../a.rs"), (42, "b.md")];
        assert_eq!(page.links, links.map(|(line, target)| (line, target.to_owned())));
        let excerpt = &page.excerpts[0];
        assert_eq!((excerpt.file.as_str(), excerpt.text.as_str()), ("../a.rs", "fn main() {}\n"));
        assert_eq!(page.first.text, "See there.");
        assert_eq!(
            (page.last.text.as_str(), &page.last.links[..]),
            ("Next: b", &["b.md".to_owned()][..])
        );
        let length = page.length;
        assert_eq!((length.words, length.code, length.output), (9, 1, 7));
        let transcript = &page.transcripts[0];
        assert_eq!((transcript.line, transcript.command.as_str()), (13, "cargo lesson 02-fork"));
        assert_eq!(transcript.outcomes[0].output.lines, ["pid 2", "pid 3"]);
        assert_eq!(transcript.never, [["pid 4"]]);
    }

    #[test]
    fn the_place_of_an_output_is_the_text_to_replace() {
        for output in ["", "one\n", "one\n\n  two\n"] {
            let markdown = format!("```console\n$ x\n{output}```\n");
            let page = Page::read(&markdown).unwrap();
            assert_eq!(&markdown[page.transcripts[0].outcomes[0].output.place.clone()], output);
        }
    }

    #[test]
    fn links_and_anchors_are_those_that_a_forge_shows() {
        let page = Page::read(
            "# The end\n\n## The end\n\n### The end\n\n<a id=\"here\"></a> [one]\n\n\
             <img src=\"missing.png\">\n\ntext <a href=\"there.md\">there</a>\n",
        )
        .unwrap();
        assert_eq!(page.anchors, ["the-end", "the-end-1", "the-end-2", "here"]);
        assert_eq!(page.links, [(9, "missing.png".to_owned()), (11, "there.md".to_owned())]);
        let undefined = Page::read("a\n\n[text][nope]\n").unwrap_err();
        assert_eq!(undefined.to_string(), "line 3: a link to [nope], which is not defined");
        assert!(Page::read("[text][nope]\n\n[nope]: a.md\n").is_ok());
    }

    #[test]
    fn nothing_is_skipped() {
        for page in [
            "```rust\nfn main() {}\n```\n",
            "```sh\necho\n```\n",
            "    indented\n",
            "```console\nno command\n```\n",
            "```console\n$ one\n$ two\n```\n",
            "<!-- check: interleave -->\n\ntext\n",
            "<!-- check: interleave -->\n",
            "<!-- check: or -->\n```console\n$ a\n```\n",
            "```console\n$ a\n```\n\nor\n\n<!-- check: or -->\n```console\n$ b\n```\n",
            "```console\n$ a\n```\n\n<!-- check: or -->\n```console\n$ a\n```\n",
            "[a](a.rs)\n\n- a list\n\n```rust\n```\n",
            "[a](a.rs)\n\nno link\n\n```rust\n```\n",
            "[a](a.rs)\n\n```console\n$ a\n```\n\n```rust\n```\n",
            "text <!-- check: status 1 --> text\n\n```console\n$ a\n```\n",
            "<!--\ncheck: statu 1\n-->\n```console\n$ a\n```\n",
            "<pre>\n$ a\n</pre>\n",
            "<!--\n```console\n$ a\n```\n-->\n",
            "<details>\n```console\n$ a\n```\n</details>\n",
        ] {
            assert!(Page::read(page).is_err(), "{page}");
        }
    }
}
