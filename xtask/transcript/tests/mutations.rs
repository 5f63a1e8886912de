//! Every transcript on the pages of the course, changed in each way that makes it wrong:
//! a comparison that accepts one of the changes would accept a lesson that does it.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use transcript::equivalent::{BUDGET, Refusal, equivalent};
use transcript::order::Order;
use transcript::page::Page;
use transcript::token::Line;

/// An outcome on a page.
struct Shown {
    place: String,
    lines: Vec<String>,
    order: Order,
}

impl Shown {
    fn accepts(&self, output: &[String]) -> bool {
        let page: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let output: Vec<&str> = output.iter().map(String::as_str).collect();
        let verdict = equivalent(&page, &output, &self.order, BUDGET);
        assert_ne!(verdict, Err(Refusal::Undecided), "{}", self.place);
        verdict.is_ok()
    }

    /// Asserts that an output is refused, unless a reader would call it the same.
    #[track_caller]
    fn refuses(&self, what: &str, output: &[String]) {
        assert!(
            !self.accepts(output) || is_renamed(&self.lines, output),
            "{}: {what} is accepted:\n{}",
            self.place,
            output.join("\n")
        );
    }

    fn with(&self, line: usize, text: String) -> Vec<String> {
        let mut lines = self.lines.clone();
        lines[line] = text;
        lines
    }

    /// The number of the range in which a line may interleave.
    fn range(&self, line: usize) -> Option<usize> {
        self.order.interleave.iter().position(|range| range.contains(&(line + 1)))
    }
}

/// All outcomes on all pages.
fn shown() -> Vec<Shown> {
    // Where these tests run, not where they were compiled: checkouts may share a target folder.
    let here = std::env::current_dir().unwrap();
    let root = here.ancestors().nth(2).unwrap();
    let mut pages = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                // The Chinese pages show the same outputs.
                if !path.ends_with("docs/zh") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut shown = Vec::new();
    for path in pages {
        let page = Page::read(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        for transcript in page.transcripts {
            shown.extend(transcript.outcomes.into_iter().map(|outcome| Shown {
                place: format!("{name}:{} {}", transcript.line, transcript.command),
                lines: outcome.output.lines,
                order: outcome.order,
            }));
        }
    }
    assert!(shown.len() > 50, "where are the pages?");
    shown
}

/// Whether two outputs are the same line by line, apart from their ids: equal ones are
/// equal, different ones different.
fn is_renamed(one: &[String], other: &[String]) -> bool {
    let (mut there, mut back) = (HashMap::new(), HashMap::new());
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            let (one, other) = (Line::read(one), Line::read(other));
            one.shape == other.shape
                && one.ids.into_iter().zip(other.ids).all(|(one, other)| {
                    let (one, other) = ((one.sort, one.value), (other.sort, other.value));
                    *there.entry(one.clone()).or_insert_with(|| other.clone()) == other
                        && *back.entry(other).or_insert_with(|| one.clone()) == one
                })
        })
}

/// What each actor wrote, with its own id as `#` and all other ids as `?`, and how many
/// did: outputs that differ here are not the same to any reader.
fn by_actor(lines: &[String]) -> BTreeMap<Vec<String>, usize> {
    let mut actors: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for text in lines {
        let line = Line::read(text);
        let actor = line.actor().map(str::to_owned);
        let mut masked = text.clone();
        for id in line.ids.iter().rev() {
            let own = Some(&id.value) == actor.as_ref();
            masked.replace_range(id.place.clone(), if own { "#" } else { "?" });
        }
        actors.entry(actor).or_default().push(masked);
    }
    let mut count = BTreeMap::new();
    actors.into_values().for_each(|lines| *count.entry(lines).or_default() += 1);
    count
}

/// Whether the second of two lines cannot come before the first, apart from their times:
/// one actor wrote both, one of them tells the end or the begin of the other's actor, or a
/// line that names nobody keeps its place.
fn follows(shown: &Shown, first: usize, second: usize) -> bool {
    let (one, other) = (Line::read(&shown.lines[first]), Line::read(&shown.lines[second]));
    let is_fixed = |line: &Line, index: usize| {
        line.actor().is_none() && !shown.order.anywhere.contains(&(index + 1))
    };
    shown.range(first).is_none()
        || shown.range(first) != shown.range(second)
        || one.actor() == other.actor()
        || is_fixed(&one, first)
        || is_fixed(&other, second)
        || other.ended().any(|id| Some(id) == one.actor())
        || one.begun().any(|id| Some(id) == other.actor())
        || shown.order.before.contains(&(first + 1, second + 1))
        || shown
            .order
            .together
            .iter()
            .any(|it| it.contains(&(first + 1)) || it.contains(&(second + 1)))
}

#[test]
fn each_page_is_equivalent_to_itself_and_its_annotations_mean_something() {
    for shown in shown() {
        let lines: Vec<&str> = shown.lines.iter().map(String::as_str).collect();
        assert_eq!(shown.order.fault(&lines), None, "{}", shown.place);
        assert!(shown.accepts(&shown.lines), "{}", shown.place);
    }
}

