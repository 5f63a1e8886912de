//! `timer`: a wait that ends with its time or with its channel, and a measured time.

use std::time::Duration;

use demo::{demo, lines};
use testing::figures::{assert_between, times};
use testing::strace::{Call, record, record_with};
use testing::test;

mod demo;

/// Checks that the second timer called its function if main says so, and the two others did.
fn assert_called(lines: &[String]) {
    let hello = |line: &&String| line.contains(": hello, world");
    let place = |beginning: &str| lines.iter().position(|line| line.starts_with(beginning));
    let (second, third) = (place("a timer of a second"), place("a timer of a tenth"));
    let (second, third) = (second.expect("a part"), third.expect("a part"));
    assert_eq!(lines[..second].iter().filter(hello).count(), 1, "{lines:#?}");
    assert_eq!(lines[third..].iter().filter(hello).count(), 1, "{lines:#?}");
    assert_eq!(lines.last().unwrap(), "  main: called: true");
    let called = lines[second..third].iter().filter(hello).count() == 1;
    let told = format!("  main: called: {called}; it ended after ");
    assert!(lines[third - 1].starts_with(&told), "{lines:#?}");
}

#[test]
fn a_timer_calls_its_function_unless_it_is_cancelled_in_time() {
    // Without waits, time and cancel come together.
    assert_called(&lines(&["timer"]));
    // If main is late, too, the cancel comes too late.
    let late = ["-e", "inject=clone,clone3:delay_exit=20000"];
    let Some(recorded) = record_with(&late, &demo(&["timer"], "0"), "write") else { return };
    assert_called(&recorded.lines);
}

#[test]
fn the_time_of_a_call_is_measured() {
    // Each wait ends so much later that nobody could know the time without a look at the clock.
    let late = Duration::from_millis(20);
    let delay = format!("inject=futex:delay_exit={}", late.as_micros());
    let demo = demo(&["timer"], "0.1");
    let Some(recorded) = record_with(&["-e", &delay], &demo, "write,futex") else { return };
    let (begin, hello) = (recorded.written("a timer of half"), recorded.written("  tid "));
    let waits = recorded.caller(hello.caller).calls.iter();
    let waits = waits.filter(|call| call.name == "futex" && call.end < hello.begin);
    let inside = waits.map(|call| call.time() + late).sum::<Duration>();
    let inside = inside.max(Duration::from_millis(50));
    assert_between(inside, times(&hello.text())[0], hello.begin - begin.end);
}

#[test]
fn a_timer_waits_for_its_time_or_its_channel_and_does_not_sleep() {
    let mut cancelled = false;
    // On a busy machine the timer may be over before it is cancelled.
    for (pace, second) in [("0.1", 100), ("1", 1000)] {
        let calls = "write,futex,clock_nanosleep,nanosleep,prctl";
        let Some(recorded) = record(&demo(&["timer"], pace), calls) else { return };
        let second = Duration::from_millis(second);
        let (main, started) = (recorded.first(), recorded.started());
        assert_eq!(started.len(), 3);
        assert!(started.iter().all(|thread| thread.name() == "timer"), "{recorded:#?}");

        let calls = recorded.calls().into_iter();
        let sleeps = calls.filter(|call| call.name.ends_with("nanosleep"));
        let sleeps: Vec<_> = sleeps.map(|call| (call.caller, call.times()[0])).collect();
        assert_eq!(sleeps, [(main.id, second / 10)], "{recorded:#?}");

        // The first calls when it is time, and not earlier.
        let (begin, hello) = (recorded.written("a timer of half"), recorded.written("  tid "));
        assert_eq!(hello.caller, started[0].id);
        assert_between(second / 2, times(&hello.text())[0], hello.begin - begin.end);

        // The second one's wait does not end with its time.
        let (begin, end) =
            (recorded.written("a timer of a second"), recorded.written("  main: called"));
        let sleep = main.calls.iter().find(|call| call.name.ends_with("nanosleep")).unwrap();
        assert_between(sleep.time(), times(&end.text())[0], end.begin - begin.end);
        let waits: Vec<_> = started[1].calls.iter().filter(|call| call.name == "futex").collect();
        let timed_out = |call: &&Call| call.error.as_deref() == Some("ETIMEDOUT");
        cancelled |= !waits.is_empty() && !waits.into_iter().any(|call| timed_out(&call));
        if cancelled {
            assert!(end.text().contains("called: false"), "{recorded:#?}");
            break;
        }
    }
    assert!(cancelled, "no wait was ended by its channel");
}
