//! Calls that a signal interrupts: which the program makes again, and which the kernel.

use serde_json::{Value, json};

use super::lives::Lives;
use super::{in_both, only_child};

/// The texts of the reads of the only child, without how long each took.
fn reads(lives: &Lives) -> Vec<String> {
    let child = &lives.events[&only_child(lives, lives.root)];
    let reads = child.iter().filter(|event| event["call"] == "read");
    let text = |event: &Value| {
        let (text, _) = event["text"].as_str().unwrap().split_once(", after ").unwrap();
        text.to_owned()
    };
    reads.map(text).filter(|text| text.starts_with("read from pipe")).collect()
}

#[test]
fn a_call_that_the_program_makes_again_is_another_call() {
    in_both("retries", |lives| {
        let interrupted = "read from pipe 1, read end: interrupted by a signal";
        let last = "read from pipe 1, read end: \"!\" (1 byte)";
        assert_eq!(reads(lives), [interrupted, interrupted, interrupted, last], "{lives:#?}");
        // The program counted its reads, too.
        assert_eq!(*lives.end(only_child(lives, lives.root)), json!({ "exited": 4 }));
    });
}

#[test]
fn a_call_whose_interruption_ends_the_process_is_told() {
    in_both("ended-by-handler", |lives| {
        let interrupted = "read from pipe 1, read end: interrupted by a signal";
        assert_eq!(reads(lives), [interrupted], "{lives:#?}");
        let child = &lives.events[&only_child(lives, lives.root)];
        let place = |text: &str| {
            let texts = child.iter().map(|event| event["text"].as_str().unwrap());
            texts.clone().position(|it| it.contains(text)).unwrap_or_else(|| panic!("{child:#?}"))
        };
        let order = ["interrupted by a signal", "gets SIGUSR1", "exit the process, status 3"];
        assert!(order.map(place).is_sorted(), "{child:#?}");
        let read = child.iter().find(|event| event["call"] == "read").unwrap();
        assert!((-516..=-512).contains(&read["result"].as_i64().unwrap()), "{read}");
    });
}

#[test]
fn a_call_that_was_interrupted_unnoticed_and_never_went_on_does_not_return() {
    in_both("killed-while-stopped", |lives| {
        assert_eq!(reads(lives), ["read from pipe 1, read end: does not return"], "{lives:#?}");
        let child = &lives.events[&only_child(lives, lives.root)];
        let read = child.iter().find(|event| event["call"] == "read").unwrap();
        assert_eq!(read["result"], Value::Null, "{read}");
    });
}

#[test]
fn a_call_that_goes_on_after_a_handler_with_calls_of_its_own_is_one_call() {
    in_both("read-in-handler", |lives| {
        assert_eq!(
            reads(lives),
            [
                "read from pipe 2, read end: \"!\" (1 byte)",
                "read from pipe 1, read end: \"!\" (1 byte)",
            ],
            "{lives:#?}"
        );
    });
}
