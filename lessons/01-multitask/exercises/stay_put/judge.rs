//! Is there a worker for each CPU, and is each bound to another one when it does its work?

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use common::cpus;
use nix::unistd::Pid;
use record::Group;

use crate::practice::{Exercise, Fault, Judge, NotHere, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "01-multitask",
    name: "stay_put",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "is bound to no CPU"),
        ("right/before", ""),
        ("right/by_tid", ""),
        ("right/leaves_the_others", ""),
        ("right/processes", ""),
        ("cheats/all_on_the_first", "worker 1 is bound to CPU"),
        ("cheats/binds_the_process", "is bound to no CPU"),
        ("cheats/from_0_on", "is bound to CPU"),
        ("cheats/goes_back", "is bound to CPUs"),
        ("cheats/lets_go", "is bound to other CPUs"),
        ("cheats/one_thread", "worker 0 and worker 1 are the same thread"),
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
    let workers = workers(&record, allowed);
    for (number, worker) in &workers {
        let same = workers.iter().find(|(other, it)| *other < number && it.task == worker.task);
        if let Some((other, _)) = same {
            let what = format!("worker {other} and worker {number} are the same thread");
            return Err(Fault::new(what, shown()).into());
        }
    }
    for (worker, cpu) in allowed.iter().enumerate() {
        let cpu = cpu.to_string();
        let what = match workers.get(&worker) {
            Some(Worker { at_work: Some(list), afterwards, .. }) if *list == cpu => {
                match afterwards {
                    Some(list) if *list != cpu => {
                        format!(
                            "worker {worker} is bound to other CPUs, {list}, after it has printed"
                        )
                    }
                    _ => continue,
                }
            }
            Some(Worker { at_work: Some(list), .. }) => {
                let s = if list.contains(',') { "s" } else { "" };
                format!(
                    "worker {worker} is bound to CPU{s} {list} when it prints, and not to {cpu}"
                )
            }
            Some(_) => format!("worker {worker} is bound to no CPU when it prints"),
            None => {
                record.require_no_panic()?;
                format!("there is no worker {worker} that prints: a CPU has none")
            }
        };
        return Err(Fault::new(what, shown()).into());
    }
    record.require_no_panic()?;
    let count = workers.len();
    ensure!(
        count == allowed.len(),
        Fault::new(format!("there are {count} workers, and not {}", allowed.len()), shown())
    );
    let line = |(worker, cpu): (usize, &usize)| format!("worker {worker} may run on CPUs {cpu}");
    let expected: Vec<String> = allowed.iter().enumerate().map(line).collect();
    trial.run(&[])?.require_lines_in_any_order(&expected)
}

/// A worker that has printed its line.
struct Worker {
    task: i32,
    /// The CPUs to which a system call had bound it then, if one had.
    at_work: Option<String>,
    /// Those to which one bound it later.
    afterwards: Option<String>,
}

fn workers(record: &Record, allowed: &[usize]) -> BTreeMap<usize, Worker> {
    let mut bound: BTreeMap<i32, String> = BTreeMap::new();
    // Who may use only one CPU need not bind anything.
    if let [only] = allowed {
        bound.insert(record.main(), only.to_string());
    }
    let mut workers: BTreeMap<usize, Worker> = BTreeMap::new();
    for event in &record.events {
        if let Some((whom, cpus)) = binding(&event.text)
            && event.group == Group::Cpu
            && event.result == Some(0)
        {
            let task = whom.unwrap_or(event.id);
            bound.insert(task, cpus.to_owned());
            for worker in workers.values_mut().filter(|worker| worker.task == task) {
                worker.afterwards = Some(cpus.to_owned());
            }
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
            let at_work = bound.get(&event.id).cloned();
            workers.insert(worker, Worker { task: event.id, at_work, afterwards: None });
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
