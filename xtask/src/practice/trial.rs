//! Tries a program for a judge.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use common::Unsupported;
use common::proc::OWN_PROGRAM;
use supervise::{End, Errors, Program};

use super::feed::{Feed, Step};
use super::{Record, interleave};
use crate::workspace::Interrupted;

/// Names the program of an exercise that a lesson's program of all exercises is to be.
pub const VARIABLE: &str = "EXERCISE";

/// How long a program may take before its record says what it waits for. If something could still
/// go on then, it gets the second time.
const PATIENCE: [Duration; 2] = [Duration::from_millis(1500), Duration::from_secs(20)];

/// The same for a program that waits for nothing but what it is fed.
const PATIENCE_IF_FED: [Duration; 3] = [Duration::from_millis(300), PATIENCE[0], PATIENCE[1]];

/// How long a program may take whose record has come to its end.
const DEADLINE: Duration = Duration::from_secs(20);

/// Runs a program with a limit for the CPU time of each process: one second.
const LIMITED: &str = "ulimit -S -c 0; ulimit -S -t 1; exec \"$0\" \"$@\"";

/// How long it may take to try the orders of a program. Their number has a limit, and so has what a
/// thread does in a step: only a very busy machine takes this long.
const DEADLINE_OF_ORDERS: Duration = Duration::from_secs(600);

/// More than any exercise prints.
const OUTPUT_LIMIT: usize = 1 << 20;

/// More than the record of any exercise that does not look at something again and again: it has
/// thousands of events.
const RECORD_LIMIT: usize = 1 << 23;

/// How many lines are shown of what a program printed.
const MAX_LINES: usize = 10;

/// How many characters are shown of a line.
const MAX_WIDTH: usize = 100;

/// What is wrong with a program: a line, and lines that show it.
#[derive(Debug)]
pub struct Fault {
    /// In a line.
    pub what: String,
    /// Parts of the record, of the output, or of what was expected.
    pub details: Vec<String>,
}

impl Fault {
    /// A fault that is shown by these lines.
    pub fn new(what: impl Into<String>, details: Vec<String>) -> Fault {
        Fault { what: what.into(), details }
    }

