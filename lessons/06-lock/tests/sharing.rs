//! The demo `sharing`: what is counted, and that it is measured each time.

mod demo;

use common::cpus;
use demo::{assert_on_two_cpus, demo, lines};
use testing::figures::times;
use testing::running::Running;
use testing::{start, test};

#[test]
fn all_is_counted_and_measured_anew() {
    if cpus::allowed().unwrap().len() < 2 {
        start::pass_over("this process may use one CPU");
        return;
    }
    let told = || {
        let lines = lines(&["sharing", "--rounds", "7"], "0");
        assert_eq!(lines[2], "two threads on two CPUs, each counts to 1000, 7 times:");
        let names = ["one after the other:", "with CachePadded:   ", "in a local variable:"];
        let each = |(line, name): (&String, &str)| {
            assert!(line.starts_with(&format!("  {name} ≈ ")), "{line}");
            assert!(line.ends_with(" for each, sums: 7000 and 7000"), "{line}");
            times(line)[0]
        };
        assert_eq!(lines.len(), 6);
        lines[3..].iter().zip(names).map(each).collect::<Vec<_>>()
    };
    let first = told();
    let others: Vec<_> = (0..10).map(|_| told()).collect();
    for row in 0..3 {
        let differs = others.iter().any(|other| other[row] != first[row]);
        assert!(differs, "11 times it was {}", first[row]);
    }
}

#[test]
fn on_one_cpu_it_says_that_there_is_nothing_to_measure() {
    let demo = demo(&["sharing"], "0");
    let one = start::on_cpus(&cpus::allowed().unwrap()[..1], &demo);
    let (lines, errors, status) = Running::start(one).finish();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0], "one after the other: the counters are 8 bytes apart");
    assert!(lines[1].starts_with("with CachePadded: "), "{lines:#?}");
    assert_eq!(status.code(), Some(3), "{errors}");
    assert!(errors.contains("between two CPUs, and this process may use one"), "{errors}");
}

#[test]
fn the_two_threads_are_bound_to_two_cpus() {
    assert_on_two_cpus("sharing", 3);
}
