//! Does a command that ends before its deadline end the program, too, with its own status? Is one
//! that does not killed at the deadline, not before, and waited for?

use std::time::Duration;

use anyhow::{Result, ensure};
use common::text;
use record::{End, Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "deadline",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it waits out the whole time"),
        ("right/command", ""),
        ("right/pipe", ""),
        ("right/thread", ""),
        ("cheats/asks_once", "it waits out the whole time"),
        ("cheats/clock", "ended by itself"),
        ("cheats/asks_to_end", "the command ended by itself"),
        ("cheats/hopes", "was never waited for"),
        ("cheats/kills_at_once", "before its deadline of 100 ms"),
        ("cheats/leaves_command", "it did not kill the command at its deadline"),
        ("cheats/leaves_timer", "child 2"),
        ("cheats/no_wait", "was never waited for"),
        ("cheats/spins", "without a pause"),
        ("cheats/spins_unseen", "of CPU time"),
    ],
};

/// The status of a command that was killed.
const KILLED: i32 = 124;

/// How often the program may ask, without a pause, whether the command has ended.
const MAX_ASKED: usize = 60;

/// How late a command may end on a machine that is not too busy to judge by times.
const USUAL_DELAY: Duration = Duration::from_millis(150);

/// How much longer all is to take if a machine is too busy.
const LONGER: u32 = 6;

/// What makes a command ignore the signals that ask it to end: only SIGKILL is left.
const STUBBORN: &str = "trap '' HUP INT QUIT TERM; ";

/// A command that has a lot of memory, so that it takes a while to end when it is killed.
const SLOW_TO_DIE: &str = "exec dd if=/dev/zero of=/dev/null bs=64M 2>/dev/null";

fn judge(trial: &Trial) -> Result<()> {
    judge_late(trial, [100, 1200], STUBBORN)?;
    for (status, time) in [(7, 60), (0, 0)] {
        judge_early(trial, time, status)?;
    }
    judge_late(trial, [200, 350], "")?;
    judge_waiting(trial)?;
    judge_cpu(trial)
}

fn judge_early(trial: &Trial, time: u64, status: i32) -> Result<()> {
    match try_early(trial, 1, time, status)? {
        None => Ok(()),
        Some(_) => {
            try_early(trial, LONGER, time, status)?.map_or(Ok(()), |fault| Err(fault.into()))
        }
    }
}

fn judge_late(trial: &Trial, times: [u64; 2], first: &str) -> Result<()> {
    match try_late(trial, 1, times, first)? {
        None => Ok(()),
        Some(_) => try_late(trial, LONGER, times, first)?.map_or(Ok(()), |fault| Err(fault.into())),
    }
}

/// Tries a command that ends before its deadline. A fault that is returned may come from a machine
/// that is too busy.
fn try_early(trial: &Trial, longer: u32, time: u64, status: i32) -> Result<Option<Fault>> {
    let (deadline, time) = (millis(1200) * longer, millis(time) * longer);
    let command = format!("sleep {}; exit {status}", time.as_secs_f64());
    let record = recorded(trial, deadline, &command)?;
    let (main, job) = (record.main(), job(&record, &command));
    let ended = end(&record, job);
    let since_start =
        ended.at.saturating_sub(record.forked(job).map_or(Duration::ZERO, |it| it.at));
    let lines = || about(&record);
    if since_start > time + USUAL_DELAY && longer == 1 {
        return Ok(Some(Fault::new("the machine is too busy", lines())));
    }
    ensure!(
        ended.end == Some(End::Exited(status)),
        Fault::new(
            "the command was ended, although it would have ended before its deadline",
            lines()
        )
    );
    let whole = end(&record, main);
    ensure!(
        whole.at < deadline,
        Fault::new(
            format!(
                "the command ended after {}, and the program only after {}: it waits out the whole \
                 time",
                text::time(ended.at),
                text::time(whole.at)
            ),
            lines()
        )
    );
    require_all_waited_for(&record)?;
    require_status(&record, status, "the command's own")?;
    Ok(None)
}

