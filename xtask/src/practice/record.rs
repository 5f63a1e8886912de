//! What the kernel saw a program do, and what a judge asks of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::text;
use nix::errno::Errno;
use nix::libc;
use record::{End, Event, Group};

use super::Fault;

/// So many times in a row, the same call did not wait although there was nothing.
const RETRIES: usize = 3;

/// What is shown of a record beside a fault, and how much of that is its beginning.
const MAX_DETAILS: usize = 12;
const FIRST_DETAILS: usize = 4;

/// How many characters are shown of data.
const MAX_DATA: usize = 60;

/// The events of a program and of all that it started, in the order of their times.
pub struct Record {
    /// All of them.
    pub events: Vec<Event>,
    /// Whether the record was ended before the program, because its time was over.
    is_cut: bool,
}

impl Record {
    /// Reads what `trace --json` prints.
    pub(super) fn read(text: &str) -> Result<Record> {
        let events = text
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| Event::from_json(line).with_context(|| format!("not an event: {line}")));
        let events = events.collect::<Result<Vec<_>>>()?;
        // The program may have ended in the moment in which its time was over.
        let is_cut = text.lines().any(|line| line.starts_with(TIME_IS_OVER))
            && events.iter().any(|event| event.end == Some(End::Killed(libc::SIGKILL)));
        Ok(Record { events, is_cut })
    }

    /// Leaves out what the program's first process did as a shell, before it became the program.
    pub(super) fn forget_shell(&mut self) {
        let main = self.main();
        let is_its = |event: &Event| event.process == main && is_exec(event);
        if let Some(place) = self.events.iter().rposition(is_its) {
            self.events.drain(..place);
        }
    }

    /// The id of the program's first process.
    pub fn main(&self) -> i32 {
        self.events[0].process
    }

    /// The processes that a process has forked, in order.
    pub fn children_of(&self, process: i32) -> Vec<i32> {
        let made = self.events.iter().filter(|event| event.process == process);
        let children = made.filter_map(|event| event.child);
        children.filter(|child| self.is_process(*child)).collect()
    }

    /// The event in which a process or thread came to be, in its maker.
    pub fn forked(&self, child: i32) -> Option<&Event> {
        self.events.iter().find(|event| event.child == Some(child))
    }

    /// Whether the id is that of a process, and not of one of its threads.
    fn is_process(&self, id: i32) -> bool {
        self.events.iter().any(|event| event.id == id && event.process == id)
    }

    /// The child of a process that became a shell for this command first.
    pub fn child_that_became(&self, parent: i32, command: &str) -> Option<i32> {
        let ending = format!(" {command:?}");
        self.children_of(parent).into_iter().find(|child| {
            let first = self.events[self.exec_of(*child)..].first();
            first.is_some_and(|event| event.text.ends_with(&ending))
        })
    }

    /// Where a process becomes another program for the first time, or the end of the record.
    fn exec_of(&self, process: i32) -> usize {
        let is_exec = |event: &Event| event.process == process && is_exec(event);
        self.events.iter().position(is_exec).unwrap_or(self.events.len())
    }

    /// The ends of pipes that a process has when it has become another program for the first time,
    /// by their descriptors.
    pub fn pipe_ends_after_exec(&self, process: i32) -> BTreeMap<u64, String> {
        let exec = self.exec_of(process);
        // What an exec closes is the event after it.
        let closes = self.events[exec..].iter().skip(1).find(|event| event.process == process);
        let mut ends = self.pipe_ends(process, exec);
        if let Some(closes) = closes.filter(|event| is_close_by_exec(event)) {
            close_by_exec(&mut ends, closes);
        }
        ends
    }

    /// The ends of pipes that a process has just before an event, by their descriptors.
    pub fn pipe_ends(&self, process: i32, event: usize) -> BTreeMap<u64, String> {
        let mut all: BTreeMap<i32, BTreeMap<u64, String>> = BTreeMap::new();
        for event in &self.events[..event] {
            if let Some(child) = event.child.filter(|child| self.is_process(*child)) {
                let inherited = all.get(&event.process).cloned().unwrap_or_default();
                all.insert(child, inherited);
                continue;
            }
            let own = all.entry(event.process).or_default();
            let argument = |place: usize| event.arguments.get(place).copied().unwrap_or(u64::MAX);
            match event.call.as_deref() {
                Some("pipe" | "pipe2") => own.extend(made_ends(&event.text)),
                Some("dup" | "dup2" | "dup3" | "fcntl") => {
                    if let Some(copy) = event.result.and_then(|copy| u64::try_from(copy).ok()) {
                        match own.get(&argument(0)).cloned() {
                            Some(end) => drop(own.insert(copy, end)),
                            None => drop(own.remove(&copy)),
                        }
                    }
                }
                Some("close") => drop(own.remove(&u64::from(argument(0) as u32))),
                Some("close_range") => {
                    let closed = u64::from(argument(0) as u32)..=u64::from(argument(1) as u32);
                    own.retain(|descriptor, _| !closed.contains(descriptor));
                }
                None if is_close_by_exec(event) => close_by_exec(own, event),
                _ => {}
            }
        }
        all.remove(&process).unwrap_or_default()
    }

    /// A process in words: `child 2 (pid 4711)`.
    fn called(&self, process: i32) -> String {
        let parent = self.forked(process).map(|event| event.process);
        let siblings = parent.map_or_else(Vec::new, |parent| self.children_of(parent));
        match siblings.iter().position(|sibling| *sibling == process) {
            Some(place) => format!("child {} (pid {process})", place + 1),
            None => format!("the program (pid {process})"),
        }
    }

    /// All processes, the first one included.
    pub fn processes(&self) -> BTreeSet<i32> {
        self.events.iter().map(|event| event.process).collect()
    }

    /// The runs of the jobs of [`Signals`](super::Signals), in the order in which they started.
    pub fn jobs(&self) -> Vec<JobRun> {
        let run = |start: &Event| {
            let (_, job) = start.text.split_once("\"-c\" \": job ")?;
            let number = job.split(';').next()?.parse().ok()?;
            let is_end = |event: &&Event| event.id == start.process && event.end.is_some();
            let end = self.events.iter().find(is_end).map_or(Duration::MAX, |event| event.at);
            Some(JobRun { number, process: start.process, start: start.at, end })
        };
        self.events.iter().filter(|event| is_exec(event)).filter_map(run).collect()
    }

    /// Checks that each of so many jobs ran once.
    ///
    /// # Errors
    /// A [`Fault`] that names the first that did not.
    pub fn require_jobs_once(&self, count: usize) -> Result<()> {
        let runs = self.jobs();
        for number in 1..=count {
            let times = runs.iter().filter(|run| run.number == number).count();
            let lines = self.lines(|event| event.group == Group::Exec);
            ensure!(
                times == 1,
                Fault::new(format!("job {number} was run {times} times, and not once"), lines)
            );
        }
        Ok(())
    }

    /// How a process ended.
    pub fn end_of(&self, process: i32) -> Option<End> {
        self.events.iter().filter(|event| event.id == process).find_map(|event| event.end)
    }

    /// What a process printed.
    pub fn printed_by(&self, process: i32) -> String {
        let printed = self.events.iter().filter(|event| {
            event.process == process && event.group == Group::Print && event.result > Some(0)
        });
        let quoted = printed.filter_map(|event| event.text.strip_prefix("print \""));
        quoted.map(|text| unescaped(text.rsplit_once('"').map_or(text, |(text, _)| text))).collect()
    }

    /// The event in which somebody waited for a process's end, and reaped it.
    pub fn waited_for(&self, child: i32) -> Option<&Event> {
        let mut ends = self.events.iter().filter(|event| tells_end_of(event, child));
        ends.find(|event| !event.text.contains("WNOWAIT"))
    }

    /// The event in which a process's end was learned of first, whether it was reaped then or not.
    pub fn end_learned(&self, child: i32) -> Option<&Event> {
        self.events.iter().find(|event| tells_end_of(event, child))
    }

    /// The longest series of such calls of a task in which it never waits for anything.
    pub fn longest_spin(&self, is_turn: impl Fn(&Event) -> bool) -> Option<Vec<&Event>> {
        let mut series: BTreeMap<i32, Vec<&Event>> = BTreeMap::new();
        let mut longest = Vec::new();
        for event in &self.events {
            if is_turn(event) {
                let series = series.entry(event.id).or_default();
                series.push(event);
                if series.len() > longest.len() {
                    longest.clone_from(series);
                }
            } else if event.took.is_some() {
                series.remove(&event.id);
            }
        }
        (!longest.is_empty()).then_some(longest)
    }

    /// Checks that no task asks whether a child has ended, naps, and asks again, in place of waiting
    /// for the child.
    ///
    /// # Errors
    /// A [`Fault`] that shows how one does.
    pub fn require_no_naps_between_asks(&self) -> Result<()> {
        let ids: BTreeSet<i32> = self.events.iter().map(|event| event.id).collect();
        for id in ids {
            let own: Vec<&Event> = self.events.iter().filter(|event| event.id == id).collect();
            let is_looked_for = |three: &&[&Event]| {
                three[0].asks() && three[0].result == Some(0) && is_nap(three[1]) && three[2].asks()
            };
            let shown: Vec<&Event> = own
                .windows(3)
                .filter(is_looked_for)
                .flat_map(|three| &three[..2])
                .copied()
                .collect();
            ensure!(
                shown.len() < 2 * RETRIES,
                Fault::new(
                    "it looks again and again whether a child has ended, and does not wait for it",
                    lines_of(shown.into_iter().take(MAX_DETAILS))
                )
            );
        }
        Ok(())
    }

    /// Whether a process has read to the end of a channel.
    pub fn saw_end_of_file(&self, process: i32) -> bool {
        // A read of no bytes returns 0 anywhere.
        let is_empty = |event: &Event| {
            matches!(event.call.as_deref(), Some("read" | "recvfrom"))
                && event.arguments.get(2) == Some(&0)
        };
        self.reads_of(process).any(|event| event.result == Some(0) && !is_empty(event))
    }

    /// How many bytes a process has read from channels.
    pub fn bytes_read_by(&self, process: i32) -> u64 {
        let results = self.reads_of(process).filter_map(|event| event.result);
        results.filter_map(|count| u64::try_from(count).ok()).sum()
    }

    fn reads_of(&self, process: i32) -> impl Iterator<Item = &Event> {
        let of_process = self.events.iter().filter(move |event| event.process == process);
        of_process.filter(|event| event.group == Group::Data && event.text.starts_with("read from"))
    }

    /// Checks that a process has forked so many others.
    ///
    /// # Errors
    /// A [`Fault`] if they are more or fewer.
    pub fn require_children(&self, process: i32, count: usize) -> Result<()> {
        let children = self.children_of(process);
        let forks = self.lines(|event| event.child.is_some());
        let counted =
            |count| if count == 1 { "1 child".into() } else { format!("{count} children") };
        ensure!(
            children.len() == count,
            Fault::new(
                format!("process {process} has {}, and not {count}", counted(children.len())),
                forks
            )
        );
        Ok(())
    }

    /// Checks that each process but the first was waited for by its parent.
    ///
    /// # Errors
    /// A [`Fault`] that names the first that was not.
    pub fn require_all_waited_for(&self) -> Result<()> {
        for process in self.processes() {
            for (number, child) in (1..).zip(self.children_of(process)) {
                let Some(event) = self.waited_for(child) else {
                    let is_zombie = self.events.iter().any(|event| event.zombie == Some(child));
                    let zombie =
                        if is_zombie { ": it was a zombie when its parent ended" } else { "" };
                    let what = format!("child {number} (pid {child}) was never waited for{zombie}");
                    bail!(Fault::new(what, self.lines_about(child)));
                };
                ensure!(
                    event.process == process,
                    Fault::new(
                        format!("child {number} (pid {child}) was not waited for by its parent"),
                        self.lines_about(child),
                    )
                );
            }
        }
        Ok(())
    }

    /// Checks that no process was sent a signal that ends it.
    ///
    /// # Errors
    /// A [`Fault`] that names it.
    pub fn require_none_killed(&self) -> Result<()> {
        for process in self.processes() {
            if let Some(End::Killed(_)) = self.end_of(process) {
                let what = format!("{} was killed", self.called(process));
                bail!(Fault::new(what, self.lines_about(process)));
            }
        }
        Ok(())
    }

    /// Checks that nothing sleeps for a fixed time.
    ///
    /// # Errors
    /// A [`Fault`] that shows the sleep.
    pub fn require_no_sleep(&self) -> Result<()> {
        let sleeps = self.lines(|event| event.group == Group::Sleep);
        ensure!(
            sleeps.is_empty(),
            Fault::new("it sleeps for a fixed time, and does not wait for what it needs", sleeps)
        );
        Ok(())
    }

    /// Checks that nothing waits for a short time, looks, and waits again.
    ///
    /// # Errors
    /// A [`Fault`] that shows the waits whose time was over.
    pub fn require_no_time_over(&self) -> Result<()> {
        let over = self.lines(is_time_over);
        ensure!(
            over.is_empty(),
            Fault::new("it wakes up to look, although nothing has happened", over)
        );
        Ok(())
    }

    /// The waits of a task whose time was over before anything had happened.
    pub fn waits_in_vain(&self, id: i32) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.id == id && is_time_over(event))
    }

    /// The tasks, processes and threads, that are neither gone at this time nor asleep in a call
    /// that waits.
    pub fn awake_at(&self, time: Duration) -> Vec<i32> {
        let mut awake = BTreeSet::new();
        for event in &self.events {
            let born = self.forked(event.id).map_or(Duration::ZERO, |fork| fork.at);
            if born < time {
                awake.insert(event.id);
            }
        }
        for event in &self.events {
            let waits = event.took.is_some() && event.began() <= time && time <= event.at;
            if waits || event.end.is_some() && event.at <= time {
                awake.remove(&event.id);
            }
        }
        awake.into_iter().collect()
    }

    /// Checks that no process has panicked.
    ///
    /// # Errors
    /// A [`Fault`] that shows what it printed.
    pub fn require_no_panic(&self) -> Result<()> {
        for process in self.processes() {
            if self.end_of(process) == Some(End::Exited(PANICKED)) {
                let printed = self.printed_by(process);
                if printed.contains("panicked at") {
                    let lines = printed.lines().map(|line| format!("it printed: {line}"));
                    let what = format!("{} panics", self.called(process));
                    bail!(Fault::new(what, lines.collect()));
                }
            }
        }
        Ok(())
    }

    /// Checks that there is memory which processes share.
    ///
    /// # Errors
    /// A [`Fault`] if there is none.
    pub fn require_shared_memory(&self) -> Result<()> {
        let is_shared = |event: &Event| {
            matches!(event.call.as_deref(), Some("mmap" | "shmat"))
                && event.text.starts_with("map ")
                && event.result.is_some_and(|address| address > 0)
        };
        ensure!(
            self.events.iter().any(is_shared),
            Fault::new("it makes no memory that its processes share", Vec::new())
        );
        Ok(())
    }

    /// Checks that no pipe is made to hold more than a pipe does.
    ///
    /// # Errors
    /// A [`Fault`] that shows where one is.
    pub fn require_no_larger_pipe(&self) -> Result<()> {
        let larger = |event: &Event| {
            event.call.as_deref() == Some("fcntl")
                && event.arguments.get(1) == Some(&(libc::F_SETPIPE_SZ as u64))
        };
        let larger = self.lines(larger);
        ensure!(
            larger.is_empty(),
            Fault::new("it makes a pipe larger, which helps only up to that size", larger)
        );
        Ok(())
    }

    /// Checks that nobody asks a channel again and again whether it is ready, in place of waiting.
    ///
    /// # Errors
    /// A [`Fault`] that shows how somebody does.
    pub fn require_no_retries(&self) -> Result<()> {
        let fault = |shown: &[&Event]| {
            let what = "it looks again and again whether something can be read or written, and \
                        does not wait for it";
            Fault::new(what, lines_of(shown.iter().copied()))
        };
        let mut refused = BTreeMap::<_, Vec<&Event>>::new();
        let mut naps = BTreeMap::<_, Vec<&Event>>::new();
        for event in &self.events {
            if event.result.is_none() || event.group == Group::Print {
                continue;
            }
            if is_nap(event) {
                // On a busy machine a nap may last until something has come.
                let looked = refused.get(&event.id).and_then(|refused| refused.last());
                let naps = naps.entry(event.id).or_default();
                naps.extend(looked.map(|looked| [*looked, event]).into_iter().flatten());
                ensure!(naps.len() < 4 * RETRIES, fault(naps));
            } else if finds_nothing(event) {
                let refused = refused.entry(event.id).or_default();
                refused.push(event);
                let same = refused.iter().filter(|earlier| earlier.call == event.call);
                ensure!(same.count() < RETRIES, fault(refused));
            } else {
                // It has waited, or got on.
                refused.remove(&event.id);
            }
        }
        Ok(())
    }

    /// Whether a task was told that its call would have to wait, and has never waited for a channel.
    /// Another time it may look again and again: here something was always there in time.
    pub fn may_look_again(&self) -> bool {
        let waits = |event: &Event| {
            event.group == Group::Channel && event.took.is_some() && !only_asks(event)
        };
        let has_waited = |id| self.events.iter().any(|event| event.id == id && waits(event));
        self.events.iter().any(|event| finds_nothing(event) && !has_waited(event.id))
    }

    /// The events that a program is in when its record was ended before it: what each of its
    /// tasks waits for, if the record was ended so.
    pub(super) fn hangs(&self) -> Option<Fault> {
        let waiting = self.waiting();
        let what = match waiting.is_empty() {
            true => "it does not end, although it waits for nothing",
            false => "it does not end; it waits here:",
        };
        self.is_cut.then(|| Fault::new(what, waiting))
    }

    /// What each task is asleep in when the record is ended, and as which program, if it has become
    /// another one.
    pub fn waiting(&self) -> Vec<String> {
        let pending = self.events.iter().filter(|event| is_pending(event)).take(MAX_DETAILS);
        let line = |event: &Event| {
            let line = lines_of([event]).concat();
            let of_process = |exec: &&Event| exec.process == event.process && is_exec(exec);
            let mut execs = self.events.iter().filter(of_process);
            match execs.next_back().and_then(|exec| exec.text.strip_prefix("exec ")) {
                Some(program) if event.process != self.main() => format!("{line}; it is {program}"),
                _ => line,
            }
        };
        pending.map(line).collect()
    }

    /// Whether a process was asleep when the record was ended.
    pub(super) fn waits(&self, process: i32) -> bool {
        self.events.iter().any(|event| event.process == process && is_pending(event))
    }

    /// Whether all tasks waited for something else than the end of a time when the record was
    /// ended.
    pub(super) fn all_wait(&self) -> bool {
        let mut waits = BTreeMap::new();
        let mut stopped = BTreeSet::new();
        // Whose time to wait was over, and who has done nothing since: they are about to wait again,
        // on a busy machine.
        let mut gave_up = BTreeSet::new();
        let cut = self.events.iter().find(|event| is_pending(event)).map(|event| event.at);
        // What was killed before, and not because the time was over.
        let ended_before = |event: &Event| Some(event.at + CUT_TAKES) < cut;
        for event in &self.events {
            if event.group == Group::Signal && event.text.starts_with("stopped by") {
                stopped.insert(event.id);
            } else if event.group == Group::Signal && event.text == "goes on" {
                stopped.remove(&event.id);
            }
            // It may not have come to its first event.
            if let Some(child) = event.child {
                waits.entry(child).or_insert(false);
            }
            if stopped.contains(&event.id) {
                // Only another process can make it go on.
                waits.insert(event.id, true);
            } else if is_pending(event) {
                waits.insert(event.id, event.group != Group::Sleep);
            } else if event.end.is_some()
                && (event.end != Some(End::Killed(libc::SIGKILL)) || ended_before(event))
            {
                waits.insert(event.id, true);
            } else {
                waits.entry(event.id).or_insert(false);
            }
            if is_time_over(event) {
                gave_up.insert(event.id);
            } else if event.end.is_none() {
                gave_up.remove(&event.id);
            }
        }
        waits.iter().all(|(id, waits)| *waits || gave_up.contains(id))
    }

    /// The lines about a process: what it did, and what others did to it.
    fn lines_about(&self, process: i32) -> Vec<String> {
        let named = format!("pid {process}");
        self.lines(|event| {
            event.child == Some(process)
                || event.text.contains(&named)
                || event.id == process && matches!(event.group, Group::Exit | Group::Fork)
        })
    }

    /// The lines of some events, as a record shows them; of many, the first and the last.
    pub fn lines(&self, wanted: impl Fn(&Event) -> bool) -> Vec<String> {
        // A shell looks for a program in several folders.
        let is_sought = |event: &Event| {
            event.group == Group::Exec
                && event.result == Some(-(Errno::ENOENT as i64))
                && self.exec_of(event.process) < self.events.len()
        };
        let wanted = self.events.iter().filter(|event| wanted(event) && !is_sought(event));
        let mut lines = lines_of(wanted);
        if lines.len() > MAX_DETAILS {
            let left_out = FIRST_DETAILS..lines.len() - (MAX_DETAILS - FIRST_DETAILS - 1);
            let count = left_out.len();
            lines.splice(left_out, [format!("{:>9}  ({count} lines are left out)", "…")]);
        }
        lines
    }

    /// The lines of the last events.
    pub(super) fn last_lines(&self) -> Vec<String> {
        lines_of(&self.events[self.events.len().saturating_sub(MAX_DETAILS)..])
    }
}

