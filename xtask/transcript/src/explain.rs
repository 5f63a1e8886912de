//! Finds where two outputs differ, and names it with the ids of the expected one.

use std::collections::{HashMap, HashSet};

use super::phrases::Sort;
use super::token::{Id, Line};

/// The first line in which an actor's output differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The process or thread by its id on the page (by its own, if the page
    /// has none like it); `None` for lines that name none.
    pub actor: Option<String>,
    /// The line's number in the output, from 1: on the page, or in the new output if
    /// the page lacks the line.
    pub line: usize,
    /// The line on the page.
    pub expected: Option<String>,
    /// The new line, with the page's ids where they are known.
    pub actual: Option<String>,
}

/// What [`explain`] finds.
#[derive(Debug)]
pub struct Explanation {
    /// The new output with the page's ids, where they are known.
    pub mapped: Vec<String>,
    /// The first differing line of each actor; if every actor wrote what it
    /// should, the first line that is out of order.
    pub differences: Vec<Difference>,
}

/// Compares two outputs that are not equivalent, actor by actor.
pub fn explain(expected: &[&str], actual: &[&str]) -> Explanation {
    let page: Vec<Line> = expected.iter().map(|text| Line::read(text)).collect();
    let run: Vec<Line> = actual.iter().map(|text| Line::read(text)).collect();
    let pairs = pairs(&page, &run);
    let names = names(&pairs, &page, &run);
    let mapped: Vec<String> =
        actual.iter().zip(&run).map(|(text, line)| renamed(text, line, &names)).collect();
    let mapped_lines: Vec<Line> = mapped.iter().map(|text| Line::read(text)).collect();

    // The difference between a line of the page and one of the run; either may be missing.
    let difference = |actor: Option<&str>, lines: (Option<usize>, Option<usize>), alike: Alike| {
        let (page_line, run_line) = lines;
        if let (Some(page_line), Some(run_line)) = lines
            && alike(&page[page_line], &mapped_lines[run_line])
        {
            return None;
        }
        Some(Difference {
            actor: actor.map(str::to_owned),
            line: page_line.or(run_line)? + 1,
            expected: page_line.map(|line| expected[line].to_owned()),
            actual: run_line.map(|line| mapped[line].clone()),
        })
    };
    let first_difference = |pair: &Pair, alike: Alike| {
        let first = pair.page.first().map(|line| &page[*line]);
        let actor = first.or_else(|| Some(&mapped_lines[*pair.run.first()?]))?.actor();
        let place = |place: usize| (pair.page.get(place).copied(), pair.run.get(place).copied());
        (0..pair.page.len().max(pair.run.len()))
            .map(place)
            .find_map(|lines| difference(actor, lines, alike))
    };
    // Which ids belong together is a guess: they count only where all words are the same.
    let mut differences: Vec<Difference> = Vec::new();
    for alike in [have_the_same_words as Alike, are_the_same] {
        if differences.is_empty() {
            differences = pairs.iter().filter_map(|pair| first_difference(pair, alike)).collect();
        }
    }
    if differences.is_empty() {
        let in_place = |line| difference(None, (Some(line), Some(line)), are_the_same);
        differences.extend((0..page.len()).find_map(in_place));
    }
    differences.sort_by_key(|difference| difference.line);
    Explanation { mapped, differences }
}

/// How two lines are compared.
type Alike = fn(&Line, &Line) -> bool;

/// Whether two lines match, whatever their ids are.
fn have_the_same_words(one: &Line, other: &Line) -> bool {
    one.shape == other.shape
}

/// Whether two lines match with their ids as they are.
fn are_the_same(one: &Line, other: &Line) -> bool {
    one.shape == other.shape
        && one.ids.iter().map(|id| &id.value).eq(other.ids.iter().map(|id| &id.value))
}

/// What one actor wrote, as lines of the page and of the new run. One may be empty.
struct Pair {
    page: Vec<usize>,
    run: Vec<usize>,
}

/// Pairs each actor of the page with the actor of the new run that has the most lines
/// like its own, the first of several.
fn pairs(page: &[Line], run: &[Line]) -> Vec<Pair> {
    let mut left = by_actor(run);
    let mut pairs = Vec::new();
    for (actor, lines) in by_actor(page) {
        let score = |others: &[usize]| {
            lines
                .iter()
                .zip(others)
                .filter(|(line, other)| page[**line].shape == run[**other].shape)
                .count()
        };
        // Of equal scores `max_by_key` takes the last, hence the reverse.
        let candidates = left.iter().enumerate().rev();
        let best = candidates
            .filter(|(_, (other, _))| other.is_some() == actor.is_some())
            .max_by_key(|(_, (_, others))| score(others))
            .map(|(index, _)| index);
        let others = best.map(|index| left.remove(index).1).unwrap_or_default();
        pairs.push(Pair { page: lines, run: others });
    }
    pairs.extend(left.into_iter().map(|(_, run)| Pair { page: Vec::new(), run }));
    pairs
}

/// The lines of each actor, the actors in the order in which they appear.
fn by_actor<'a>(output: &'a [Line]) -> Vec<(Option<&'a str>, Vec<usize>)> {
    let mut actors: Vec<(Option<&'a str>, Vec<usize>)> = Vec::new();
    for (index, line) in output.iter().enumerate() {
        match actors.iter_mut().find(|(actor, _)| *actor == line.actor()) {
            Some((_, lines)) => lines.push(index),
            None => actors.push((line.actor(), vec![index])),
        }
    }
    actors
}

/// From an id of the new output to the page's.
type Names = HashMap<(Sort, String), String>;

/// The renaming that the pairs suggest: an actor takes its partner's id; then ids in
/// lines of the same shape, unless an earlier line suggests another.
fn names(pairs: &[Pair], page: &[Line], run: &[Line]) -> Names {
    let mut names = Names::new();
    let mut taken = HashSet::new();
    let mut give = |run: &Id, page: &Id| {
        if run.sort == page.sort && !names.contains_key(&key(run)) && taken.insert(key(page)) {
            names.insert(key(run), page.value.clone());
        }
    };
    let lines = |pair: &Pair| -> Vec<(&Line, &Line)> {
        pair.page.iter().zip(&pair.run).map(|(line, other)| (&page[*line], &run[*other])).collect()
    };
    let process = |line: &Line| line.ids.iter().find(|id| id.sort == Sort::Process).cloned();
    for pair in pairs {
        if let Some((page, run)) = lines(pair).first()
            && let (Some(page), Some(run)) = (process(page), process(run))
        {
            give(&run, &page);
        }
    }
    for (page, run) in pairs.iter().flat_map(lines) {
        if page.shape == run.shape {
            run.ids.iter().zip(&page.ids).for_each(|(run, page)| give(run, page));
        }
    }
    names
}

fn key(id: &Id) -> (Sort, String) {
    (id.sort, id.value.clone())
}

/// The text of a line with its ids renamed.
fn renamed(text: &str, line: &Line, names: &Names) -> String {
    let mut text = text.to_owned();
    for id in line.ids.iter().rev() {
        if let Some(name) = names.get(&key(id)) {
            text.replace_range(id.place.clone(), name);
        }
    }
    text
}