    /// Puts before a fault in which case it occurs.
    pub fn of(case: &str) -> impl Fn(anyhow::Error) -> anyhow::Error {
        move |error| match error.downcast::<Fault>() {
            Ok(Fault { what, details }) => Fault::new(format!("{case}: {what}"), details).into(),
            Err(error) => error,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

/// This system does not let a judge see what a program does.
#[derive(Debug)]
pub struct NotHere(pub String);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotHere {}

/// A program that is to be judged.
pub struct Trial {
    /// The file.
    pub program: PathBuf,
    /// What it is to be, if it is a lesson's program of all exercises.
    pub variant: Option<String>,
    /// Where it runs.
    pub folder: PathBuf,
}

/// What a program printed, and how it ended.
pub struct Ran {
    /// What it printed, on standard output and on standard error.
    pub output: String,
    /// The lines of that.
    pub lines: Vec<String>,
    /// Its exit status.
    pub status: i32,
    /// The CPU time of it and of its children.
    pub cpu: Duration,
    /// How long it took.
    pub time: Duration,
}

impl Ran {
    /// Checks that the program printed these lines, and exited with status 0.
    ///
    /// # Errors
    /// A [`Fault`] with what it printed.
    pub fn require_lines(&self, expected: &[String]) -> Result<()> {
        ensure!(self.lines == expected, self.wrong_lines(expected));
        self.require_success()
    }

    /// Checks that the program printed these lines, in any order, and exited with status 0.
    ///
    /// # Errors
    /// A [`Fault`] with what it printed.
    pub fn require_lines_in_any_order(&self, expected: &[String]) -> Result<()> {
        let sorted = |lines: &[String]| {
            let mut lines = lines.to_vec();
            lines.sort();
            lines
        };
        ensure!(sorted(&self.lines) == sorted(expected), self.wrong_set_of_lines(expected));
        self.require_success()
    }

    fn require_success(&self) -> Result<()> {
        ensure!(
            self.status == 0,
            Fault::new(format!("its exit status is {}, and not 0", self.status), Vec::new())
        );
        Ok(())
    }

    fn wrong_lines(&self, expected: &[String]) -> Fault {
        wrong_lines([("it prints:", &self.lines), ("expected:", expected)])
    }

    /// Where lines may come in any order, what is there and what is not, without what they have in
    /// common.
    fn wrong_set_of_lines(&self, expected: &[String]) -> Fault {
        let (mut printed, mut missing) = (Vec::new(), expected.to_vec());
        for line in &self.lines {
            match missing.iter().position(|other| other == line) {
                Some(place) => drop(missing.remove(place)),
                None => printed.push(line.clone()),
            }
        }
        if printed.len() == self.lines.len() {
            return self.wrong_lines(expected);
        }
        wrong_lines([
            ("the others are right, but it prints:", &printed),
            ("and does not print:", &missing),
        ])
    }
}

/// What is said of lines that are not those expected: two lists of them, each with its heading.
fn wrong_lines(lists: [(&str, &[String]); 2]) -> Fault {
    let details = lists.into_iter().flat_map(|(heading, lines)| {
        let mut details = vec![heading.to_owned()];
        details.extend(shown(lines));
        details
    });
    Fault::new("it prints the wrong lines", details.collect())
}

/// The first of some lines, and their beginnings: some are thousands of characters long.
fn shown(lines: &[String]) -> Vec<String> {
    if lines.is_empty() {
        return vec!["  nothing".to_owned()];
    }
    let line = |line: &String| match line.char_indices().nth(MAX_WIDTH) {
        Some((cut, _)) => format!("  {}…", &line[..cut]),
        None => format!("  {line}"),
    };
    lines.iter().take(MAX_LINES).map(line).collect()
}

impl Trial {
    /// A shell in place of the program, which the shell is to start.
    pub fn shell(&self) -> Trial {
        let Trial { variant, folder, .. } = self;
        Trial { program: "/bin/sh".into(), variant: variant.clone(), folder: folder.clone() }
    }

    /// Runs the program.
    ///
    /// # Errors
    /// A [`Fault`] if it does not exit in time, or leaves a process behind.
    pub fn run(&self, arguments: &[&str]) -> Result<Ran> {
        let arguments = arguments.iter().map(OsString::from).collect();
        self.ran(self.program.clone(), arguments, DEADLINE)
    }

    /// Runs the program, which tries orders of its threads' steps.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub fn run_orders(&self, arguments: &[&str]) -> Result<Ran> {
        let arguments = arguments.iter().map(OsString::from).collect();
        self.ran(self.program.clone(), arguments, DEADLINE_OF_ORDERS)
    }

    /// Runs the program so that its tasks take turns after every few instructions; `seed` decides
    /// in which order. Where the processor does not allow that, it runs as usual.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub fn run_interleaved(&self, seed: u64, arguments: &[&str]) -> Result<Ran> {
        if !interleave::is_possible() {
            return self.run(arguments);
        }
        self.ran_in_order(&seed.to_string(), arguments)
    }

    /// Runs the program so that its first task goes on only when all others wait or have ended.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub fn run_first_last(&self, arguments: &[&str]) -> Result<Ran> {
        self.ran_in_order(interleave::FIRST_IS_LAST, arguments)
    }