/// A run of a job by a process.
pub struct JobRun {
    /// The job's number.
    pub number: usize,
    /// The process.
    pub process: i32,
    /// When it became the job.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
}

/// The lines of these events, as a record shows them.
fn lines_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    let line = |event: &Event| {
        let kind = if event.id == event.process { "pid" } else { "tid" };
        format!("{:>9}  {kind} {}  {}", text::time(event.at), event.id, shown(event))
    };
    events.into_iter().map(line).collect()
}

/// The text of an event, with less of its data, and with the judge called so.
fn shown(event: &Event) -> String {
    let own = format!("pid {}", std::process::id());
    let mut text = String::new();
    for (place, part) in event.text.split(&own).enumerate() {
        if place > 0 {
            let is_longer = part.starts_with(|next: char| next.is_ascii_digit());
            text.push_str(if is_longer { &own } else { "the judge" });
        }
        text.push_str(part);
    }
    let is_data = matches!(event.group, Group::Data | Group::Print);
    let data = text.find('"').zip(text.rfind('"')).filter(|(begin, end)| begin < end);
    if let Some((begin, end)) = data.filter(|_| is_data) {
        let long = text[begin + 1..end].char_indices().nth(MAX_DATA).map(|(at, _)| begin + 1 + at);
        if let Some(cut) = long {
            text.replace_range(cut..end, "…");
            // The recorder has shown a part only, too.
            text = text.replace("…\"…", "…\"");
        }
    }
    text
}

