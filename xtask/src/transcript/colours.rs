//! Colours units so that two which can match have the same colour.
//!
//! This is colour refinement, the one-dimensional Weisfeiler-Leman algorithm,
//! on the graph whose nodes are units and ids. A unit starts with the colour of
//! its text, in which ids are numbered by their first appearance. Then an id is
//! coloured by the units in which it stands, a unit by its ids, and so on until
//! no colour splits any more. It decides nearly every comparison without a
//! search, the failing ones too.

use std::collections::HashMap;
use std::hash::Hash;

use super::equivalent::Renaming;
use super::side::{Side, Unit};

/// Numbers values from 0, equal ones alike.
struct Palette<K>(HashMap<K, usize>);

impl<K: Hash + Eq> Palette<K> {
    fn new() -> Self {
        Palette(HashMap::new())
    }

    fn colour(&mut self, key: K) -> usize {
        let next = self.0.len();
        *self.0.entry(key).or_insert(next)
    }
}

/// The colours of both sides' units, or `None` where they show that no
/// matching exists.
pub(super) fn of_units(sides: [&Side; 2], renaming: &Renaming) -> Option<[Vec<usize>; 2]> {
    let occurrences = sides.map(Side::occurrences);
    let mut ids = renaming.colours_of_bound();
    let mut texts = Palette::new();
    let mut units: [Vec<usize>; 2] = [0, 1].map(|side| {
        let ids = &ids[side];
        sides[side]
            .units
            .iter()
            .map(|unit| texts.colour((unit.part, &unit.shapes, pattern(unit, ids))))
            .collect()
    });
    let mut count = texts.0.len();
    loop {
        if sorted(&units[0]) != sorted(&units[1]) {
            return None;
        }
        let mut palette = Palette::new();
        ids = [0, 1].map(|side| {
            let coloured = occurrences[side].iter().zip(&ids[side]).map(|(places, colour)| {
                let mut seen: Vec<_> =
                    places.iter().map(|(unit, place)| (units[side][*unit], *place)).collect();
                seen.sort_unstable();
                palette.colour((*colour, seen))
            });
            coloured.collect()
        });
        let mut palette = Palette::new();
        units = [0, 1].map(|side| {
            let coloured = sides[side].units.iter().zip(&units[side]).map(|(unit, colour)| {
                let seen: Vec<usize> = unit.ids.iter().map(|id| ids[side][*id]).collect();
                palette.colour((*colour, seen))
            });
            coloured.collect()
        });
        if palette.0.len() == count {
            return (sorted(&units[0]) == sorted(&units[1])).then_some(units);
        }
        count = palette.0.len();
    }
}

/// The unit's ids as far as its own text tells them apart: the colour of each
/// (bound ids have one of their own), and its first place in the unit.
fn pattern(unit: &Unit, colours: &[usize]) -> Vec<(usize, usize)> {
    let mut first = HashMap::new();
    let numbered = unit
        .ids
        .iter()
        .enumerate()
        .map(|(place, id)| (colours[*id], *first.entry(id).or_insert(place)));
    numbered.collect()
}

fn sorted(colours: &[usize]) -> Vec<usize> {
    let mut colours = colours.to_vec();
    colours.sort_unstable();
    colours
}