    /// Runs the program so that it is the next task's turn before and after each system call.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub fn run_call_by_call(&self, arguments: &[&str]) -> Result<Ran> {
        self.ran_in_order(interleave::CALL_BY_CALL, arguments)
    }

    fn ran_in_order(&self, order: &str, arguments: &[&str]) -> Result<Ran> {
        let words = [interleave::SUBCOMMAND.into(), order.into()].into_iter();
        let words = words.chain([self.program.clone().into_os_string()]);
        let words = words.chain(arguments.iter().map(OsString::from));
        let ran = self.ran(OWN_PROGRAM.into(), words.collect(), DEADLINE)?;
        for why in [interleave::NOBODY_WAKES, interleave::RUNS_ON] {
            ensure!(
                !ran.lines.iter().any(|line| line.ends_with(why)),
                Fault::new(format!("it does not end: {why}"), Vec::new())
            );
        }
        Ok(ran)
    }

    fn ran(&self, program: PathBuf, arguments: Vec<OsString>, deadline: Duration) -> Result<Ran> {
        let outcome = self.supervised(program, arguments, deadline, OUTPUT_LIMIT)?;
        let output = String::from_utf8_lossy(&outcome.output).into_owned();
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        let printed = || lines.iter().map(|line| format!("it printed: {line}")).collect();
        let status = match outcome.end {
            End::Exited(status) => status,
            End::Interrupted => return Err(Interrupted.into()),
            end => bail!(Fault::new(format!("the program {end}"), printed())),
        };
        if let Some(stray) = outcome.left_behind.first() {
            let what = format!("process {} is left running when the program has ended", stray.pid);
            bail!(Fault::new(what, printed()));
        }
        Ok(Ran { output, lines, status, cpu: outcome.cpu, time: outcome.time })
    }

    /// Runs the program with arguments that are the paths of `count` pipes, which are filled step
    /// by step.
    ///
    /// # Errors
    /// As of [`run`](Self::run).
    pub fn run_fed(&self, count: usize, steps: &[Step]) -> Result<Ran> {
        let feed = Feed::start(count, steps)?;
        let ran = self.run(&words(&feed.paths()));
        feed.end(Instant::now());
        ran
    }

    /// Runs the program, and returns what the kernel saw it do.
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to its end.
    pub fn record(&self, arguments: &[&str]) -> Result<Record> {
        let (record, hang) = self.record_or_hang(arguments)?;
        hang.map_or(Ok(record), |fault| Err(fault.into()))
    }

    /// The same for a program of which each process is to come to its end within a second of CPU
    /// time, or is killed by SIGXCPU.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub fn record_within_a_second(&self, arguments: &[&str]) -> Result<Record> {
        let program = self.program.to_str().context("the program's path")?;
        let mut record = self.shell().record(&[&["-c", LIMITED, program], arguments].concat())?;
        record.forget_shell();
        Ok(record)
    }

    /// The same for a program that runs `count` jobs, which wait for each other, so that it ends
    /// only if it runs `limit` of them at the same time as long as there are enough.
    ///
    /// # Errors
    /// A [`Fault`] if it runs fewer, or does not come to its end for another reason.
    pub fn record_jobs(&self, arguments: &[&str], count: usize, limit: usize) -> Result<Record> {
        let (record, hang) = self.record_or_hang(arguments)?;
        let Some(mut fault) = hang else { return Ok(record) };
        let runs = record.jobs();
        let running = runs.iter().filter(|run| record.waits(run.process)).count();
        let ready = count.saturating_sub(runs.len());
        if running < limit && ready > 0 {
            let are = |count| if count == 1 { "is" } else { "are" };
            fault.what = format!(
                "{running} of its jobs {} running and {ready} {} not started yet, but it starts none",
                are(running),
                are(ready),
            );
            fault.details.push("(The jobs of this trial wait for each other.)".to_owned());
        }
        Err(fault.into())
    }

    /// The same, with arguments that are the paths of `count` pipes, which are filled step by
    /// step.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub fn record_fed(&self, count: usize, steps: &[Step]) -> Result<Record> {
        let (record, hang) =
            Self::to_its_end(&PATIENCE_IF_FED, |time| self.record_fed_for(time, count, steps))?;
        hang.map_or(Ok(record), |fault| Err(fault.into()))
    }

    /// The record of a program that does not come to its end, because the steps end with
    /// [`Hold`](Step::Hold): what it has done when all of it waits. (Or when it has ended, after
    /// all.)
    ///
    /// # Errors
    /// A [`Fault`] if it comes to no rest.
    pub fn record_held(&self, count: usize, steps: &[Step]) -> Result<Record> {
        let pauses: Duration = steps
            .iter()
            .map(|step| if let Step::Pause(time) = step { *time } else { Duration::ZERO })
            .sum();
        for time in PATIENCE_IF_FED {
            let (record, nothing_comes) = self.record_fed_for(pauses + time, count, steps)?;
            // Then it comes to no rest.
            record.require_no_sleep()?;
            record.require_no_retries()?;
            if record.hangs().is_none() || nothing_comes && record.all_wait() {
                return Ok(record);
            }
        }
        bail!(Fault::new("it comes to no rest, although nothing comes that it could read", vec![]))
    }

    fn record_fed_for(
        &self,
        time: Duration,
        count: usize,
        steps: &[Step],
    ) -> Result<(Record, bool)> {
        let feed = Feed::start(count, steps)?;
        // Until then the record goes at least; it may be long before it is read here.
        let at = Instant::now() + time;
        let record = self.record_for(time, &words(&feed.paths()));
        let nothing_comes = feed.end(at);
        Ok((record?, nothing_comes))
    }

    fn record_or_hang(&self, arguments: &[&str]) -> Result<(Record, Option<Fault>)> {
        Self::to_its_end(&PATIENCE, |time| Ok((self.record_for(time, arguments)?, true)))
    }

    /// Gives a program more time, unless it cannot go on: all of it waits, and nothing will come
    /// from outside. Returns with its record why it has not come to its end.
    fn to_its_end(
        times: &[Duration],
        record_for: impl Fn(Duration) -> Result<(Record, bool)>,
    ) -> Result<(Record, Option<Fault>)> {
        let mut last = None;
        for &time in times {
            let (record, nothing_comes) = record_for(time)?;
            let Some(hang) = record.hangs() else { return Ok((record, None)) };
            if nothing_comes && record.all_wait() {
                return Ok((record, Some(hang)));
            }
            // It can go on, so it may come to its end if it gets more time.
            last = Some((record, Fault::new(still_runs(time, &hang.details), hang.details)));
        }
        let (record, fault) = last.context("no time to try it in")?;
        Ok((record, Some(fault)))
    }

    fn record_for(&self, time: Duration, arguments: &[&str]) -> Result<Record> {
        let seconds = time.as_secs_f64().to_string();
        let words = ["trace", "--json", "--for", &seconds, "--"].map(OsString::from);
        let program = self.program.clone().into_os_string();
        let words = words.into_iter().chain([program]);
        let words = words.chain(arguments.iter().map(OsString::from)).collect();
        let outcome = self.supervised(OWN_PROGRAM.into(), words, DEADLINE, RECORD_LIMIT)?;
        let output = String::from_utf8_lossy(&outcome.output);
        match outcome.end {
            End::Exited(0) => {}
            End::Exited(status) if status == i32::from(Unsupported::STATUS) => {
                bail!(NotHere(output.trim().to_owned()))
            }
            End::Flooded => {
                // The last line is cut.
                let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
                let record = Record::read(whole)?;
                // On a slower machine it would have come less far, and be told the same.
                record.require_no_retries()?;
                let count = record.events.len();
                let what = format!("it makes {count} system calls, and has not ended; the last:");
                bail!(Fault::new(what, record.last_lines()));
            }
            End::Interrupted => return Err(Interrupted.into()),
            end => bail!("cargo xtask trace {end}: {output}"),
        }
        let record = Record::read(&output)?;
        ensure!(!record.events.is_empty(), "an empty record: {output}");
        Ok(record)
    }

    fn supervised(
        &self,
        path: PathBuf,
        arguments: Vec<OsString>,
        deadline: Duration,
        output_limit: usize,
    ) -> Result<supervise::Outcome> {
        let variant = self.variant.as_ref().map(OsString::from);
        supervise::run(&Program {
            path,
            arguments,
            directory: self.folder.clone(),
            // A backtrace would hide what a panic says.
            environment: vec![
                (VARIABLE.into(), variant),
                ("RUST_BACKTRACE".into(), Some("0".into())),
            ],
            deadline: deadline + Duration::from_secs(5),
            output_limit,
            errors: Errors::Merged,
        })
    }
}