/// Whether it is a wait that says how this process ended.
fn tells_end_of(event: &Event, child: i32) -> bool {
    let goes_on = || ["was stopped", "goes on"].iter().any(|how| event.text.contains(how));
    let is_child = match event.call.as_deref() {
        Some("wait4") => event.result == Some(child.into()),
        // It writes down whose end it is.
        _ => event.text.contains(&format!("→ pid {child} ")),
    };
    event.group == Group::Wait && is_child && !goes_on()
}

/// The ends of a pipe and their descriptors: `make pipe 1, read end as fd 3, pipe 1, write end as
/// fd 4`.
fn made_ends(text: &str) -> Vec<(u64, String)> {
    let mut ends = Vec::new();
    let mut rest = text.strip_prefix("make ").unwrap_or_default();
    while let Some((name, after)) = rest.split_once(" as fd ") {
        let (number, next) = after.split_once(", ").unwrap_or((after, ""));
        if let Ok(number) = number.parse() {
            ends.push((number, name.to_owned()));
        }
        rest = next;
    }
    ends
}

/// What marks the channels that an exec has closed.
const AT_EXEC: &str = ", at the exec";

fn is_close_by_exec(event: &Event) -> bool {
    event.call.is_none() && event.group == Group::Channel && event.text.ends_with(AT_EXEC)
}

