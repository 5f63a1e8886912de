//! Whether two outputs are equivalent.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;

use super::colours;
use super::side::Side;

/// How many pairs of units a comparison may try before it gives up. The
/// colours leave so little to try that an output which needs more is one whose
/// actors cannot be told apart.
pub const BUDGET: usize = 1_000_000;

/// Why two outputs are not held to be equivalent.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They are not.
    Different,
    /// The budget ran out before that was decided.
    Undecided,
}

/// Whether `actual` is equivalent to `expected`, where the `parts` (line
/// numbers from 1) may interleave.
///
/// # Errors
/// If it is not, or if trying `budget` pairs of units does not decide it.
pub fn equivalent(
    expected: &[&str],
    actual: &[&str],
    parts: &[RangeInclusive<usize>],
    budget: usize,
) -> Result<(), Refusal> {
    if expected.len() != actual.len() {
        return Err(Refusal::Different);
    }
    let expected = Side::read(expected, parts);
    let actual = Side::read(actual, parts);
    let mut renaming = Renaming::new(expected.id_count, actual.id_count);
    for (line, other) in expected.strict.iter().zip(&actual.strict) {
        if line.shape != other.shape || !renaming.bind_all(&line.ids, &other.ids) {
            return Err(Refusal::Different);
        }
    }
    let colours = colours::of_units([&expected, &actual], &renaming).ok_or(Refusal::Different)?;
    search(&expected, &actual, &colours, renaming, budget)
}

/// A one-to-one renaming of ids, which can be taken back step by step.
pub(super) struct Renaming {
    to_actual: Vec<Option<usize>>,
    to_expected: Vec<Option<usize>>,
    bound: Vec<(usize, usize)>,
}

impl Renaming {
    fn new(expected: usize, actual: usize) -> Renaming {
        Renaming {
            to_actual: vec![None; expected],
            to_expected: vec![None; actual],
            bound: Vec::new(),
        }
    }

    /// Binds the ids of two matching texts to each other, if that contradicts
    /// nothing; if it does, some of them may stay bound.
    fn bind_all(&mut self, expected: &[usize], actual: &[usize]) -> bool {
        expected.iter().zip(actual).all(|(expected, actual)| {
            match (self.to_actual[*expected], self.to_expected[*actual]) {
                (None, None) => {
                    self.to_actual[*expected] = Some(*actual);
                    self.to_expected[*actual] = Some(*expected);
                    self.bound.push((*expected, *actual));
                    true
                }
                (to_actual, _) => to_actual == Some(*actual),
            }
        })
    }

    /// Takes back all but the first `kept` bindings.
    fn undo(&mut self, kept: usize) {
        for (expected, actual) in self.bound.drain(kept..) {
            self.to_actual[expected] = None;
            self.to_expected[actual] = None;
        }
    }

    /// A colour for each id of both sides: bound ids have one of their own,
    /// the others share one.
    pub fn colours_of_bound(&self) -> [Vec<usize>; 2] {
        let expected = self.to_actual.iter().enumerate().map(|(id, to)| to.map_or(0, |_| id + 1));
        let actual = self.to_expected.iter().map(|to| to.map_or(0, |id| id + 1));
        [expected.collect(), actual.collect()]
    }
}

/// Finds for each unit one of the same colour so that the ids agree, going back
/// to the last choice where there is none.
fn search(
    expected: &Side,
    actual: &Side,
    colours: &[Vec<usize>; 2],
    mut renaming: Renaming,
    mut budget: usize,
) -> Result<(), Refusal> {
    let mut of_colour: HashMap<usize, Vec<usize>> = HashMap::new();
    for (unit, colour) in colours[1].iter().enumerate() {
        of_colour.entry(*colour).or_default().push(unit);
    }
    let occurrences = actual.occurrences();
    // The units that have the partner of a bound id in the same place, for the
    // id that leaves the fewest; without a bound id, the units of its colour.
    let candidates = |unit: usize, renaming: &Renaming| -> Cow<[usize]> {
        let ids = expected.units[unit].ids.iter().enumerate();
        let bound =
            ids.filter_map(|(place, id)| Some((place, &occurrences[renaming.to_actual[*id]?])));
        match bound.min_by_key(|(_, occurrences)| occurrences.len()) {
            Some((place, occurrences)) => {
                let units = occurrences.iter().filter(|(_, other)| *other == place);
                units.map(|(unit, _)| *unit).collect()
            }
            None => Cow::from(&of_colour[&colours[0][unit]]),
        }
    };

    let order = order(expected, |unit| of_colour[&colours[0][unit]].len());
    let mut used = vec![false; actual.units.len()];
    let mut chosen: Vec<Choice> = Vec::new();
    let mut next = 0; // the first candidate to try for the unit at hand
    while let Some(unit) = order.get(chosen.len()) {
        let kept = renaming.bound.len();
        let candidates = candidates(*unit, &renaming);
        let fits = (next..candidates.len()).find(|place| {
            let candidate = candidates[*place];
            if used[candidate] || colours[0][*unit] != colours[1][candidate] || budget == 0 {
                return false;
            }
            budget -= 1;
            let fits = renaming.bind_all(&expected.units[*unit].ids, &actual.units[candidate].ids);
            if !fits {
                renaming.undo(kept);
            }
            fits
        });
        if budget == 0 {
            return Err(Refusal::Undecided);
        }
        if let Some(place) = fits {
            used[candidates[place]] = true;
            chosen.push(Choice { place, unit: candidates[place], kept });
            next = 0;
        } else {
            let last = chosen.pop().ok_or(Refusal::Different)?;
            used[last.unit] = false;
            renaming.undo(last.kept);
            next = last.place + 1;
        }
    }
    Ok(())
}

/// A candidate that was chosen in a search.
struct Choice {
    place: usize,
    unit: usize,
    /// How many ids were bound before.
    kept: usize,
}

/// The order in which units are matched: first one with the fewest candidates,
/// then those that share an id with it, since that id is bound by then and
/// leaves them few to choose from, and so on.
fn order(side: &Side, candidates: impl Fn(usize) -> usize) -> Vec<usize> {
    let occurrences = side.occurrences();
    let mut starts: Vec<usize> = (0..side.units.len()).collect();
    starts.sort_by_key(|unit| candidates(*unit));
    let mut listed = vec![false; side.units.len()];
    let mut followed = vec![false; side.id_count];
    let mut order = Vec::new();
    for start in starts {
        let mut queue = VecDeque::from([start]);
        while let Some(unit) = queue.pop_front() {
            if std::mem::replace(&mut listed[unit], true) {
                continue;
            }
            order.push(unit);
            for id in &side.units[unit].ids {
                if !std::mem::replace(&mut followed[*id], true) {
                    queue.extend(occurrences[*id].iter().map(|(unit, _)| unit));
                }
            }
        }
    }
    order
}
