//! Is each child that has ended waited for by the next request, or the one after it if the server
//! had just asked? Does the server wait for no child that still works? Does it count what the
//! children say, and pause between the requests?

use std::time::Duration;

use anyhow::{Result, ensure};
use common::text;
use record::{End, Event, Group};

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
        ("cheats/half_a_pause", "from the first request to the last it takes"),
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

/// The requests of the shortest test, and the pauses between them in milliseconds. It is made twice;
/// where a busy machine lets the results differ, once more with the longer pauses.
const SHORT_REQUESTS: [&str; 3] = ["0"; 3];
const SHORT_PAUSE: u64 = 150;
const LONGER_PAUSE: u64 = 600;

/// How often a server may ask, without a pause, whether a child has ended.
const MAX_ASKED: usize = 60;

fn judge(trial: &Trial) -> Result<()> {
    for (number, pause) in PAUSES.into_iter().enumerate() {
        let is_last = number + 1 == PAUSES.len();
        let long = (LONG_PAUSES * pause).to_string();
        let requests = REQUESTS.map(|request| request.replace("LONG", &long));
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        let record = recorded(trial, pause, &requests)?;
        let case = format!("with {pause} {}", requests.join(" "));
        let with = Fault::of(&case);
        match judge_times(&record) {
            Ok(()) => break,
            Err(Doubt::None(fault)) => return Err(with(fault.into())),
            Err(Doubt::Busy(fault)) if is_last => return Err(with(fault.into())),
            Err(Doubt::Busy(_)) => {}
        }
    }
    recorded(trial, 0, &[])?;
    recorded(trial, 0, &["0", "20,1", "3,0,15"])?;
    judge_length(trial)
}

/// Checks that the pauses between the requests are as long as they should be.
fn judge_length(trial: &Trial) -> Result<()> {
    // A server may be late with the first request, and in time with the others, or the other way
    // round.
    let [first, second] = [hurries(trial, SHORT_PAUSE)?, hurries(trial, SHORT_PAUSE)?];
    let fault = match (first, second) {
        (Some(_), Some(fault)) => Some(fault),
        (None, None) => None,
        _ => hurries(trial, LONGER_PAUSE)?,
    };
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}

/// How much too short the pauses of a server are, if they are.
fn hurries(trial: &Trial, pause: u64) -> Result<Option<Fault>> {
    let record = recorded(trial, pause, &SHORT_REQUESTS)?;
    let is_start = |event: &&Event| event.child.is_some();
    let first = record.events.iter().find(is_start).map(|event| event.at);
    let last = record.events.iter().rfind(is_start).map(|event| event.at);
    let took = last.unwrap_or_default().saturating_sub(first.unwrap_or_default());
    let expected = Duration::from_millis(pause) * (SHORT_REQUESTS.len() as u32 - 1);
    if took >= expected * 3 / 4 {
        return Ok(None);
    }
    let what = format!(
        "with {pause} {}: from the first request to the last it takes {}, and should take {}",
        SHORT_REQUESTS.join(" "),
        text::time(took),
        text::time(expected)
    );
    Ok(Some(Fault::new(what, record.lines(|event| event.child.is_some()))))
}

/// Records the server with these requests, and checks what has to hold whatever the times are.
fn recorded(trial: &Trial, pause: u64, requests: &[&str]) -> Result<Record> {
    let with = format!("with {pause} {}", requests.join(" "));
    recorded_with(trial, pause, requests).map_err(Fault::of(with.trim_end()))
}

fn recorded_with(trial: &Trial, pause: u64, requests: &[&str]) -> Result<Record> {
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
            format!("its exit status is {status}, and not {failed}"),
            record.lines(|event| matches!(event.group, Group::Wait))
        )
    );
    let is_vain = |event: &Event| {
        event.group == Group::Wait && (event.asks() || event.result.is_some_and(|it| it < 0))
    };
    if let Some(asks) = record.longest_spin(is_vain)
        && asks.len() > MAX_ASKED
    {
        let what = format!(
            "it asks {} times, without a pause, whether a child has ended, and keeps a CPU busy",
            asks.len()
        );
        let is_one = |event: &Event| asks.iter().any(|ask| std::ptr::eq(*ask, event));
        return Err(Fault::new(what, record.lines(is_one)).into());
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

/// What a record says of the server's work on [`REQUESTS`].
struct Service<'a> {
    record: &'a Record,
    children: Vec<i32>,
    /// When each request was taken: when its first child was started.
    taken: [Duration; REQUESTS.len()],
    /// The start of the last child.
    last_start: &'a Event,
}

