//! Says where two outputs part, in the ids of the expected one.

use std::collections::HashMap;

use super::token::{Id, Line, Sort};

/// The first line in which an actor's output differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The process or thread by its id on the page (by its own, if the page
    /// has none like it); `None` for lines that name none.
    pub actor: Option<String>,
    /// Which line of the output it is, from 1: on the page, or, where the page
    /// has none, in the new output.
    pub line: usize,
    /// The line on the page.
    pub expected: Option<String>,
    /// The line that came, with the page's ids where they are known.
    pub actual: Option<String>,
}

/// What [`explain`] finds.
#[derive(Debug)]
pub struct Explanation {
    /// The new output with the page's ids, as far as the two can be laid
    /// beside each other.
    pub mapped: Vec<String>,
    /// The first differing line of each actor; if every actor wrote what it
    /// should, the first line that came out of order.
    pub differences: Vec<Difference>,
}

/// Lays two outputs that are not equivalent beside each other.
pub fn explain(expected: &[&str], actual: &[&str]) -> Explanation {
    let page: Vec<Text> = expected.iter().map(|text| Text::read(text)).collect();
    let run: Vec<Text> = actual.iter().map(|text| Text::read(text)).collect();
    let pairs = pairs(&page, &run);
    let names = names(&pairs);
    let run_again: Vec<Text> = run.iter().map(|text| Text::read(&text.renamed(&names))).collect();

    let mut differences: Vec<Difference> =
        pairs.iter().filter_map(|pair| pair.difference(&names)).collect();
    if differences.is_empty() {
        let parted = page.iter().zip(&run_again).position(|(page, run)| !page.is_like(run));
        differences.extend(parted.map(|index| Difference {
            actor: None,
            line: index + 1,
            expected: Some(page[index].text.clone()),
            actual: Some(run_again[index].text.clone()),
        }));
    }
    differences.sort_by_key(|difference| difference.line);
    Explanation { mapped: run_again.into_iter().map(|text| text.text).collect(), differences }
}

/// From an id of the new output to the page's.
type Names = HashMap<(Sort, String), String>;

/// A line of output, as it is written and as it is read.
struct Text {
    text: String,
    line: Line,
}

impl Text {
    fn read(text: &str) -> Text {
        Text { text: text.to_owned(), line: Line::read(text) }
    }

    fn renamed(&self, names: &Names) -> String {
        let mut text = self.text.clone();
        for id in self.line.ids.iter().rev() {
            if let Some(name) = names.get(&key(id)) {
                text.replace_range(id.place.clone(), name);
            }
        }
        text
    }

    /// Whether the two lines match with their ids as they are.
    fn is_like(&self, other: &Text) -> bool {
        let ids = |text: &Text| text.line.ids.iter().map(|id| id.value.clone()).collect::<Vec<_>>();
        self.line.shape == other.line.shape && ids(self) == ids(other)
    }
}

fn key(id: &Id) -> (Sort, String) {
    (id.sort, id.value.clone())
}

/// Lines of an output, each with its place in it.
type Lines<'a> = Vec<(usize, &'a Text)>;

/// What one actor wrote on the page and in the new run. One may be empty.
struct Pair<'a> {
    page: Lines<'a>,
    run: Lines<'a>,
}

impl Pair<'_> {
    fn difference(&self, names: &Names) -> Option<Difference> {
        let page = |place: usize| self.page.get(place).map(|(_, text)| text.text.clone());
        let run = |place: usize| self.run.get(place).map(|(_, text)| text.renamed(names));
        let matches = |place: usize| match (page(place), run(place)) {
            (Some(page), Some(run)) => Text::read(&page).is_like(&Text::read(&run)),
            _ => false,
        };
        let place = (0..self.page.len().max(self.run.len())).find(|place| !matches(*place))?;
        let first = page(0).or_else(|| run(0))?;
        let (index, _) = self.page.get(place).or_else(|| self.run.get(place))?;
        let actor = Line::read(&first).actor().map(str::to_owned);
        Some(Difference { actor, line: index + 1, expected: page(place), actual: run(place) })
    }
}

/// Pairs the actors of the two outputs: to each of the page the one of the new
/// run that has the most lines like its own, the first of several.
fn pairs<'a>(page: &'a [Text], run: &'a [Text]) -> Vec<Pair<'a>> {
    let mut left = by_actor(run);
    let mut pairs = Vec::new();
    for (actor, page) in by_actor(page) {
        let alike = |run: &[(usize, &Text)]| {
            page.iter()
                .zip(run)
                .filter(|((_, page), (_, run))| page.line.shape == run.line.shape)
                .count()
        };
        let mut best: Option<(usize, usize)> = None;
        for (index, (other, run)) in left.iter().enumerate() {
            let score = alike(run);
            if other.is_some() == actor.is_some() && best.is_none_or(|(_, most)| score > most) {
                best = Some((index, score));
            }
        }
        let run = best.map(|(index, _)| left.remove(index).1).unwrap_or_default();
        pairs.push(Pair { page, run });
    }
    pairs.extend(left.into_iter().map(|(_, run)| Pair { page: Vec::new(), run }));
    pairs
}

/// The lines of each actor with their places, the actors in the order in which
/// they appear.
fn by_actor(output: &[Text]) -> Vec<(Option<&str>, Lines<'_>)> {
    let mut places: HashMap<Option<&str>, usize> = HashMap::new();
    let mut actors: Vec<(Option<&str>, Lines)> = Vec::new();
    for (index, text) in output.iter().enumerate() {
        let actor = text.line.actor();
        let place = *places.entry(actor).or_insert_with(|| {
            actors.push((actor, Vec::new()));
            actors.len() - 1
        });
        actors[place].1.push((index, text));
    }
    actors
}

/// The renaming that the pairs suggest: an actor takes its partner's id; then
/// the ids in lines of the same shape, if no line before said otherwise.
fn names(pairs: &[Pair]) -> Names {
    let mut names = Names::new();
    let mut taken = std::collections::HashSet::new();
    let mut give = |run: &Id, page: &Id| {
        if run.sort == page.sort && !names.contains_key(&key(run)) && taken.insert(key(page)) {
            names.insert(key(run), page.value.clone());
        }
    };
    let first = |text: &Text| text.line.ids.iter().find(|id| id.sort == Sort::Process).cloned();
    for pair in pairs {
        if let (Some((_, page)), Some((_, run))) = (pair.page.first(), pair.run.first())
            && let (Some(page), Some(run)) = (first(page), first(run))
        {
            give(&run, &page);
        }
    }
    for pair in pairs {
        for ((_, page), (_, run)) in pair.page.iter().zip(&pair.run) {
            if page.line.shape == run.line.shape {
                run.line.ids.iter().zip(&page.line.ids).for_each(|(run, page)| give(run, page));
            }
        }
    }
    names
}
