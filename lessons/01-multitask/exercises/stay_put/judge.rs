//! Is there a worker for each CPU, and is each bound to another one when it does its work?

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use common::cpus;
use nix::unistd::Pid;
use xtask::record::Group;

use crate::practice::{Exercise, Fault, Judge, NotHere, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "01-multitask",
    name: "stay_put",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "is bound to no CPU"),
        ("right/before", ""),
        ("right/by_tid", ""),
        ("right/processes", ""),
        ("cheats/all_on_the_first", "worker 1 is bound to CPU"),
        ("cheats/binds_the_process", "is bound to no CPU"),
        ("cheats/from_0_on", "is bound to CPU"),
        ("cheats/goes_back", "is bound to CPUs"),
        ("cheats/one_worker", "there is no worker 1"),
        ("cheats/only_says_so", "is bound to no CPU"),
        ("cheats/too_late", "is bound to no CPU"),
    ],
};

/// More CPUs than these are not needed.
const MOST_CPUS: usize = 4;

fn judge(trial: &Trial) -> Result<()> {
    let all = cpus::allowed().map_err(|why| NotHere(why.to_string()))?;
    if all.len() == 1 {
        let why =
            "only one CPU may be used here, so it cannot be seen which one a worker has chosen";
        return Err(NotHere(why.to_owned()).into());
    }
    let few = &all[all.len().saturating_sub(MOST_CPUS)..];
    // Then only the last one, whose number is not 0.
    for allowed in [few, &all[all.len() - 1..]] {
        let only_these = OnlyThese::start(allowed, &all)?;
        judge_on(trial, allowed).map_err(Fault::of(&case(allowed)))?;
        drop(only_these);
    }
    Ok(())
}

fn case(allowed: &[usize]) -> String {
    match allowed {
        [only] => format!("where only CPU {only} may be used"),
        several => format!("where CPUs {} may be used", cpus::list(several)),
    }
}

fn judge_on(trial: &Trial, allowed: &[usize]) -> Result<()> {
    let record = trial.record(&[])?;
    let shown = || {
        record.lines(|event| {
            event.child.is_some() || matches!(event.group, Group::Cpu | Group::Print)
        })
    };
    let bound = bound_at_work(&record);
    for (worker, cpu) in allowed.iter().enumerate() {
        let what = match bound.get(&worker) {
            Some(Some(list)) if *list == cpu.to_string() => continue,
            Some(Some(list)) => {
                let s = if list.contains(',') { "s" } else { "" };
                format!(
                    "worker {worker} is bound to CPU{s} {list} when it prints, and not to {cpu}"
                )
            }
            Some(None) => format!("worker {worker} is bound to no CPU when it prints"),
            None => {
                record.require_no_panic()?;
                format!("there is no worker {worker} that prints: a CPU has none")
            }
        };
        return Err(Fault::new(what, shown()).into());
    }
    record.require_no_panic()?;
    let count = bound.len();
    ensure!(
        count == allowed.len(),
        Fault::new(format!("there are {count} workers, and not {}", allowed.len()), shown())
    );
    let line = |(worker, cpu): (usize, &usize)| format!("worker {worker} may run on CPUs {cpu}");
    let expected: Vec<String> = allowed.iter().enumerate().map(line).collect();
    trial.run(&[])?.require_lines_in_any_order(&expected)
}

/// The CPUs to which each worker was bound by a system call when it printed its line, if it was.
fn bound_at_work(record: &Record) -> BTreeMap<usize, Option<String>> {
    let mut bound: BTreeMap<i32, String> = BTreeMap::new();
    let mut workers = BTreeMap::new();
    for event in &record.events {
        if let Some((whom, cpus)) = binding(&event.text)
            && event.group == Group::Cpu
            && event.result == Some(0)
        {
            bound.insert(whom.unwrap_or(event.id), cpus.to_owned());
        } else if let Some(child) = event.child
            && let Some(cpus) = bound.get(&event.id)
        {
            // It inherits this, unless it has been bound since.
            let cpus = cpus.clone();
            bound.entry(child).or_insert(cpus);
        } else if event.group == Group::Print
            && let Some(text) = event.text.strip_prefix("print \"worker ")
            && let Some(worker) = text.split(' ').next().and_then(|word| word.parse().ok())
        {
            workers.insert(worker, bound.get(&event.id).cloned());
        }
    }
    workers
}

/// Whom a call bound, if not its caller, and to which CPUs: `bind pid 17 to CPUs ≈ 0,2`.
fn binding(text: &str) -> Option<(Option<i32>, &str)> {
    let (whom, cpus) = text.strip_prefix("bind ")?.split_once(" to CPUs ≈ ")?;
    match whom.strip_prefix("pid ") {
        Some(id) => Some((Some(id.parse().ok()?), cpus)),
        None => Some((None, cpus)),
    }
}

/// What this thread starts may use only some CPUs, as long as this is there.
struct OnlyThese<'a> {
    all: &'a [usize],
}

impl OnlyThese<'_> {
    /// # Errors
    /// [`NotHere`] if the system refuses.
    fn start<'a>(these: &[usize], all: &'a [usize]) -> Result<OnlyThese<'a>> {
        cpus::pin(Pid::from_raw(0), these).map_err(|why| NotHere(why.to_string()))?;
        Ok(OnlyThese { all })
    }
}

impl Drop for OnlyThese<'_> {
    fn drop(&mut self) {
        // It was possible before.
        let _ = cpus::pin(Pid::from_raw(0), self.all);
    }
}
