//! Whether two outputs are equivalent.
//!
//! Two outputs match if the graphs of their units and ids do. Colour refinement
//! (one-dimensional Weisfeiler-Leman) decides nearly every comparison. Where several
//! units keep the same colour, one of them is paired with each candidate in turn, and
//! the colours are refined again.

use std::ops::RangeInclusive;

use super::side::{Numbers, Refinement, Side};

/// How many pairs of units a comparison may try before it gives up. The colours
/// leave little to try: an output that needs more has actors that cannot be told
/// apart.
pub const BUDGET: usize = 10_000;

/// Why two outputs are not accepted as equivalent.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They differ.
    Different,
    /// The budget ran out before the comparison was decided.
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
    mut budget: usize,
) -> Result<(), Refusal> {
    if expected.len() != actual.len() {
        return Err(Refusal::Different);
    }
    let sides = [expected, actual].map(|output| Side::read(output, parts));
    let mut texts = Numbers::default();
    let colours = sides.each_ref().map(|side| side.colours(&mut texts));
    matches(&sides, colours, &mut budget)
}

/// The colours of each side's units. Units that can match have the same colour.
type Colours = [Vec<usize>; 2];

/// Whether the sides match so that only units of the same colour are paired.
fn matches(sides: &[Side; 2], colours: Colours, budget: &mut usize) -> Result<(), Refusal> {
    let colours = refine(sides, colours).ok_or(Refusal::Different)?;
    let [expected, actual] = &colours;
    let candidates =
        |unit: usize| (0..actual.len()).filter(move |other| actual[*other] == expected[unit]);
    // If no colour is shared, the colours are the matching.
    let Some(unit) = (0..expected.len()).find(|unit| candidates(*unit).nth(1).is_some()) else {
        return Ok(());
    };
    for candidate in candidates(unit) {
        *budget = budget.checked_sub(1).ok_or(Refusal::Undecided)?;
        let mut paired = colours.clone();
        let new_colour = expected.len(); // refined colours are smaller
        paired[0][unit] = new_colour;
        paired[1][candidate] = new_colour;
        match matches(sides, paired, budget) {
            Err(Refusal::Different) => {}
            decided => return decided,
        }
    }
    Err(Refusal::Different)
}

/// Refines the colours until none splits any more; `None` if they show that the
/// sides do not match.
fn refine(sides: &[Side; 2], mut colours: Colours) -> Option<Colours> {
    let mut count = 0;
    loop {
        let [expected, actual] = colours.each_ref().map(|colours| {
            let mut sorted = colours.clone();
            sorted.sort_unstable();
            sorted
        });
        if expected != actual {
            return None;
        }
        let mut round = Refinement::default();
        colours = [0, 1].map(|side| sides[side].refine(&colours[side], &mut round));
        if round.count() == count {
            return Some(colours);
        }
        count = round.count();
    }
}
