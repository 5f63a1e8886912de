//! The rules of equivalence, held against their definition: an oracle tries
//! every order of the lines that the rules permit.

mod large;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use large::large;
use proptest::prelude::*;
use transcript::equivalent::{BUDGET, Refusal, equivalent};
use transcript::order::Order;
use transcript::token::Line;

type Parts = [RangeInclusive<usize>];

fn interleave(parts: &Parts) -> Order {
    Order { interleave: parts.to_vec(), ..Order::default() }
}

fn judge(
    expected: &[impl AsRef<str>],
    actual: &[impl AsRef<str>],
    order: &Order,
    budget: usize,
) -> Result<(), Refusal> {
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    let actual: Vec<&str> = actual.iter().map(AsRef::as_ref).collect();
    equivalent(&expected, &actual, order, budget)
}

fn holds(expected: &[String], actual: &[String], order: &Order) -> bool {
    let verdict = judge(expected, actual, order, BUDGET);
    assert_ne!(verdict, Err(Refusal::Undecided), "{expected:#?} {actual:#?}");
    verdict.is_ok()
}

/// The definition: there is an order of the actual lines, in which each stays in its part,
/// those that name nobody stay in their place, the lines of one actor keep their order, and
/// so do those that the annotation names, so that line by line the texts are alike under
/// one renaming; and no actual line of a process comes after one that says that it has
/// ended.
fn oracle(expected: &[String], actual: &[String], order: &Order) -> bool {
    let (expected, actual) = (read(expected), read(actual));
    let part = |line: usize| order.interleave.iter().position(|part| part.contains(&(line + 1)));
    let too_late = |line: usize| {
        let actor = actual[line].actor();
        let tells = |earlier: &Line| earlier.ended().any(|id| Some(id) == actor);
        (0..line).any(|earlier| {
            let one_part = (earlier..=line).all(|between| {
                part(between).is_some()
                    && part(between) == part(line)
                    && (expected[between].actor().is_some()
                        || order.anywhere.contains(&(between + 1)))
            });
            one_part && tells(&actual[earlier])
        })
    };
    expected.len() == actual.len()
        && can_extend(&expected, &actual, order, &mut Vec::new())
        && !(0..actual.len()).any(too_late)
}

fn read(output: &[String]) -> Vec<Line<'_>> {
    output.iter().map(|line| Line::read(line)).collect()
}

/// Whether the choice of actual lines for the first expected lines can be
/// extended to all of them.
fn can_extend(expected: &[Line], actual: &[Line], order: &Order, chosen: &mut Vec<usize>) -> bool {
    if chosen.len() == expected.len() {
        let kept = |(first, second): &(usize, usize)| chosen[first - 1] < chosen[second - 1];
        let mut together = order.together.iter().flat_map(|range| *range.start()..*range.end());
        return one_renaming(expected, actual, chosen)
            && order.before.iter().all(kept)
            && together.all(|line| chosen[line - 1] + 1 == chosen[line]);
    }
    let part = |line: usize| order.interleave.iter().position(|part| part.contains(&(line + 1)));
    let is_fixed = |line: usize| {
        part(line).is_none()
            || expected[line].actor().is_none() && !order.anywhere.contains(&(line + 1))
    };
    let place = chosen.len();
    (0..actual.len()).any(|line| {
        let overtakes = |earlier: usize| {
            part(earlier) == part(place)
                && actual[earlier].actor() == actual[line].actor()
                && !chosen.contains(&earlier)
        };
        let between = || place.min(line)..=place.max(line);
        let permitted = match is_fixed(place) {
            true => line == place,
            false => {
                between().all(|it| !is_fixed(it) && part(it) == part(place))
                    && !chosen.contains(&line)
                    && !(0..line).any(overtakes)
            }
        };
        if !permitted {
            return false;
        }
        chosen.push(line);
        let found = can_extend(expected, actual, order, chosen);
        chosen.pop();
        found
    })
}

