//! What the kernel saw a program do, and what a judge asks of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use common::text;
use nix::errno::Errno;
use nix::libc;
use xtask::record::{End, Event, Group};

use super::Fault;

/// So many times in a row, the same call was refused because it would have had to wait.
const RETRIES: usize = 3;

/// What is shown of a record beside a fault.
const MAX_DETAILS: usize = 12;

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
            && events.iter().any(|event| event.end == Some(End::Killed(KILL)));
        Ok(Record { events, is_cut })
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

    /// Whether the id is that of a process, and not of one of its threads.
    fn is_process(&self, id: i32) -> bool {
        self.events.iter().any(|event| event.id == id && event.process == id)
    }

    /// All processes, the first one included.
    pub fn processes(&self) -> BTreeSet<i32> {
        self.events.iter().map(|event| event.process).collect()
    }

    /// How a process ended.
    pub fn end_of(&self, process: i32) -> Option<End> {
        self.events.iter().filter(|event| event.id == process).find_map(|event| event.end)
    }

    /// The event in which somebody waited for a process's end, and reaped it.
    pub fn waited_for(&self, child: i32) -> Option<&Event> {
        let result = format!("→ pid {child} ");
        self.events.iter().find(|event| {
            event.group == Group::Wait
                && event.text.contains(&result)
                && !event.text.contains("WNOWAIT")
                && ["exited", "was killed", "killed"].iter().any(|how| event.text.contains(how))
        })
    }

    /// Whether a process has read to the end of a channel.
    pub fn saw_end_of_file(&self, process: i32) -> bool {
        self.reads_of(process).any(|event| event.result == Some(0))
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
                    let what = format!(
                        "child {number} (pid {child}) was never waited for: it was a zombie when \
                         its parent ended"
                    );
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
                let what = format!("process {process} was killed");
                bail!(Fault::new(what, self.lines_about(process)));
            }
        }
        Ok(())
    }

    /// Checks that nothing has panicked.
    ///
    /// # Errors
    /// A [`Fault`] with the message.
    pub fn require_no_panic(&self) -> Result<()> {
        let panics =
            self.lines(|event| event.group == Group::Print && event.text.contains(" panicked at "));
        ensure!(panics.is_empty(), Fault::new("it panics", panics));
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
        let mut refused = BTreeMap::<_, Vec<&Event>>::new();
        for event in &self.events {
            let Some(result) = event.result.filter(|_| event.group != Group::Print) else {
                continue;
            };
            if result == -(Errno::EAGAIN as i64) && event.group == Group::Data {
                let refused = refused.entry(event.id).or_default();
                refused.push(event);
                let same = refused.iter().filter(|earlier| earlier.call == event.call);
                if same.count() == RETRIES {
                    let what = "it looks again and again whether something can be read or \
                                written, and does not wait for it";
                    bail!(Fault::new(what, lines_of(refused.iter().copied())));
                }
            } else {
                // It has waited, or got on.
                refused.remove(&event.id);
            }
        }
        Ok(())
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

    /// What each task is asleep in when the record is ended.
    pub fn waiting(&self) -> Vec<String> {
        self.lines(is_pending)
    }

    /// Whether all tasks waited for something else than the end of a time when the record was
    /// ended.
    pub(super) fn all_wait(&self) -> bool {
        let mut waits = BTreeMap::new();
        for event in &self.events {
            if is_pending(event) {
                waits.insert(event.id, event.group != Group::Sleep);
            } else if event.end.is_some() && !matches!(event.end, Some(End::Killed(KILL))) {
                waits.insert(event.id, true);
            } else {
                waits.entry(event.id).or_insert(false);
            }
        }
        waits.values().all(|waits| *waits)
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

    /// The lines of some events, as a record shows them; the first few.
    pub fn lines(&self, wanted: impl Fn(&Event) -> bool) -> Vec<String> {
        lines_of(self.events.iter().filter(|event| wanted(event)).take(MAX_DETAILS))
    }

    /// The lines of the last events.
    pub(super) fn last_lines(&self) -> Vec<String> {
        lines_of(&self.events[self.events.len().saturating_sub(MAX_DETAILS)..])
    }
}

/// The lines of these events, as a record shows them.
fn lines_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    let line =
        |event: &Event| format!("{:>9}  pid {}  {}", text::time(event.at), event.id, event.text);
    events.into_iter().map(line).collect()
}

/// The number of SIGKILL.
const KILL: i32 = 9;

/// What `trace` prints when it ends a program because of `--for`.
const TIME_IS_OVER: &str = "xtask: the time is over";

/// Whether it is a call in which its task was asleep when the record was ended.
fn is_pending(event: &Event) -> bool {
    event.call.is_some() && event.result.is_none() && event.text.contains("has not returned")
}