/// What is known of a program that can go on, and has not ended in this time.
fn still_runs(time: Duration, waiting: &[String]) -> String {
    let seconds = time.as_secs_f64();
    if waiting.is_empty() {
        format!(
            "it still ran after {seconds} s, and waited for nothing: it never ends, or it is slow"
        )
    } else {
        format!("it still ran after {seconds} s: it never ends, or it is slow; it was here:")
    }
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The record of a program that was ended when the time was over, in this call.
    fn cut_in(call: &str, group: &str) -> Record {
        let event = |call: Option<&str>, end, text| {
            json!({ "at": 0.0, "id": 1, "process": 1, "name": "", "group": group, "call": call,
                    "arguments": [], "end": end, "text": text })
            .to_string()
        };
        let waits = event(Some(call), json!(null), "wait: has not returned");
        let killed = event(None, json!({ "killed": 9 }), "killed");
        Record::read(
            &[&waits, &killed, "xtask: the time is over"].map(|it| it.to_owned()).join("\n"),
        )
        .unwrap()
    }

    #[test]
    fn who_can_go_on_is_not_said_to_hang() {
        let fault = |call, group| {
            let record_for = |_| Ok((cut_in(call, group), true));
            let (_, fault) = Trial::to_its_end(&PATIENCE, record_for).unwrap();
            fault.unwrap().what
        };
        assert_eq!(fault("futex", "futex"), "it does not end; it waits here:");
        let slow = "it still ran after 20 s: it never ends, or it is slow; it was here:";
        assert_eq!(fault("nanosleep", "sleep"), slow);
    }
}