#[test]
fn neighbours_change_places_only_where_neither_follows_from_the_other() {
    for shown in shown() {
        for (first, second) in (0..shown.lines.len()).zip(1..shown.lines.len()) {
            let mut swapped = shown.lines.clone();
            swapped.swap(first, second);
            let record = Line::read(&swapped[first]).at().zip(Line::read(&swapped[second]).at());
            if record.is_some_and(|(first, second)| first > second) {
                shown.refuses("a time that runs backwards", &swapped);
                // From here on, each time stays where it is.
                let who = |line: &str| [line.find("pid "), line.find("tid ")];
                let at = |line: &str| who(line).into_iter().flatten().min().unwrap();
                let (one, other) = (&shown.lines[first], &shown.lines[second]);
                swapped[first] = format!("{}{}", &one[..at(one)], &other[at(other)..]);
                swapped[second] = format!("{}{}", &other[..at(other)], &one[at(one)..]);
            }
            // Lines that are alike but for their ids may be told by actors that changed names.
            let alike =
                Line::read(&shown.lines[first]).shape == Line::read(&shown.lines[second]).shape;
            if shown.range(first).is_some() && alike {
                continue;
            }
            if follows(&shown, first, second) {
                shown.refuses("another order", &swapped);
            } else {
                let swapped_lines = swapped.join("\n");
                assert!(shown.accepts(&swapped), "{}: refused:\n{swapped_lines}", shown.place);
            }
        }
    }
}

#[test]
fn an_end_is_never_told_before_the_last_line_of_what_ended() {
    let mut moved = 0;
    for shown in shown() {
        for (told, text) in shown.lines.iter().enumerate() {
            let told_line = Line::read(text);
            let of_it = |line: &&usize| {
                told_line.ended().any(|id| Line::read(&shown.lines[**line]).actor() == Some(id))
            };
            let earlier: Vec<usize> = (0..told).collect();
            for line in earlier.iter().filter(of_it) {
                let mut changed = shown.lines.clone();
                let text = changed.remove(told);
                changed.insert(*line, text);
                shown.refuses("an end told too early", &changed);
                moved += 1;
            }
        }
    }
    assert!(moved > 20, "{moved} lines tell an end");
}

#[test]
fn no_id_stands_for_another() {
    for shown in shown() {
        let unchanged = by_actor(&shown.lines);
        let ids = shown.lines.iter().flat_map(|line| Line::read(line).ids);
        let all: Vec<_> = ids.map(|id| (id.sort, id.value)).collect();
        for (index, text) in shown.lines.iter().enumerate() {
            for id in Line::read(text).ids {
                let others = || all.iter().filter(|(sort, it)| *sort == id.sort && *it != id.value);
                for (_, other) in others().next().into_iter().chain(others().next_back()) {
                    let mut changed = text.clone();
                    changed.replace_range(id.place.clone(), other);
                    let output = shown.with(index, changed);
                    if by_actor(&output) != unchanged {
                        shown.refuses("another's id", &output);
                    }
                }
            }
        }
    }
}

#[test]
fn no_number_no_word_and_no_sign_differs() {
    for shown in shown() {
        for (index, text) in shown.lines.iter().enumerate() {
            let shape = Line::read(text).shape;
            for place in changeable(text) {
                let mut changed = text.clone();
                let another = match text.as_bytes()[place] {
                    b'0' => "1",
                    b'1' => "2",
                    b'2'..=b'9' => "1",
                    b'x' => "y",
                    byte if byte.is_ascii_alphabetic() => "x",
                    _ => "=",
                };
                let character = text[place..].chars().next().unwrap();
                changed.replace_range(place..place + character.len_utf8(), another);
                // What was measured differs, and ids have a test of their own.
                if Line::read(&changed).shape != shape {
                    shown.refuses("another character", &shown.with(index, changed));
                }
            }
        }
    }
}

/// The places of a line's signs, of the last digit of each number, and of the last letter.
fn changeable(text: &str) -> Vec<usize> {
    let digit = |place: usize| text.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
    let signs = text.match_indices('≈').map(|(place, _)| place);
    let numbers = (0..text.len()).filter(|place| digit(*place) && !digit(place + 1));
    let letter = text.rfind(|c: char| c.is_ascii_alphabetic());
    signs.chain(numbers).chain(letter).collect()
}

#[test]
fn no_line_is_missing_and_none_is_there_twice() {
    for shown in shown() {
        for line in 0..shown.lines.len() {
            let (mut missing, mut twice) = (shown.lines.clone(), shown.lines.clone());
            missing.remove(line);
            twice.insert(line, shown.lines[line].clone());
            shown.refuses("a missing line", &missing);
            shown.refuses("a line that is there twice", &twice);
        }
    }
}