/// Tries a command that does not end before its deadline, and does something `first`. A fault that is returned may come from a
/// machine that is too busy.
fn try_late(trial: &Trial, longer: u32, times: [u64; 2], first: &str) -> Result<Option<Fault>> {
    let [deadline, time] = times.map(|time| millis(time) * longer);
    let command = format!("{first}exec sleep {}", time.as_secs_f64());
    let record = recorded(trial, deadline, &command)?;
    let job = job(&record, &command);
    let ended = end(&record, job);
    let asks = record.longest_spin(|event| event.group == Group::Wait && event.asks());
    if let Some(asks) = asks.filter(|asks| asks.len() > MAX_ASKED) {
        let what =
            format!("it asks {} times, without a pause, whether the command has ended", asks.len());
        return Err(Fault::new(what, about(&record)).into());
    }
    let is_killed = matches!(ended.end, Some(End::Killed(_)));
    ensure!(
        is_killed || ended.at < end(&record, record.main()).at,
        Fault::new("it did not kill the command at its deadline", about(&record))
    );
    require_all_waited_for(&record)?;
    match ended.end {
        Some(End::Killed(_)) => {}
        _ => {
            let what = format!(
                "the command ended by itself after {}: its deadline was {}",
                text::time(ended.at),
                text::time(deadline)
            );
            let fault = Fault::new(what, about(&record));
            let is_sure = time > 3 * deadline && ended.at < time + USUAL_DELAY;
            return if is_sure { Err(fault.into()) } else { Ok(Some(fault)) };
        }
    }
    ensure!(
        ended.at >= deadline,
        Fault::new(
            format!(
                "the command was killed after {}, before its deadline of {}",
                text::time(ended.at),
                text::time(deadline)
            ),
            about(&record)
        )
    );
    require_status(&record, KILLED, "that of a command that was killed")?;
    Ok(None)
}

/// Checks that the program waits for what it has killed, and does not only ask once.
fn judge_waiting(trial: &Trial) -> Result<()> {
    let record = recorded(trial, millis(100), SLOW_TO_DIE)?;
    require_all_waited_for(&record)?;
    require_status(&record, KILLED, "that of a command that was killed")
}

/// Checks that waiting costs no CPU time.
fn judge_cpu(trial: &Trial) -> Result<()> {
    let mut ran = trial.run(&["0.25", "exec sleep 2"])?;
    if (millis(15)..millis(60)).contains(&ran.cpu) {
        // On a busy machine a program that keeps a CPU busy gets a small part of it only.
        ran = trial.run(&["2", "exec sleep 12"])?;
    }
    ensure!(
        ran.cpu < millis(60),
        Fault::new(
            format!(
                "it uses {} of CPU time to wait for {}",
                text::time(ran.cpu),
                text::time(ran.time)
            ),
            Vec::new()
        )
    );
    Ok(())
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn recorded(trial: &Trial, deadline: Duration, command: &str) -> Result<Record> {
    let record = trial.record(&[&deadline.as_secs_f64().to_string(), command])?;
    record.require_no_panic()?;
    ensure!(
        !record.children_of(record.main()).is_empty(),
        Fault::new("it starts no child", about(&record))
    );
    Ok(record)
}

/// The child that became the command, or was to.
fn job(record: &Record, command: &str) -> i32 {
    let children = record.children_of(record.main());
    let is_job = |child: &&i32| {
        let mut own = record.events.iter().filter(|event| event.process == **child);
        own.any(|event| event.group == Group::Exec && event.text.contains(command))
    };
    *children.iter().find(is_job).unwrap_or(&children[0])
}

/// The last event of a process.
fn end(record: &Record, process: i32) -> &Event {
    let mut ends = record.events.iter().filter(|event| event.id == process && event.end.is_some());
    ends.next().unwrap_or(&record.events[record.events.len() - 1])
}

/// Checks that all children are waited for, and shows what the program does if they are not.
fn require_all_waited_for(record: &Record) -> Result<()> {
    record.require_all_waited_for().map_err(|error| match error.downcast::<Fault>() {
        Ok(Fault { what, .. }) => Fault::new(what, about(record)).into(),
        Err(error) => error,
    })
}

fn require_status(record: &Record, status: i32, whose: &str) -> Result<()> {
    let main = record.main();
    let ended = match record.end_of(main) {
        Some(End::Exited(ended)) => ended,
        _ => -1,
    };
    ensure!(
        ended == status,
        Fault::new(format!("its exit status is {ended}, and not {status}, {whose}"), about(record))
    );
    Ok(())
}

/// What the program does, and when its children begin and end.
fn about(record: &Record) -> Vec<String> {
    use Group::{Exec, Exit, Fork, Signal, Sleep, Wait};
    let main = record.main();
    let children = record.children_of(main);
    record.lines(|event| {
        let is_shown = if event.process == main {
            matches!(event.group, Exit | Fork | Signal | Sleep | Wait)
        } else {
            children.contains(&event.process) && (event.group == Exec || event.end.is_some())
        };
        is_shown && !event.asks() && !event.text.starts_with("gets ")
    })
}
