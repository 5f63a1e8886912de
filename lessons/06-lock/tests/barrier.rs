//! The demo `barrier`: no thread continues before all have arrived.

mod demo;

use std::time::Duration;

use demo::{asleep, demo, lines};
use testing::figures::{assert_between, times};
use testing::running::Running;
use testing::strace::record_with;
use testing::test;

/// What the numbers are after this round.
fn numbers(round: u32) -> [u64; 4] {
    match round {
        0 => [1, 0, 0, 0],
        _ => {
            let [a, b, c, d] = numbers(round - 1);
            [d + b, a + c, b + d, c + a]
        }
    }
}

#[test]
fn in_each_round_all_have_the_numbers_of_the_last() {
    let lines = lines(&["barrier", "--rounds", "40"], "0");
    for (round, line) in (1..=40).zip(&lines[1..]) {
        assert_eq!(*line, format!("  round {round}: {:?}", numbers(round)));
    }
    assert_eq!(lines[42], "  every order that makes a difference: 4 tried, 2 went wrong");
    assert_eq!(lines[44], "  every order that makes a difference: 2 tried, 0 went wrong");
    // To start two threads takes some time, if not to wait.
    let [limit, time] = times(lines.last().unwrap())[..] else { panic!("{lines:#?}") };
    assert!(limit == 0.0 && time > 0.0, "{lines:#?}");
}

#[test]
fn the_threads_wait_for_the_last_one_to_start() {
    // The next thread starts so late that one which waits for nobody has ended by then.
    let late = ["-e", "inject=clone,clone3:delay_exit=20000"];
    let demo = demo(&["barrier"], "0.02");
    let Some(recorded) = record_with(&late, &demo, "write,prctl,futex") else { return };
    let started = recorded.started();
    let cells = &started[..4];
    assert!(cells.iter().all(|cell| cell.name().starts_with("cell ")), "{cells:#?}");
    // Those that have to wait sleep.
    for cell in &cells[..3] {
        assert!(cells[3].begin < cell.end() && cell.calls("futex").count() > 0, "{cells:#?}");
    }
    for round in 1..=3 {
        let line = format!("  round {round}: {:?}", numbers(round));
        assert_eq!(recorded.lines[round as usize], line);
        // It is written by the leader.
        let leader = recorded.written(&line).caller;
        assert!(cells.iter().any(|cell| cell.id == leader), "{line}");
    }
    let line = recorded.lines.last().unwrap();
    assert!(line.starts_with(
        "  the third never comes: with a limit of 20.0 ms, 2 threads get an error after "
    ));
    let waits: Vec<_> = started.iter().filter(|thread| thread.name() == "waits").collect();
    assert_eq!(waits.len(), 4);
    // The third aborts 20 ms after a thread has come, which waits for as long as it takes.
    let calls = || waits[..2].iter().flat_map(|thread| thread.calls("futex"));
    assert!(calls().any(|call| call.arguments.contains("FUTEX_WAIT")), "{waits:#?}");
    assert!(calls().all(|call| call.error.as_deref() != Some("ETIMEDOUT")), "{waits:#?}");
    // One of them waits for all of the time, and wakes the other.
    assert!(waits[2..].iter().any(|thread| thread.calls("futex").count() > 0), "{waits:#?}");
    let limit = Duration::from_millis(20);
    let around =
        recorded.written("  the third never").begin - recorded.written("  the third aborts").end;
    assert_between(limit, times(line)[1], around);
}

#[test]
fn two_threads_wait_for_a_third_that_never_comes() {
    // For minutes.
    let running = Running::start(demo(&["barrier"], "1000"));
    running.line_with(&["  the third aborts: 2 threads get an error"]);
    let threads = asleep(&running, 3);
    assert_eq!(threads.values().filter(|thread| thread.name == "waits").count(), 2);
}