fn one_renaming(expected: &[Line], actual: &[Line], chosen: &[usize]) -> bool {
    let mut there = HashMap::new();
    let mut back = HashMap::new();
    expected.iter().zip(chosen).all(|(expected, chosen)| {
        let actual = &actual[*chosen];
        expected.shape == actual.shape
            && expected.ids.iter().zip(&actual.ids).all(|(expected, actual)| {
                let expected = (expected.sort, &expected.value);
                let actual = (actual.sort, &actual.value);
                *there.entry(expected).or_insert(actual) == actual
                    && *back.entry(actual).or_insert(expected) == expected
            })
    })
}

/// Few ids and few texts, so that lines are often alike.
fn line() -> impl Strategy<Value = String> {
    let id = || 101..105u32;
    prop_oneof![
        (id(), 0..2u32).prop_map(|(id, n)| format!("pid {id}: step {n}")),
        (id(), id()).prop_map(|(id, other)| format!("pid {id} made pid {other}")),
        (id(), id(), id()).prop_map(|(a, b, c)| format!("pid {a} knows pid {b} and pid {c}")),
        id().prop_map(|id| format!("port {id} is open")),
        (id(), id())
            .prop_map(|(id, other)| format!("pid {id} waited for pid {other}: exit status: 0")),
        Just("done".to_owned()),
    ]
}

fn output() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(line(), 1..7)
}

/// Up to two parts that may interleave, and up to two annotations of their order.
fn order() -> impl Strategy<Value = Order> {
    let parts = prop_oneof![
        Just(vec![]),
        Just(vec![1..=usize::MAX]),
        (1..4usize, 1..4usize).prop_map(|(first, more)| vec![first..=first + more]),
        Just(vec![1..=3, 4..=6]),
    ];
    let pair = (1..6usize, 1..3usize).prop_map(|(first, more)| (first, first + more));
    let before = proptest::collection::vec(pair, 0..2);
    let together = (1..6usize).prop_map(|first| first..=first + 1);
    let together = proptest::collection::vec(together, 0..2);
    let anywhere = proptest::collection::vec(1..6usize, 0..2);
    (parts, before, together, anywhere).prop_map(|(interleave, before, together, anywhere)| Order {
        interleave,
        before,
        together,
        anywhere,
    })
}

/// The annotation as far as it means something to this output.
fn fitted(order: &Order, output: &[String]) -> Order {
    let lines: Vec<&str> = output.iter().map(String::as_str).collect();
    let fits = |order: &Order| order.fault(&lines).is_none();
    let of_parts = Order { interleave: order.interleave.clone(), ..Order::default() };
    let mut fitted = of_parts.clone();
    fitted.anywhere = order.anywhere.clone();
    fitted.anywhere.retain(|line| output.get(line - 1).is_some_and(|it| it == "done"));
    fitted.before = order.before.clone();
    fitted.before.retain(|pair| fits(&Order { before: vec![*pair], ..of_parts.clone() }));
    fitted.together = order.together.clone();
    fitted.together.retain(|it| fits(&Order { together: vec![it.clone()], ..of_parts.clone() }));
    fitted
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0..3u8, 6)
}

