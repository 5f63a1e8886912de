//! In which order lines may come.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::token::Line;

/// What the annotation of a block says about the order of its lines, which are counted
/// from 1. Without an annotation, the order is that of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    /// The parts in which the lines of several actors may interleave. The lines of each
    /// actor keep their order, and a line that names nobody keeps its place.
    pub interleave: Vec<RangeInclusive<usize>>,
    /// Lines that name nobody and may come anywhere in their part.
    pub anywhere: Vec<usize>,
    /// Lines of one actor that come one right after the other.
    pub together: Vec<RangeInclusive<usize>>,
    /// Pairs of lines of different actors, of which the first comes before the second.
    pub before: Vec<(usize, usize)>,
}

impl Order {
    /// Lets all lines interleave.
    pub fn interleave_all() -> Order {
        Order { interleave: vec![1..=usize::MAX], ..Order::default() }
    }

    /// Whether lines that keep their order in all runs do, where `place` is the place of
    /// each line of the page, by its number, in a run.
    pub(super) fn is_kept(&self, place: impl Fn(usize) -> usize) -> bool {
        let mut pairs =
            self.together.iter().flat_map(|range| range.clone().zip(range.clone().skip(1)));
        pairs.all(|(one, next)| place(one) + 1 == place(next))
            && self.before.iter().all(|(first, second)| place(*first) < place(*second))
    }

    /// The part of each line of the page that may change its place: one that may
    /// interleave ends at a line that names nobody.
    pub(super) fn parts(&self, page: &[Line]) -> Vec<Option<usize>> {
        let mut pieces = 0;
        let mut last: Option<usize> = None; // the part of the line before
        let mut parts = Vec::new();
        for (number, line) in (1..).zip(page) {
            let part = self.interleave.iter().position(|part| part.contains(&number));
            let may_move = line.actor().is_some() || self.anywhere.contains(&number);
            let part = part.filter(|_| may_move);
            if part != last {
                pieces += 1;
            }
            last = part;
            parts.push(part.map(|_| pieces));
        }
        parts
    }

    /// What the annotation cannot mean on this page, if there is something.
    pub fn fault(&self, page: &[&str]) -> Option<String> {
        let lines: Vec<Line> = page.iter().map(|text| Line::read(text)).collect();
        let parts = self.parts(&lines);
        let part = |number: usize| parts.get(number - 1).copied().flatten();
        for range in &self.interleave {
            let (first, last) = (*range.start(), *range.end());
            if last > lines.len() && last != usize::MAX {
                let count = lines.len();
                return Some(format!("lines {first}-{last} may interleave, but there are {count}"));
            }
            let numbers = first..=last.min(lines.len());
            let movable = |number: &usize| part(*number).is_some();
            let mut pairs = numbers.clone().zip(numbers.clone().skip(1));
            let interleaves = |(one, other): (usize, usize)| {
                part(one).is_some()
                    && part(one) == part(other)
                    && lines[one - 1].actor() != lines[other - 1].actor()
            };
            if !pairs.any(interleaves) {
                return Some(format!(
                    "the lines from {first} on may interleave, but none can change its place: \
                     the lines of one process or thread keep their order, and one that names \
                     nobody keeps its place"
                ));
            }
            for end in [first, *numbers.end()] {
                if !movable(&end) && lines[end - 1].actor().is_none() {
                    return Some(format!(
                        "line {end} may interleave, but names no process or thread, so its place \
                         is fixed: leave it out, or write `anywhere {end}`"
                    ));
                }
            }
        }
        for number in &self.anywhere {
            let names_nobody = lines.get(number - 1).is_some_and(|line| line.actor().is_none());
            if part(*number).is_none() || !names_nobody {
                return Some(format!(
                    "line {number} may come anywhere, but is not a line that names nobody, in a \
                     part that may interleave"
                ));
            }
        }
        let same_part = |one: usize, other: usize| part(one).is_some() && part(one) == part(other);
        let same_actor = |one: usize, other: usize| {
            same_part(one, other) && lines[one - 1].actor() == lines[other - 1].actor()
        };
        for (first, second) in self.before.iter().copied() {
            if !same_part(first, second) || same_actor(first, second) {
                return Some(format!(
                    "`order {first} < {second}` says nothing: these are not lines of two actors in \
                     one part that may interleave"
                ));
            }
        }
        for (first, last) in self.together.iter().map(|range| (*range.start(), *range.end())) {
            if !(first..last).all(|line| same_actor(line, line + 1)) {
                return Some(format!(
                    "lines {first}-{last} come together, but are not those of one actor in a part \
                     that may interleave"
                ));
            }
        }
        impossible(&lines, &parts)
    }
}

