//! One of the two outputs that are compared, prepared for it.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::token::{Line, Sort, Token};

/// An output as numbered ids and units.
pub(super) struct Side {
    /// The lines whose place is fixed.
    pub strict: Vec<Strict>,
    /// The lines that may interleave, by actor.
    pub units: Vec<Unit>,
    /// How many ids there are; they are numbered from 0.
    pub id_count: usize,
}

/// A line whose place is fixed.
pub(super) struct Strict {
    pub shape: Vec<Token>,
    pub ids: Vec<usize>,
}

/// What one actor wrote in one part that may interleave. Its lines keep their
/// order, so it matches as a whole or not at all.
pub(super) struct Unit {
    pub part: usize,
    pub shapes: Vec<Vec<Token>>,
    pub ids: Vec<usize>,
}

impl Side {
    /// Prepares an output in which the `parts`, line numbers from 1, may
    /// interleave.
    pub fn read(output: &[&str], parts: &[RangeInclusive<usize>]) -> Side {
        let mut side = Side { strict: Vec::new(), units: Vec::new(), id_count: 0 };
        let mut numbers: HashMap<(Sort, String), usize> = HashMap::new();
        let mut units: HashMap<(usize, Option<String>), usize> = HashMap::new();
        for (index, text) in output.iter().enumerate() {
            let line = Line::read(text);
            let mut number = |sort, value: &str| {
                let next = numbers.len();
                *numbers.entry((sort, value.to_owned())).or_insert(next)
            };
            let ids: Vec<usize> = line.ids.iter().map(|id| number(id.sort, &id.value)).collect();
            let actor = line.actor().map(str::to_owned);
            match parts.iter().position(|part| part.contains(&(index + 1))) {
                None => side.strict.push(Strict { shape: line.shape, ids }),
                Some(part) => {
                    let unit = *units.entry((part, actor)).or_insert_with(|| {
                        side.units.push(Unit { part, shapes: Vec::new(), ids: Vec::new() });
                        side.units.len() - 1
                    });
                    side.units[unit].shapes.push(line.shape);
                    side.units[unit].ids.extend(ids);
                }
            }
        }
        side.id_count = numbers.len();
        side
    }

    /// For each id, the units in which it stands, and at which of their places.
    pub fn occurrences(&self) -> Vec<Vec<(usize, usize)>> {
        let mut occurrences = vec![Vec::new(); self.id_count];
        for (index, unit) in self.units.iter().enumerate() {
            for (place, id) in unit.ids.iter().enumerate() {
                occurrences[*id].push((index, place));
            }
        }
        occurrences
    }
}
