//! Does the main thread sleep until the adder is done, in one wait, and not for longer if it
//! comes to its wait late? Is the sum right?

use std::time::Duration;

use anyhow::{Result, ensure};
use common::text;
use record::{Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Step, Trial, file_in_memory};

pub const EXERCISE: Exercise = Exercise {
    lesson: "01-multitask",
    name: "wait_quietly",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "does not wait while the adder waits"),
        ("right/channel", ""),
        ("right/condvar", ""),
        ("right/park", ""),
        ("right/process", ""),
        ("cheats/alone", "there is no second task"),
        ("cheats/another_spins", "does not wait while the adder waits"),
        ("cheats/idle_thread", "the main thread reads the numbers itself"),
        ("cheats/no_wait", "it ends before the adder"),
        ("cheats/sleeps", "it sleeps for a fixed time"),
        ("cheats/sleeps_once", "it sleeps for a fixed time"),
        ("cheats/time_limits", "it wakes up to look"),
        ("cheats/until_the_first", "does not wait while the adder waits"),
        ("cheats/waits_blindly", "done before the main thread begins to wait: it does not end"),
        ("cheats/yields", "does not wait while the adder waits"),
    ],
};

/// For how long nothing comes after a number, in milliseconds.
const SHORT: u64 = 120;

/// The same, for a machine that is too busy to tell a task that spins from one that is about to
/// wait.
const LONG: u64 = 1000;

/// More CPU time than a program needs that waits.
const MAX_CPU: Duration = Duration::from_millis(60);

fn judge(trial: &Trial) -> Result<()> {
    judge_sleep(trial)?;
    judge_late_wait(trial)
}

/// Checks that the main thread ends, too, if the adder is done before it comes to its wait.
fn judge_late_wait(trial: &Trial) -> Result<()> {
    let (_file, path) = file_in_memory(b"4\n35\n")?;
    trial
        .run_first_last(&[&path])
        .and_then(|ran| ran.require_lines(&["the sum is 39".to_owned()]))
        .map_err(Fault::of("when the adder is done before the main thread begins to wait"))
}

fn judge_sleep(trial: &Trial) -> Result<()> {
    let mut awake = judge_waits(trial, SHORT)?;
    // Without the recorder, which makes everything slow.
    let ran = trial.run_fed(1, &steps(&[7, 38], SHORT))?;
    ran.require_lines(&["the sum is 45".to_owned()])?;
    let (cpu, time) = (ran.cpu, ran.time);
    if awake.is_some() && cpu < MAX_CPU {
        // The machine is so busy that it had no chance to use more, or to come to its wait.
        awake = judge_waits(trial, LONG)?;
    }
    if let Some(fault) = awake {
        return Err(fault.into());
    }
    let what = format!("it uses {} of CPU time to wait for {}", text::time(cpu), text::time(time));
    ensure!(cpu < MAX_CPU, Fault::new(what, Vec::new()));
    Ok(())
}

/// The numbers, each after a pause, and after another one the end.
fn steps(numbers: &[u64], pause: u64) -> Vec<Step> {
    let pause = Duration::from_millis(pause);
    let number = |number: &u64| [Step::Pause(pause), Step::Bytes(0, format!("{number}\n").into())];
    numbers.iter().flat_map(number).chain([Step::Pause(pause)]).collect()
}

/// Records the program. A fault that is returned may come from a machine that is too busy.
fn judge_waits(trial: &Trial, pause: u64) -> Result<Option<Fault>> {
    let record = trial.record_fed(1, &steps(&[1, 20], pause))?;
    record.require_no_panic()?;
    record.require_no_sleep()?;
    record.require_no_time_over()?;
    record.require_no_retries()?;
    ensure!(
        record.events.iter().any(|event| event.child.is_some()),
        Fault::new("there is no second task: nobody has to wait for the adder", Vec::new())
    );
    let shown = || record.lines(|event| event.took.is_some() || event.child.is_some());
    let first = record.events.iter().find(|event| is_read(event) && event.text.contains(": \"1"));
    ensure!(
        first.is_none_or(|first| first.id != record.main()),
        Fault::new("the main thread reads the numbers itself: it waits for no adder", shown())
    );
    let reads = adders_reads(&record);
    ensure!(
        reads.last().is_some_and(|last| last.result == Some(0)),
        Fault::new("it ends before the adder has come to the end of its file", shown())
    );
    let awake: Vec<i32> = reads.iter().flat_map(|read| record.awake_at(read.at)).collect();
    let who = match awake[..] {
        [] => return Ok(None),
        [id, ..] if id == record.main() => "the main thread".to_owned(),
        [id, ..] => format!("the task with the id {id}"),
    };
    let what = "does not wait while the adder waits for the next number: it keeps a CPU busy";
    Ok(Some(Fault::new(format!("{who} {what}"), shown())))
}

/// What the adder reads; at last the end.
fn adders_reads(record: &Record) -> Vec<&Event> {
    // Another process may send the sum through a pipe of its own.
    let adder = record.events.iter().find(|event| is_read(event)).map(|event| event.id);
    record.events.iter().filter(|event| is_read(event) && Some(event.id) == adder).collect()
}

fn is_read(event: &Event) -> bool {
    event.group == Group::Data && event.text.starts_with("read from")
}
