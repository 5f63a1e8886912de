//! One of the two outputs that are compared, as a graph of units and ids.

use std::collections::HashMap;
use std::hash::Hash;

use super::phrases::Sort;
use super::token::{Line, Token};

/// An output: its units, and the ids that they share.
pub(super) struct Side {
    units: Vec<Unit>,
    /// For each id, the units that contain it, and its place among their ids.
    ids: Vec<Vec<(usize, usize)>>,
    /// For each line, its unit, and its place among that unit's lines.
    lines: Vec<(usize, usize)>,
}

/// What one actor wrote in one part that may interleave, or all lines outside
/// such parts. Its lines keep their order, so it matches as a whole or not at all.
#[derive(Default)]
struct Unit {
    text: UnitText,
    /// Its ids by their numbers in the side, each once.
    ids: Vec<usize>,
    /// Its lines by their index in the output.
    lines: Vec<usize>,
}

/// What must be equal for two units to match: the part, and each line's shape with
/// its ids, numbered by their first appearance in the unit.
#[derive(Default, PartialEq, Eq, Hash)]
pub(super) struct UnitText {
    part: Option<usize>,
    lines: Vec<(Vec<Token>, Vec<usize>)>,
}

impl Side {
    /// An output as units: what one actor wrote in one of the `parts`, of which each
    /// line has a number or none.
    pub fn new(output: Vec<Line>, parts: &[Option<usize>]) -> Side {
        let mut side = Side { units: Vec::new(), ids: Vec::new(), lines: Vec::new() };
        let mut units: Numbers<(Option<usize>, Option<String>)> = Numbers::default();
        let mut ids: Numbers<(Sort, String)> = Numbers::default();
        for (index, (line, part)) in output.into_iter().zip(parts.iter().copied()).enumerate() {
            let actor = part.and(line.actor()).map(str::to_owned);
            let number = units.number((part, actor));
            if number == side.units.len() {
                side.units.push(Unit::default());
            }
            let unit = &mut side.units[number];
            let mut places = Vec::new();
            for id in line.ids {
                let id = ids.number((id.sort, id.value));
                if id == side.ids.len() {
                    side.ids.push(Vec::new());
                }
                places.push(unit.ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                    side.ids[id].push((number, unit.ids.len()));
                    unit.ids.push(id);
                    unit.ids.len() - 1
                }));
            }
            side.lines.push((number, unit.lines.len()));
            unit.lines.push(index);
            unit.text.part = part;
            unit.text.lines.push((line.shape, places));
        }
        side
    }

    /// The unit of a line, and the place of the line among that unit's lines.
    pub fn place_of(&self, line: usize) -> (usize, usize) {
        self.lines[line]
    }

    /// The line at this place of a unit.
    pub fn line_at(&self, (unit, place): (usize, usize)) -> usize {
        self.units[unit].lines[place]
    }

    /// A colour for each unit: units with the same text have the same colour.
    pub fn colours<'a>(&'a self, texts: &mut Numbers<&'a UnitText>) -> Vec<usize> {
        self.units.iter().map(|unit| texts.number(&unit.text)).collect()
    }

    /// Splits the units' colours further: an id is coloured by the units that contain
    /// it and its places there, then a unit by its ids.
    pub fn refine(&self, colours: &[usize], shared: &mut Refinement) -> Vec<usize> {
        let colour_of_id = |units: &Vec<(usize, usize)>| {
            let mut seen: Vec<_> =
                units.iter().map(|(unit, place)| (colours[*unit], *place)).collect();
            seen.sort_unstable();
            shared.ids.number(seen)
        };
        let ids: Vec<usize> = self.ids.iter().map(colour_of_id).collect();
        let units = self.units.iter().zip(colours);
        units
            .map(|(unit, colour)| {
                let seen = unit.ids.iter().map(|id| ids[*id]).collect();
                shared.units.number((*colour, seen))
            })
            .collect()
    }
}

/// The colours that one round of refinement gives out, to both sides alike.
#[derive(Default)]
pub(super) struct Refinement {
    ids: Numbers<Vec<(usize, usize)>>,
    units: Numbers<(usize, Vec<usize>)>,
}

impl Refinement {
    /// How many colours the units have.
    pub fn count(&self) -> usize {
        self.units.0.len()
    }
}

/// Numbers values from 0 by their first appearance; equal values share a number.
pub(super) struct Numbers<K>(HashMap<K, usize>);

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Numbers(HashMap::new())
    }
}

impl<K: Hash + Eq> Numbers<K> {
    fn number(&mut self, value: K) -> usize {
        let next = self.0.len();
        *self.0.entry(value).or_insert(next)
    }
}
