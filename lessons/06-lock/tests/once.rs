//! The demos `once` and `once-panics`: three threads wait for one; what a panic leaves.

mod demo;

use std::time::Duration;

use demo::{asleep, demo, lines};
use testing::running::Running;
use testing::strace::{Call, Caller, record};
use testing::test;

#[test]
fn it_is_made_once() {
    let lines = lines(&["once"], "0.02");
    assert_eq!(lines[0], "four threads ask at the same time:");
    for (line, way) in lines[1..].iter().zip(["OnceLock", "LazyLock", "Once"]) {
        let rest = "made 1 time, 3 threads slept until then; got [42, 42, 42, 42]";
        assert_eq!(*line, format!("  {way}: {rest}"));
    }
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_panic_is_forgotten_or_kept() {
    let lines = lines(&["once-panics"], "1");
    for (line, way) in lines.iter().step_by(2).zip(["OnceLock", "LazyLock", "Once"]) {
        assert_eq!(*line, format!("{way}, first: panic ≈ \"there is no value yet\""));
    }
    assert_eq!(lines[1], "OnceLock, second: 42");
    for (line, way) in [(&lines[3], "LazyLock"), (&lines[5], "Once")] {
        assert!(line.starts_with(&format!("{way}, second: panic ≈ \"{way} instance ")), "{line}");
    }
    assert_eq!(lines.len(), 6);
}

#[test]
fn the_others_sleep_while_one_makes_it() {
    // That takes minutes.
    let running = Running::start(demo(&["once"], "1000"));
    running.line_with(&["four threads ask"]);
    let threads = asleep(&running, 5);
    assert_eq!(threads.values().filter(|thread| thread.name == "asking").count(), 4);
    assert_eq!(running.lines_until_silent_for(Duration::ZERO), [""; 0]);
}

#[test]
fn the_value_is_made_when_the_others_are_known_to_sleep() {
    let calls = "write,prctl,futex,openat,clock_nanosleep,nanosleep";
    let Some(recorded) = record(&demo(&["once"], "0.02"), calls) else { return };
    let started = recorded.started();
    assert_eq!(started.len(), 3 * 4);
    for threads in started.chunks(4) {
        let is_sleep = |name: &str| name.ends_with("nanosleep");
        let sleeps = |call: &&Call| is_sleep(&call.name);
        let (maker, others): (Vec<&Caller>, Vec<_>) =
            threads.iter().partition(|thread| thread.calls.iter().any(|it| is_sleep(&it.name)));
        let [maker] = maker[..] else { panic!("one makes the value: {threads:#?}") };
        let made = maker.calls.iter().find(sleeps).unwrap();
        for other in others {
            // The maker has looked at its state, and it sleeps until the value is there.
            let state = format!("/proc/{}/", other.id);
            let mut reads = maker.calls("openat").filter(|call| call.end < made.begin);
            assert!(reads.any(|call| call.text().starts_with(&state)), "{threads:#?}");
            let mut waits = other.calls("futex").filter(|call| call.begin < made.begin);
            assert!(waits.any(|call| made.end < call.end), "{threads:#?}");
        }
    }
}
