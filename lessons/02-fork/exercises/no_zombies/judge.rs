//! Is each child that has ended reaped before the next request but one is taken, although the server
//! waits for no child that still works? Are the statuses those of the children?

use std::time::Duration;

use anyhow::{Result, ensure};
use xtask::record::{End, Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "no_zombies",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "was still a zombie when request 3 was taken"),
        ("right/by_pid", ""),
        ("right/signal", ""),
        ("right/threads", ""),
        ("cheats/ignores", "was never waited for"),
        ("cheats/in_order", "child 7"),
        ("cheats/kills", ") was killed"),
        ("cheats/no_status", "its exit status is 0, and not 4"),
        ("cheats/one_each_time", "was still a zombie when request 3 was taken"),
        ("cheats/spins", "times, without a pause, whether a child has ended"),
        ("cheats/waits", "and takes no request until it has ended"),
    ],
};

/// The pauses between the requests, in milliseconds. A machine that is too busy for the first to
/// say anything gets the next.
const PAUSES: [u64; 2] = [40, 400];

/// The requests of the longer test: a long job is among them, for which none may wait.
const REQUESTS: [&str; 5] = ["0,1,0,0,1", "LONG", "1,0", "0", "1"];

/// The job that is still at work when the last request comes.
const LONG: usize = 5;

/// How long it takes, in pauses.
const LONG_PAUSES: u64 = 12;

/// How often a server may ask, without a pause, whether a child has ended.
const MAX_ASKED: usize = 60;

fn judge(trial: &Trial) -> Result<()> {
    for (number, pause) in PAUSES.into_iter().enumerate() {
        let is_last = number + 1 == PAUSES.len();
        let long = (LONG_PAUSES * pause).to_string();
        let requests = REQUESTS.map(|request| request.replace("LONG", &long));
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        let record = recorded(trial, pause, &requests)?;
        match judge_times(&record) {
            Ok(()) => break,
            Err(Doubt::None(fault)) => return Err(fault.into()),
            Err(Doubt::Busy(fault)) if is_last => return Err(fault.into()),
            Err(Doubt::Busy(_)) => {}
        }
    }
    recorded(trial, 0, &[])?;
    recorded(trial, 0, &["0", "20,1", "3,0,15"])?;
    Ok(())
}

/// Records the server with these requests, and checks what has to hold whatever the times are.
fn recorded(trial: &Trial, pause: u64, requests: &[&str]) -> Result<Record> {
    let pause = pause.to_string();
    let arguments: Vec<&str> = [&pause[..]].into_iter().chain(requests.iter().copied()).collect();
    let record = trial.record(&arguments)?;
    let main = record.main();
    let jobs = requests.iter().flat_map(|request| request.split(','));
    record.require_no_panic()?;
    record.require_children(main, jobs.clone().count())?;
    record.require_none_killed()?;
    record.require_all_waited_for()?;
    let failed = jobs.filter(|job| job.parse().is_ok_and(|job: u64| job % 2 == 1)).count();
    let status = match record.end_of(main) {
        Some(End::Exited(status)) => status,
        _ => -1,
    };
    ensure!(
        usize::try_from(status) == Ok(failed),
        Fault::new(
            format!("with {} its exit status is {status}, and not {failed}", arguments.join(" ")),
            record.lines(|event| matches!(event.group, Group::Wait))
        )
    );
    if let Some(asks) = record.longest_spin(|event| event.group == Group::Wait && event.asks())
        && asks.len() > MAX_ASKED
    {
        let what = format!(
            "it asks {} times, without a pause, whether a child has ended, and keeps a CPU busy",
            asks.len()
        );
        return Err(Fault::new(
            what,
            record.lines(|event| asks.iter().any(|ask| std::ptr::eq(*ask, event))),
        )
        .into());
    }
    Ok(record)
}

/// Why a record does not show that the server is right.
enum Doubt {
    /// It shows that it is wrong.
    None(Fault),
    /// It is wrong, unless the machine was too busy.
    Busy(Fault),
}

/// Checks when the children were waited for.
fn judge_times(record: &Record) -> Result<(), Doubt> {
    let main = record.main();
    let children = record.children_of(main);
    let forks: Vec<&Event> = children.iter().filter_map(|child| record.forked(*child)).collect();
    let end = |child: i32| {
        let ended = record.events.iter().find(|event| event.id == child && event.end.is_some());
        ended.map_or(Duration::MAX, |event| event.at)
    };
    let counts = REQUESTS.map(|request| request.split(',').count());
    let mut first = 0;
    let taken = counts.map(|count| {
        first += count;
        forks[first - count].at
    });
    let last_fork = forks[forks.len() - 1];

    let mut doubt = None;
    for (number, child) in (1..).zip(&children) {
        let (child, end) = (*child, end(*child));
        let Some(wait) = record.waited_for(child) else { continue };
        let shown = || {
            record.lines(|event| {
                event.child.is_some_and(|child| children.contains(&child))
                    || event.id == child && event.end.is_some()
                    || std::ptr::eq(event, wait)
            })
        };
        if wait.id == last_fork.id && wait.at < last_fork.at && wait.began() < end && !wait.asks() {
            return Err(Doubt::None(Fault::new(
                format!(
                    "it waits for child {number} (pid {child}), and takes no request until it has ended"
                ),
                shown(),
            )));
        }
        // The server may have asked just before it ended. Then it gets another request.
        let after_end = taken.iter().position(|taken| *taken > end);
        if let Some(next) = after_end.and_then(|after| taken.get(after + 1))
            && wait.began() > *next
        {
            let request = after_end.map_or(0, |after| after + 2);
            let fault = Fault::new(
                format!(
                    "child {number} (pid {child}) had ended, and was still a zombie when request \
                     {request} was taken"
                ),
                shown(),
            );
            // Another thread may have been about to wait for it.
            return Err(if wait.id == last_fork.id {
                Doubt::None(fault)
            } else {
                Doubt::Busy(fault)
            });
        }
        let turn =
            after_end.and_then(|next| Some((*taken.get(next.checked_sub(1)?)?, taken[next])));
        if let Some((begin, next)) = turn
            && wait.began() > next
            && !record
                .events
                .iter()
                .any(|event| event.group == Group::Wait && event.at > begin && event.began() < end)
        {
            let request = after_end.map_or(0, |after| after + 1);
            doubt = doubt.or(Some(Fault::new(
                format!(
                    "child {number} (pid {child}) had ended when request {request} was taken, and \
                     the server had not asked for it since the request before"
                ),
                shown(),
            )));
        }
    }
    if end(children[LONG]) < last_fork.at {
        return Err(Doubt::Busy(Fault::new(
            "it takes no request until the long job, that of child 6, has ended",
            record.lines(|event| event.child.is_some() || event.end.is_some()),
        )));
    }
    let quick = children[..5].iter().all(|child| end(*child) < taken[1])
        && children[6..8].iter().all(|child| end(*child) < taken[3]);
    if !quick {
        return Err(Doubt::Busy(Fault::new(
            "it does not pause after each request: the children have had no time to end",
            record.lines(|event| event.child.is_some() || event.end.is_some()),
        )));
    }
    doubt.map_or(Ok(()), |fault| Err(Doubt::Busy(fault)))
}