/// Removes the ends that an exec has closed: `close pipe 1, read end and pipe 2, write end, at the
/// exec`. Of two descriptors of one end, standard input and output stay.
fn close_by_exec(ends: &mut BTreeMap<u64, String>, event: &Event) {
    let names = event.text.strip_prefix("close ").and_then(|text| text.strip_suffix(AT_EXEC));
    for name in names.unwrap_or_default().split(" and ") {
        let closed = ends.iter().rfind(|(_, end)| *end == name).map(|(descriptor, _)| *descriptor);
        if let Some(descriptor) = closed {
            ends.remove(&descriptor);
        }
    }
}

/// Whether a process has become another program in it.
fn is_exec(event: &Event) -> bool {
    event.group == Group::Exec && event.result == Some(0)
}

/// Text as it was before it was shown in quotes.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    plain
}

/// The exit status of a Rust program whose `main` has panicked.
const PANICKED: i32 = 101;

/// More than it takes to end all tasks of a program whose time is over.
const CUT_TAKES: Duration = Duration::from_millis(300);

/// What `trace` prints when it ends a program because of `--for`.
const TIME_IS_OVER: &str = "xtask: the time is over";

/// Whether a call was refused because it would have had to wait for a channel.
fn is_refused(event: &Event) -> bool {
    event.group == Group::Data && event.result == Some(-(Errno::EAGAIN as i64))
}

