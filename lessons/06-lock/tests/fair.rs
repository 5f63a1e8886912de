//! The demo `fair`: whether the owner of a lock comes first again, and that the others wait.

mod demo;

use std::collections::BTreeSet;

use demo::{demo, lines};
use testing::strace::{Call, record};
use testing::test;

/// The numbers of a line after `≈`.
fn numbers(line: &str) -> Vec<u32> {
    line.split("≈ ").skip(1).map(|it| it.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_owner_of_an_unfair_lock_may_come_first_and_of_a_fair_one_never() {
    // With ever more rounds, for a machine so busy that the waiting thread is always quicker.
    for rounds in [1, 50, 500, 2000] {
        let lines = lines(&["fair", "--rounds", &rounds.to_string()], "0");
        let first = "a thread waits, the owner unlocks and locks again";
        assert_eq!(lines[0], format!("{first}; {rounds} rounds:"));
        for (line, name) in lines[1..].iter().zip(["std's Mutex:        ", "parking_lot's Mutex:"])
        {
            let [times, most] = numbers(line)[..] else { panic!("{line}") };
            assert_eq!(
                *line,
                format!(
                    "  {name} the owner first in ≈ {times} rounds, most times in a row: ≈ {most}"
                )
            );
            assert!(times <= rounds && most <= 1000 && (times > 0) == (most > 0), "{line}");
        }
        assert_eq!(
            lines[3..],
            [
                "  with unlock_fair:    the owner first in 0 rounds",
                "  a ticket lock:       the owner first in 0 rounds",
                "main reads, a writer waits; may another read? false",
                "10 came with read_recursive; has the writer had its turn? false",
                "all have left: the writer has had its turn",
            ]
        );
        if numbers(&lines[1])[0] > 0 {
            return;
        }
    }
    panic!("the owner never comes first");
}

#[test]
fn each_thread_that_waits_sleeps() {
    let demo = demo(&["fair", "--rounds", "3"], "0");
    let Some(recorded) = record(&demo, "write,prctl,futex") else { return };
    let started = recorded.started();
    let waits = |call: &&Call| call.arguments.contains("FUTEX_WAIT");
    let waiters: Vec<_> = started.iter().filter(|thread| thread.name() == "waiter").collect();
    assert_eq!(waiters.len(), 4 * 3);
    // Where the waiters of each lock sleep.
    let place = |call: &Call| call.arguments.split(',').next().unwrap().to_owned();
    let mut places: Vec<BTreeSet<_>> = Vec::new();
    for waiters in waiters.chunks(3) {
        let waits = waiters.iter().map(|waiter| waiter.calls("futex").find(waits));
        places.push(waits.map(|wait| place(wait.expect("it sleeps"))).collect());
    }
    let [std, parking_lot, fair, tickets] = &places[..] else { panic!("{places:?}") };
    // Nobody else sleeps where std's lock and the ticket lock are.
    assert!([parking_lot, fair, tickets].iter().all(|it| it.is_disjoint(std)), "{places:?}");
    assert!([parking_lot, fair].iter().all(|it| it.is_disjoint(tickets)), "{places:?}");
    let writers: Vec<_> = started.iter().filter(|thread| thread.name() == "writer").collect();
    let [writer] = writers[..] else { panic!("{writers:#?}") };
    let told = recorded.written("main reads, a writer waits");
    let mut waits = writer.calls("futex").filter(waits);
    assert!(waits.any(|call| call.begin < told.begin && told.begin < call.end), "{writer:#?}");
}
