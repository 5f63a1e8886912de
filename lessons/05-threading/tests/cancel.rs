//! `cancel`: a thread stops when it is asked, and not before.

use std::time::Duration;

use demo::{STAYS, demo, lines};
use testing::figures::{assert_between, times};
use testing::running::{Running, tid};
use testing::strace::{Call, record};
use testing::test;

mod demo;

/// The line that prints how long a thread ran on.
const ENDED: &str = "  main: it ended ";

#[test]
fn a_thread_that_is_not_asked_computes_on() {
    let running = Running::start(demo(&["cancel"], STAYS));
    running.line_with(&["a thread computes"]);
    // Once it has got its name it runs, and the main thread sleeps.
    running.wait_for_tasks(|tasks| {
        tasks.values().any(|task| task.name == "computes" && task.state == 'R')
    });
    assert!(running.lines_until_silent_for(Duration::from_millis(100)).is_empty());
    let tasks = running.tasks();
    let computes = tasks.values().find(|task| task.name == "computes").expect("it computes on");
    assert_eq!(computes.state, 'R');
}

#[test]
fn each_thread_but_the_last_ends_by_itself() {
    let lines = lines(&["cancel"]);
    assert_eq!(lines.iter().filter(|line| line.starts_with(ENDED)).count(), 4, "{lines:#?}");
    assert_eq!(lines.last().unwrap(), "  main: it has ended: false. I return");
    let jobs: Vec<_> = lines.iter().skip_while(|line| !line.contains("jobs from")).collect();
    let worker = tid(jobs[1]);
    for (line, said) in
        jobs[1..].iter().zip(["I do job 1", "I do job 2", "no job will come any more"])
    {
        assert_eq!(**line, format!("  tid {worker}: {said}"));
    }
}

#[test]
fn a_sleep_lasts_as_long_as_it_lasts_and_a_wait_ends_with_its_channel() {
    // Slowly enough that the main thread asks while the thread still sleeps, or waits.
    let mut interrupted = false;
    for pace in ["0.1", "0.5", "2"] {
        let Some(recorded) =
            record(&demo(&["cancel"], pace), "write,read,futex,clock_nanosleep,nanosleep,prctl")
        else {
            return;
        };
        let second = Duration::from_secs_f64(pace.parse().unwrap());
        let main = recorded.first();
        let named = |name: &str| {
            recorded.started().into_iter().find(|thread| thread.name() == name).expect(name)
        };
        let slept = |call: &&Call| call.name.ends_with("nanosleep");
        let mut rounds = 0;
        for sleep in recorded.calls().into_iter().filter(slept) {
            let is_main = sleep.caller == main.id;
            let time = if is_main { second / 10 } else { second };
            assert_eq!(sleep.times()[0], time, "{recorded:#?}");
            assert!(is_main || sleep.caller == named("sleeps").id, "{recorded:#?}");
            rounds += usize::from(!is_main);
        }
        assert!(rounds > 0, "{recorded:#?}");

        let ends =
            main.calls.iter().filter(|call| call.name == "write" && call.text().starts_with(ENDED));
        let ends: Vec<_> = ends.collect();
        assert_eq!(ends.len(), 4, "{recorded:#?}");
        for (end, name) in ends.into_iter().zip(["computes", "does jobs", "sleeps", "waits"]) {
            let asked = main.calls.iter().filter(slept).rfind(|call| call.end <= end.begin);
            let asked = asked.expect("the main thread slept before it asked");
            // It asked after its sleep; when it began to wait, the time had begun.
            let mut waits = main.calls.iter().filter(|call| call.name == "futex");
            let join = waits.find(|call| asked.end < call.begin && call.end < end.begin);
            let sleep = named(name).calls.iter().rfind(slept);
            let inside = join.zip(sleep).map(|(join, sleep)| sleep.end.saturating_sub(join.begin));
            let around = end.begin - asked.end;
            assert_between(inside.unwrap_or_default(), times(&end.text())[0], around);
        }
        // The wait was for a second; nothing but the channel can end it earlier.
        let waits = named("waits").calls.iter().filter(|call| call.name == "futex");
        let timeout = |call: &&Call| call.error.as_deref() == Some("ETIMEDOUT");
        interrupted |= waits.clone().count() > 0 && waits.filter(timeout).count() == 0;
        if interrupted {
            break;
        }
    }
    assert!(interrupted, "no channel has ended a wait");
}

#[test]
fn the_reader_is_in_its_read_when_the_process_ends() {
    // On a busy machine it may not have begun.
    for pace in ["0.1", "0.5", "2"] {
        let Some(recorded) = record(&demo(&["cancel"], pace), "read,write,prctl") else { return };
        assert!(!recorded.lines.iter().any(|line| line.contains("the pipe has ended")));
        let reader = recorded.started().into_iter().find(|thread| thread.name() == "reads");
        let Some(reader) = reader else { continue };
        let reads: Vec<_> = reader.calls.iter().filter(|call| call.name == "read").collect();
        assert!(reads.iter().all(|read| read.result.is_none()), "{reader:#?}");
        assert!(!reader.calls.iter().any(|call| call.name == "exit"), "{reader:#?}");
        if !reads.is_empty() {
            return;
        }
    }
    panic!("it never reads");
}