/// Whether it was a wait whose time was over before anything had happened.
fn is_time_over(event: &Event) -> bool {
    match event.group {
        Group::Futex => event.result == Some(-(Errno::ETIMEDOUT as i64)),
        Group::Channel => event.took > Some(Duration::ZERO) && event.result == Some(0),
        Group::Signal => event.result == Some(-(Errno::EAGAIN as i64)),
        _ => false,
    }
}

/// Whether it asks which channels are ready, and would not wait for one: its time limit is zero.
fn only_asks(event: &Event) -> bool {
    let limit = match event.call.as_deref() {
        Some("poll") => event.arguments.get(2),
        Some("epoll_wait" | "epoll_pwait") => event.arguments.get(3),
        _ => None,
    };
    limit.is_some_and(|limit| *limit as i32 == 0)
}

/// Whether a task looked at a channel, and did not wait although there was nothing.
fn finds_nothing(event: &Event) -> bool {
    is_refused(event) || only_asks(event) && event.result == Some(0)
}

/// Whether it is a wait within the process that only took its time, like
/// [`park_timeout`](std::thread::park_timeout).
fn is_nap(event: &Event) -> bool {
    event.group == Group::Futex && is_time_over(event)
}

/// Whether it is a call in which its task was asleep when the record was ended.
fn is_pending(event: &Event) -> bool {
    event.call.is_some() && event.result.is_none() && event.text.contains("has not returned")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event: a process, a kind, a call, its arguments and its result, and words.
    type Row<'a> = (i32, &'a str, &'a str, &'a [u64], i64, &'a str);

    /// The result of a call that has not returned.
    const PENDING: i64 = i64::MIN;

    fn record(events: &[Row]) -> Record {
        let json = events.iter().map(|(id, group, call, arguments, result, text)| {
            let call = Some(*call).filter(|call| !call.is_empty());
            let child = (*group == "fork" && *result > 0).then_some(*result);
            let result = Some(*result).filter(|result| *result != PENDING);
            serde_json::json!({
                "at": 0.0, "id": id, "process": id, "name": "", "group": group, "call": call,
                "arguments": arguments, "result": result, "child": child, "text": text,
            })
            .to_string()
        });
        let json: Vec<String> = json.collect();
        Record::read(&json.join("\n")).unwrap()
    }

    #[test]
    fn what_was_printed_is_as_it_was() {
        let record = record(&[
            (1, "print", "write", &[], 5, r#"print "a\"b\\\n""#),
            (2, "print", "write", &[], 1, r#"print "x""#),
            (1, "print", "write", &[], 2, r#"print "\tc""#),
            (1, "print", "write", &[], -9, "print → EBADF"),
        ]);
        assert_eq!(record.printed_by(1), "a\"b\\\n\tc");
    }

    #[test]
    fn a_program_that_a_shell_has_become_begins_as_itself() {
        let exec = |text| (1, "exec", "execve", &[][..], 0, text);
        let opens = (1, "channel", "openat", &[][..], 3, "open a");
        let mut record = record(&[exec("exec sh"), opens, exec("exec b"), opens]);
        record.forget_shell();
        let texts: Vec<&str> = record.events.iter().map(|event| &event.text[..]).collect();
        assert_eq!(texts, ["exec b", "open a"]);
    }

    #[test]
    fn ends_of_pipes_are_inherited_copied_and_closed() {
        let record = record(&[
            (
                1,
                "channel",
                "pipe2",
                &[],
                0,
                "make pipe 1, read end as fd 3, pipe 1, write end as fd 4",
            ),
            (
                1,
                "channel",
                "pipe2",
                &[],
                0,
                "make pipe 2, read end as fd 5, pipe 2, write end as fd 6",
            ),
            (1, "fork", "clone", &[], 2, "fork → pid 2"),
            (2, "fork", "", &[], 0, "fork → 0"),
            (1, "channel", "close", &[4], 0, "close pipe 1, write end"),
            (2, "channel", "dup2", &[3, 0], 0, "copy pipe 1, read end as fd 0"),
            (2, "channel", "dup2", &[6, 1], 1, "copy pipe 2, write end as fd 1"),
            (2, "channel", "close", &[4], 0, "close pipe 1, write end"),
            (2, "exec", "execve", &[], 0, "exec sh \"-c\" \"cat\""),
            (2, "channel", "", &[], 0, "close pipe 1, read end and pipe 2, write end, at the exec"),
            (1, "channel", "close_range", &[5, u64::MAX], 0, "close several"),
            (1, "wait", "wait4", &[2, 0, 0, 0], 2, "wait for pid 2 → pid 2 exited, status 0"),
        ]);
        let ends = |ends: &[(u64, &str)]| {
            ends.iter()
                .map(|(number, end)| (*number, (*end).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let child = record.child_that_became(1, "cat").unwrap();
        assert_eq!(
            record.pipe_ends_after_exec(child),
            ends(&[(0, "pipe 1, read end"), (1, "pipe 2, write end"), (5, "pipe 2, read end")])
        );
        assert_eq!(record.pipe_ends(1, 11), ends(&[(3, "pipe 1, read end")]));
        assert!(record.waited_for(2).is_some());
    }

    #[test]
    fn a_task_that_has_only_been_started_does_not_wait() {
        let waits = (1, "wait", "futex", &[][..], PENDING, "futex wait: has not returned");
        assert!(record(&[waits]).all_wait());
        let start = (1, "fork", "clone3", &[][..], 2, "new thread → tid 2");
        assert!(!record(&[start, waits]).all_wait());
        let reads = (2, "data", "read", &[][..], PENDING, "read from a: has not returned");
        assert!(record(&[start, waits, reads]).all_wait());
        // Between two waits with a time limit.
        let nap = (2, "futex", "futex", &[][..], -110, "futex wait at 0x1: the time is over");
        let print = (2, "print", "write", &[][..], 1, "print \"x\"");
        assert!(record(&[start, waits, nap]).all_wait());
        assert!(!record(&[start, waits, nap, print]).all_wait());
    }

    #[test]
    fn who_looks_again_does_not_wait() {
        let refused: Row = (1, "data", "read", &[], -11, "read from pipe 1, read end: EAGAIN");
        let nap: Row = (1, "futex", "futex", &[], -110, "futex wait at 0x1: the time is over");
        let polls = |limit, result| (1, "channel", "poll", limit, result, "wait for pipe 1");
        let [asks, limit_is_over, waits]: [Row; 3] =
            [polls(&[7, 1, 0][..], 0), polls(&[7, 1, 100], 0), polls(&[7, 1, u64::MAX], 1)];
        for events in [[refused, nap], [asks, nap], [asks, refused]] {
            let record = record(&events.repeat(RETRIES));
            assert!(record.require_no_retries().is_err(), "{events:?}");
        }
        for events in [[refused, waits], [asks, waits], [limit_is_over, nap]] {
            let record = record(&events.repeat(2 * RETRIES));
            assert!(record.require_no_retries().is_ok(), "{events:?}");
        }
        // Each time something is there after the nap.
        let reads: Row = (1, "data", "read", &[], 5, "read from pipe 1, read end: 5 bytes");
        for [looks, rests] in [[refused, nap], [asks, nap]] {
            let record = record(&[looks, rests, reads].repeat(2 * RETRIES));
            assert!(record.require_no_retries().is_err(), "{looks:?}");
        }
        assert!(record(&[refused, waits, reads].repeat(2 * RETRIES)).require_no_retries().is_ok());
    }

    #[test]
    fn a_nap_between_two_questions_is_no_wait() {
        let ask: Row = (1, "wait", "wait4", &[2, 0, 1, 0], 0, "wait for pid 2 → nothing yet");
        let nap: Row = (1, "futex", "futex", &[], -110, "futex wait at 0x1: the time is over");
        let woken: Row = (1, "futex", "futex", &[], 0, "futex wait at 0x1");
        let judged =
            |between| record(&[ask, between].repeat(RETRIES + 1)).require_no_naps_between_asks();
        assert!(judged(nap).is_err());
        assert!(judged(woken).is_ok());
    }

    #[test]
    fn what_asks_over_and_over_spins() {
        let ask = (1, "wait", "wait4", &[2, 0, 1, 0][..], 0, "wait for pid 2 → nothing yet");
        let asks = record(&[ask; 3]);
        assert_eq!(asks.longest_spin(Event::asks).map(|series| series.len()), Some(3));
        assert!(
            record(&[(1, "exec", "execve", &[], 0, "exec a")]).longest_spin(Event::asks).is_none()
        );
    }
}