/// Checks when the children were waited for.
fn judge_times(record: &Record) -> Result<(), Doubt> {
    let children = record.children_of(record.main());
    let starts: Vec<&Event> = children.iter().filter_map(|child| record.forked(*child)).collect();
    let mut next = 0;
    let taken = REQUESTS.map(|request| {
        let first = next;
        next += request.split(',').count();
        starts[first].at
    });
    let last_start = starts[starts.len() - 1];
    let service = Service { record, children, taken, last_start };
    for number in 1..=service.children.len() {
        service.judge_child(number)?;
    }
    service.judge_pauses()?;
    (1..=service.children.len()).try_for_each(|number| service.judge_asking(number))
}

impl Service<'_> {
    fn ended(&self, child: i32) -> Duration {
        let mut ends = self.record.events.iter().filter(|event| event.id == child);
        ends.find(|event| event.end.is_some()).map_or(Duration::MAX, |event| event.at)
    }

    /// Checks that the server did not wait for a child that was still at work, nor left it a
    /// zombie when it was to ask.
    fn judge_child(&self, number: usize) -> Result<(), Doubt> {
        let child = self.children[number - 1];
        let ended = self.ended(child);
        let Some(wait) = self.record.waited_for(child) else { return Ok(()) };
        let is_server = wait.id == self.last_start.id;
        let is_held_up = is_server && wait.at < self.last_start.at;
        if is_held_up && wait.began() < ended && !wait.asks() {
            let what = format!(
                "it waits for child {number} (pid {child}), and takes no request until it has ended"
            );
            return Err(Doubt::None(Fault::new(what, self.lines(child, wait))));
        }
        // The server may have asked just before the child ended, so it gets another request.
        let next = self.taken.iter().filter(|taken| **taken > ended).nth(1);
        let Some(next) = next.filter(|next| wait.began() > **next) else { return Ok(()) };
        let what = format!(
            "child {number} (pid {child}) had ended, and was still a zombie when request {} was \
             taken",
            self.request(*next)
        );
        let fault = Fault::new(what, self.lines(child, wait));
        // Another thread may have been about to wait for it.
        Err(if is_server { Doubt::None(fault) } else { Doubt::Busy(fault) })
    }

    /// Checks that the server asked for a child since the request before, if it had ended when the
    /// next one was taken.
    fn judge_asking(&self, number: usize) -> Result<(), Doubt> {
        let child = self.children[number - 1];
        let ended = self.ended(child);
        let next = self.taken.iter().find(|taken| **taken > ended);
        let before = self.taken.iter().rfind(|taken| **taken <= ended);
        let (Some(wait), Some(next), Some(before)) = (self.record.waited_for(child), next, before)
        else {
            return Ok(());
        };
        let asked = |event: &Event| {
            event.group == Group::Wait && event.at > *before && event.began() < ended
        };
        if wait.began() < *next || self.record.events.iter().any(asked) {
            return Ok(());
        }
        let what = format!(
            "child {number} (pid {child}) had ended when request {} was taken, and the server had \
             not asked since the request before",
            self.request(*next)
        );
        Err(Doubt::Busy(Fault::new(what, self.lines(child, wait))))
    }

    /// Checks that the times say something: that the quick children had ended when the next
    /// request was taken, and that the long job had not.
    fn judge_pauses(&self) -> Result<(), Doubt> {
        let what = if self.ended(self.children[LONG]) < self.last_start.at {
            "it takes no request until the long job, child 6, has ended"
        } else if self.children[..LONG].iter().any(|child| self.ended(*child) > self.taken[1])
            || self.children[LONG + 1..][..2].iter().any(|child| self.ended(*child) > self.taken[3])
        {
            "it does not pause after each request: the children have had no time to end"
        } else {
            return Ok(());
        };
        let lines = self.record.lines(|event| event.child.is_some() || event.end.is_some());
        Err(Doubt::Busy(Fault::new(what, lines)))
    }

    /// Which request was taken at this time.
    fn request(&self, time: Duration) -> usize {
        self.taken.iter().filter(|taken| **taken <= time).count()
    }

    /// The starts of all children, request by request, the end of one, and the wait for it.
    fn lines(&self, child: i32, wait: &Event) -> Vec<String> {
        let is_shown = |event: &Event| {
            event.child.is_some_and(|started| self.children.contains(&started))
                || event.id == child && event.end.is_some()
                || std::ptr::eq(event, wait)
        };
        let mut lines = Vec::new();
        for (place, taken) in self.taken.iter().enumerate() {
            let next = self.taken.get(place + 1).copied().unwrap_or(Duration::MAX);
            lines.push(format!("request {}:", place + 1));
            let times = *taken..next;
            lines.extend(self.record.lines(|event| is_shown(event) && times.contains(&event.at)));
        }
        lines
    }
}
