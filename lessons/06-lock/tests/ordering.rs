//! The demo `ordering`: what it counts, and where it cannot count.

mod demo;

use common::cpus;
use demo::{assert_on_two_cpus, demo, lines};
use testing::running::Running;
use testing::{start, test};

const EXPLORED: [&str; 2] = [
    "neither thread sees the other, one step at a time in the explorer:",
    "  every order: 6 tried, 0 went wrong",
];

/// The numbers of a line after `≈`.
fn numbers(line: &str) -> Vec<usize> {
    line.split("≈ ")
        .skip(1)
        .map(|it| it.split([' ', ',']).next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn no_more_is_counted_than_there_are_rounds() {
    if cpus::allowed().unwrap().len() < 2 {
        start::pass_over("this process may use one CPU");
        return;
    }
    for rounds in [1, 500] {
        let lines = lines(&["ordering", "--rounds", &rounds.to_string()], "0");
        assert_eq!(lines[..2], EXPLORED);
        assert_eq!(
            lines[2],
            format!("neither thread sees the other, {rounds} rounds on two CPUs:")
        );
        assert!(lines[3].starts_with("  Relaxed:             ≈ "), "{lines:#?}");
        assert!(lines[4].starts_with("  Release and Acquire: ≈ "), "{lines:#?}");
        assert!(numbers(&lines[3])[0] <= rounds && numbers(&lines[4])[0] <= rounds, "{lines:#?}");
        assert_eq!(lines[5], "  SeqCst:              0");
        let about = "the flag is seen, and not the message";
        assert_eq!(lines[6], format!("{about}, {rounds} rounds on two CPUs:"));
        let [early, seen] = numbers(&lines[7])[..] else { panic!("{lines:#?}") };
        assert!(early <= seen && seen <= rounds, "{lines:#?}");
        assert!(lines[8].starts_with("  Release and Acquire: 0, of ≈ "), "{lines:#?}");
        assert!(numbers(&lines[8])[0] <= rounds, "{lines:#?}");
        assert_eq!(lines.len(), 9);
    }
}

#[test]
fn on_one_cpu_it_says_that_there_is_nothing_to_see() {
    let demo = demo(&["ordering"], "0");
    let one = start::on_cpus(&cpus::allowed().unwrap()[..1], &demo);
    let (lines, errors, status) = Running::start(one).finish();
    assert_eq!(lines, EXPLORED);
    assert_eq!(status.code(), Some(3), "{errors}");
    assert!(errors.contains("between two CPUs, and this process may use one"), "{errors}");
}

#[test]
fn the_two_threads_are_bound_to_two_cpus() {
    assert_on_two_cpus("ordering", 5);
}