/// Why no run can print lines in this order, if none can. In a record, time does not run
/// backwards. And in each part that may interleave, what a line says of a process's begin
/// or end is held against the lines of that process.
pub(super) fn impossible(lines: &[Line], parts: &[Option<usize>]) -> Option<String> {
    let numbered = || lines.iter().zip(parts).enumerate().filter(|(_, (_, part))| part.is_some());
    let mut first = HashMap::new();
    let mut last = HashMap::new();
    for (index, (line, part)) in numbered() {
        let actor = (*part, line.actor());
        first.entry(actor).or_insert(index);
        last.insert(actor, index);
    }
    let times = (1..).zip(lines).filter_map(|(number, line)| Some((number, line.at()?)));
    let mut now = 0.0;
    for (number, at) in times {
        if at < now {
            return Some(format!("line {number} has an earlier time than a line before it"));
        }
        now = at;
    }
    for (index, (line, part)) in numbered() {
        let number = index + 1;
        let mut late = line.ended().filter_map(|id| last.get(&(*part, Some(id))));
        if let Some(late) = late.find(|late| **late > index) {
            let late = late + 1;
            return Some(format!(
                "line {number} says that the one that writes line {late} has ended"
            ));
        }
        let mut early = line.begun().filter_map(|id| first.get(&(*part, Some(id))));
        if let Some(early) = early.find(|early| **early < index) {
            let early = early + 1;
            return Some(format!("line {number} says that the one that wrote line {early} begins"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(lines: &[&str]) -> Option<String> {
        Order::interleave_all().fault(lines)
    }

    #[test]
    fn what_lines_say_of_each_other_fits_their_order() {
        assert_eq!(fault(&["pid 11: bye", "pid 12: bye", "pid 10: pid 11 has ended"]), None);
        assert_eq!(fault(&["pid 10: pid 12 has ended", "pid 11: pid 10 has ended"]), None);
        let both = "pid 10: pid 11 has ended, and pid 12 has ended";
        for lines in [
            &["pid 10: pid 11 has ended", "pid 11: bye"][..],
            &["pid 11: bye", both, "pid 12: bye"],
            &["pid 12: bye", both, "pid 11: bye"],
            &["child (pid 11) has ended: exit status: 0", "pid 10: hello", "pid 11: bye"],
            &["main: I waited for pid 11: exit status: 0", "pid 11: bye"],
            &[" 1.00 ms  pid 11: fork → 0", " 1.01 ms  pid 10: fork → pid 11"],
            &[" 1.00 ms  tid 11 a: starts", " 1.01 ms  pid 10: new thread → tid 11, in the same"],
            &[" 1.00 ms  pid 11: fork → 0", "  999 µs  pid 10: exit"],
            &[" 1.00 ms  pid 11: fork → 0", "100.0 ns  pid 10: exit"],
        ] {
            assert!(fault(lines).is_some(), "{lines:?}");
        }
    }

    #[test]
    fn a_line_that_names_nobody_divides_a_part() {
        let lines = ["pid 10: a", "pid 11: b", "a heading", "pid 10: c", "pid 11: d"];
        let read: Vec<Line> = lines.iter().map(|text| Line::read(text)).collect();
        let parts = |order: &Order| order.parts(&read);
        let all = Order::interleave_all();
        assert_eq!(parts(&all), [Some(1), Some(1), None, Some(3), Some(3)]);
        let anywhere = Order { anywhere: vec![3], ..all };
        assert_eq!(parts(&anywhere), [Some(1); 5]);
        assert_eq!(parts(&Order::default()), [None; 5]);
    }
}