/// Another run: ids renamed, and the lines in the order that `keys` give them,
/// which may be a permitted one or not.
fn another_run(output: &[String], keys: &[u8], shift: u32) -> Vec<String> {
    let renamed = |line: &String| {
        (101..105u32).fold(line.clone(), |line, id| {
            line.replace(&id.to_string(), &format!("9{}", (id + shift) % 4 + 10))
        })
    };
    let mut order: Vec<usize> = (0..output.len()).collect();
    order.sort_by_key(|line| keys[*line]);
    order.into_iter().map(|line| renamed(&output[line])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unrelated_outputs_are_judged_as_the_oracle_does(a in output(), b in output(), order in order()) {
        let order = fitted(&order, &a);
        prop_assert_eq!(holds(&a, &b, &order), oracle(&a, &b, &order));
    }

    #[test]
    fn reordered_runs_are_judged_as_the_oracle_does(
        a in output(), order in order(), keys in keys(), shift in 0..4u32,
    ) {
        let b = another_run(&a, &keys, shift);
        let order = fitted(&order, &a);
        prop_assert_eq!(holds(&a, &b, &order), oracle(&a, &b, &order));
    }

    #[test]
    fn a_changed_line_is_judged_as_the_oracle_does(
        a in output(), order in order(), keys in keys(), shift in 0..4u32, place in 0..6usize, changed in line(),
    ) {
        let mut b = another_run(&a, &keys, shift);
        let place = place % b.len();
        b[place] = another_run(&[changed], &[0], shift).remove(0);
        let order = fitted(&order, &a);
        prop_assert_eq!(holds(&a, &b, &order), oracle(&a, &b, &order));
    }

    #[test]
    fn an_output_that_can_be_is_equivalent_to_itself(a in output(), order in order()) {
        let order = fitted(&order, &a);
        prop_assert_eq!(holds(&a, &a, &order), oracle(&a, &a, &order));
    }
}

/// A pool's output: a parent and two workers, whose lines 2 to 7 interleave.
const GOOD: [&str; 8] = [
    "Process (500) start...",
    "pid 501: task 0, given by pid 500",
    "pid 502: task 1, given by pid 500",
    "pid 501: task 0 ran 0.50 seconds",
    "pid 501: task 2, given by pid 500",
    "pid 502: task 1 ran 1.20 seconds",
    "pid 501: task 2 ran 12.0 ms",
    "balance ≈ -13, 1 of 2 workers ██░░ exit status 0",
];

fn is_good(actual: &[impl AsRef<str>]) -> bool {
    judge(&GOOD, actual, &interleave(&[2..=7]), BUDGET).is_ok()
}

/// The good output with a text replaced in all its lines.
fn good_with(changes: &[(&str, &str)]) -> Vec<String> {
    let changed = |line: &&str| {
        changes.iter().fold((*line).to_owned(), |line, (from, to)| line.replace(from, to))
    };
    GOOD.iter().map(changed).collect()
}

/// The good output with a text replaced in one of its lines, counted from 0.
fn good_with_line(line: usize, from: &str, to: &str) -> Vec<String> {
    let mut output = good_with(&[]);
    output[line] = output[line].replace(from, to);
    output
}

#[test]
fn legal_runs_are_accepted() {
    assert!(is_good(&GOOD));
    assert!(is_good(&good_with(&[("500", "41"), ("501", "7"), ("502", "99999")])), "other ids");
    assert!(
        is_good(&good_with(&[("501", "?"), ("502", "501"), ("?", "502")])),
        "ids in another order"
    );
    assert!(
        is_good(&good_with(&[("0.50 seconds", "31.0 seconds"), ("12.0 ms", "980 µs")])),
        "other times"
    );
    assert!(is_good(&good_with(&[("-13", "8"), ("██░░", "░███")])), "what was measured");
}

#[test]
fn every_order_that_keeps_the_actors_orders_is_accepted() {
    let (first, second) = ([1, 3, 4, 6], [2, 5]);
    for a in 0..6 {
        for b in a + 1..6 {
            let (mut first, mut second) = (first.iter(), second.iter());
            let mut run = vec![GOOD[0]];
            run.extend((0..6).map(|place| {
                let line = if place == a || place == b { second.next() } else { first.next() };
                GOOD[*line.unwrap()]
            }));
            run.push(GOOD[7]);
            assert!(is_good(&run), "{run:#?}");
        }
    }
}

#[test]
fn every_mutation_is_rejected() {
    let mut mutations = vec![
        good_with_line(4, "pid 501: task 2, given by pid 500", "pid 500: task 2, given by pid 501"),
        good_with_line(6, "501", "502"),
        good_with_line(2, "500", "503"),
        good_with_line(0, "500", "510"),
        good_with(&[("502", "501")]),
        good_with(&[("501", "1")]),
        good_with(&[("500", "0")]),
        good_with(&[("1 of 2", "2 of 2")]),
        good_with(&[("exit status 0", "exit status 1")]),
        good_with(&[("≈ -13", "-13")]),
        good_with(&[("12.0 ms", "12.0")]),
        good_with(&[("12.0 ms", "-12.0 ms")]),
        good_with(&[("██░░", "██░")]),
        good_with(&[("start", "Start")]),
    ];
    for line in 0..GOOD.len() {
        let mut dropped = good_with(&[]);
        dropped.remove(line);
        let mut doubled = good_with(&[]);
        doubled.insert(line, GOOD[line].to_owned());
        let mut dropped_and_doubled = good_with(&[]);
        dropped_and_doubled[line] = GOOD[(line + 1) % GOOD.len()].to_owned();
        mutations.extend([dropped, doubled, dropped_and_doubled]);
    }
    // Two lines of one actor, and lines that leave their part.
    for (one, other) in [(1, 3), (1, 4), (3, 4), (3, 6), (2, 5), (0, 1), (6, 7), (0, 7)] {
        let mut swapped = good_with(&[]);
        swapped.swap(one, other);
        mutations.push(swapped);
    }
    for mutation in mutations {
        assert_ne!(mutation, GOOD, "this mutation changes nothing");
        assert!(!is_good(&mutation), "accepted: {mutation:#?}");
    }
}

#[test]
fn outside_the_named_parts_the_order_is_strict() {
    let (one, other) = (["pid 5: x", "pid 6: y"], ["pid 6: y", "pid 5: x"]);
    assert_eq!(judge(&one, &other, &Order::default(), BUDGET), Err(Refusal::Different));
    assert_eq!(judge(&one, &other, &interleave(&[1..=2]), BUDGET), Ok(()));
}

/// Rings of actors who know their neighbours: to their colours, all are alike.
fn rings(sizes: &[usize]) -> Vec<String> {
    let mut output = Vec::new();
    let mut first = 100;
    for size in sizes {
        output.extend((0..*size).map(|place| {
            let (left, right) = ((place + 1) % size, (place + size - 1) % size);
            format!("pid {} knows pid {} and pid {}", first + place, first + left, first + right)
        }));
        first += size;
    }
    output
}

#[test]
fn running_out_of_budget_is_never_an_accept() {
    let (one, two) = (rings(&[16]), rings(&[8, 8]));
    let all = Order::interleave_all();
    assert_eq!(judge(&one, &two, &all, BUDGET), Err(Refusal::Different));
    assert_eq!(judge(&one, &two, &all, 10), Err(Refusal::Undecided));
    assert_eq!(judge(&two, &rings(&[8, 8]), &all, BUDGET), Ok(()));
}

/// Each process made the next one, and the lines have been shuffled.
fn chain(length: usize, first: usize) -> Vec<String> {
    let shuffled = (0..length).map(|place| place * 7 % length);
    shuffled.map(|place| format!("pid {} made pid {}", first + place, first + place + 1)).collect()
}

#[test]
fn a_long_chain_ends_with_the_budget() {
    let all = Order::interleave_all();
    assert_eq!(judge(&chain(200, 100), &chain(200, 5000), &all, BUDGET), Ok(()));
    let (one, mut other) = (chain(4000, 10_000), chain(4000, 20_000));
    other.rotate_left(100);
    // A tenth is enough to see that it ends.
    assert_eq!(judge(&one, &other, &all, BUDGET / 10), Err(Refusal::Undecided));
}

#[test]
fn actors_that_are_alike_end_with_the_budget() {
    let alike = |first: usize| -> Vec<String> {
        (0..4000).map(|actor| format!("pid {}: hello", first + actor)).collect()
    };
    let verdict = judge(&alike(10_000), &alike(20_000), &Order::interleave_all(), BUDGET / 10);
    assert_ne!(verdict, Err(Refusal::Different));
}

#[test]
fn a_large_output_is_decided_almost_without_a_search() {
    let good = large(10_000, 1);
    let all = Order::interleave_all();
    // For each of the 256 actors a few times all of both sides.
    let few = 256 * 2 * 256 * 4;
    let rerun = large(20_000, 7);
    assert_eq!(judge(&good, &rerun, &all, few), Ok(()));

    let mut changed_text = rerun.clone();
    changed_text[6_400] = changed_text[6_400].replace("step", "stop");
    assert_eq!(judge(&good, &changed_text, &all, few), Err(Refusal::Different));

    let mut changed_id = rerun;
    let line = changed_id.iter_mut().rfind(|line| line.contains("next to")).unwrap();
    let (before, _) = line.split_once("next to").unwrap();
    *line = format!("{before}next to pid 20100, after 40 ms");
    assert_eq!(judge(&good, &changed_id, &all, few), Err(Refusal::Different));
}
