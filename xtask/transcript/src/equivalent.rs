//! Whether two outputs are equivalent.
//!
//! Two outputs match if the graphs of their units and ids do. Colour refinement
//! (one-dimensional Weisfeiler-Leman) decides nearly every comparison. Where several
//! units keep the same colour, one of them is paired with each candidate in turn, and
//! the colours are refined again.

use super::order::{self, Order};
use super::side::{Numbers, Refinement, Side};
use super::token::Line;

/// How many times a comparison may colour a unit before it gives up. An output that
/// needs more has many actors that cannot be told apart.
pub const BUDGET: usize = 1_000_000;

/// Why two outputs are not accepted as equivalent.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They differ.
    Different,
    /// They match line by line, but what the new lines say cannot come in their order, and
    /// why.
    Impossible(String),
    /// The budget ran out before the comparison was decided.
    Undecided,
}

/// Whether `actual` is equivalent to `expected`, whose lines may come in any `order` that
/// this permits.
///
/// # Errors
/// If it is not, or if colouring `budget` units does not decide it.
pub fn equivalent(
    expected: &[&str],
    actual: &[&str],
    order: &Order,
    budget: usize,
) -> Result<(), Refusal> {
    if expected.len() != actual.len() {
        return Err(Refusal::Different);
    }
    let expected: Vec<Line> = expected.iter().map(|text| Line::read(text)).collect();
    let actual: Vec<Line> = actual.iter().map(|text| Line::read(text)).collect();
    let parts = order.parts(&expected);
    let impossible = order::impossible(&actual, &parts);
    let sides = [expected, actual].map(|output| Side::new(output, &parts));
    let mut texts = Numbers::default();
    let colours = sides.each_ref().map(|side| side.colours(&mut texts));
    Search { sides: &sides, order, budget }.matches(colours)?;
    impossible.map_or(Ok(()), |why| Err(Refusal::Impossible(why)))
}

/// The colours of each side's units. Units that can match have the same colour.
type Colours = [Vec<usize>; 2];

/// The search for a matching of two sides.
struct Search<'a> {
    sides: &'a [Side; 2],
    order: &'a Order,
    budget: usize,
}

impl Search<'_> {
    /// Whether the sides match so that only units of the same colour are paired.
    fn matches(&mut self, colours: Colours) -> Result<(), Refusal> {
        let colours = self.refine(colours)?;
        let [expected, actual] = &colours;
        let candidates =
            |unit: usize| (0..actual.len()).filter(move |other| actual[*other] == expected[unit]);
        // If no colour is shared, the colours are the matching.
        let mut sizes = vec![0; expected.len()];
        expected.iter().for_each(|colour| sizes[*colour] += 1);
        let Some(unit) = expected.iter().position(|colour| sizes[*colour] > 1) else {
            return self.keeps_order(&colours);
        };
        for candidate in candidates(unit) {
            let mut paired = colours.clone();
            let new_colour = expected.len(); // refined colours are smaller
            paired[0][unit] = new_colour;
            paired[1][candidate] = new_colour;
            match self.matches(paired) {
                Err(Refusal::Different) => {}
                decided => return decided,
            }
        }
        Err(Refusal::Different)
    }

    /// Whether the lines that must keep their order do, where the colours are the matching.
    fn keeps_order(&self, [expected, actual]: &Colours) -> Result<(), Refusal> {
        let [page, run] = self.sides;
        let partner = |number: usize| {
            let (unit, place) = page.place_of(number - 1);
            let partner = actual.iter().position(|colour| *colour == expected[unit]);
            run.line_at((partner.expect("each unit is matched"), place))
        };
        if self.order.is_kept(partner) { Ok(()) } else { Err(Refusal::Different) }
    }

    /// Refines the colours until none splits any more.
    fn refine(&mut self, mut colours: Colours) -> Result<Colours, Refusal> {
        let mut count = 0;
        loop {
            let [expected, actual] = colours.each_ref().map(|colours| {
                let mut sorted = colours.clone();
                sorted.sort_unstable();
                sorted
            });
            if expected != actual {
                return Err(Refusal::Different);
            }
            let units = 2 * expected.len();
            self.budget = self.budget.checked_sub(units).ok_or(Refusal::Undecided)?;
            let mut round = Refinement::default();
            colours = [0, 1].map(|side| self.sides[side].refine(&colours[side], &mut round));
            if round.count() == count {
                return Ok(colours);
            }
            count = round.count();
        }
    }
}
