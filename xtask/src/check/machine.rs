//! How busy this machine is, and what that means for something that failed on it.
//!
//! On a busy machine a program may miss its deadline, or do things in an order that it
//! never has otherwise. So what fails while the CPUs are busy runs again: alone, and at a
//! slower pace. If it then fails on a quiet machine, or each time in the same way, it has
//! failed. Otherwise nobody can tell, and it counts as not checked.

use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::cpus;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::unistd::{SysconfVar, sysconf};
use transcript::token::{Line, Token};

use super::findings::{Failure, Finding, Verdict};

/// How much slower each run is than the page has it, the first one and those after it.
const SLOWER: [f64; 3] = [1.0, 4.0, 16.0];

/// How long all that runs again may take together.
const BUDGET: Duration = Duration::from_secs(120);

/// While the CPUs are idle at least this part of the time, nothing waits for one for long.
const QUIET: f64 = 0.5;

/// The kernel counts in ticks of 10 ms: of what the CPUs do in less time than this it knows little.
const MOMENT: Duration = Duration::from_millis(100);

/// What others may take of the CPUs without keeping a program from its work.
const MOST_FOR_OTHERS: f64 = 0.6;

/// This machine, on which several things run at once, or one alone.
pub struct Machine {
    /// Locked by each run: for reading, or by one that is to be alone for writing.
    rerun: RwLock<Rerun>,
}

/// What is known of what ran again.
struct Rerun {
    /// The time that is left for more.
    left: Duration,
    /// What others took of the CPUs during the last one.
    others: f64,
}

impl Machine {
    /// The machine, with the whole budget.
    pub fn new() -> Machine {
        Machine { rerun: RwLock::new(Rerun { left: BUDGET, others: 0.0 }) }
    }

    /// Runs a job, which gets to know how much slower than usual it is to be and what it found
    /// the last time, and runs it again if it fails and the machine was busy.
    ///
    /// # Errors
    /// What the job returns, or if the system does not say how busy it is.
    pub fn run(
        &self,
        job: impl Fn(f64, &[Finding]) -> Result<Vec<Finding>>,
    ) -> Result<Vec<Finding>> {
        let (first, use_of_cpus) = {
            let _others_may_run = self.rerun.read().unwrap_or_else(PoisonError::into_inner);
            measured(|| job(SLOWER[0], &[]))?
        };
        if !first.iter().any(has_failed) || use_of_cpus.idle() >= QUIET {
            return Ok(first);
        }
        let mut alone = self.rerun.write().unwrap_or_else(PoisonError::into_inner);
        let mut runs = vec![first];
        for slower in &SLOWER[1..] {
            if alone.left.is_zero() {
                break;
            }
            let started = Instant::now();
            let last = runs.last().map_or(&[][..], Vec::as_slice);
            let (findings, use_of_cpus) = measured(|| job(*slower, last))?;
            alone.left = alone.left.saturating_sub(started.elapsed());
            alone.others = use_of_cpus.others();
            let is_decided = !findings.iter().any(has_failed) || alone.others <= MOST_FOR_OTHERS;
            runs.push(findings);
            if is_decided {
                break;
            }
        }
        Ok(judged(runs, alone.others))
    }
}

/// The findings of the last run, where those that cannot be decided do not count as failures.
fn judged(mut runs: Vec<Vec<Finding>>, others: f64) -> Vec<Finding> {
    let mut last = runs.pop().unwrap_or_default();
    if others <= MOST_FOR_OTHERS {
        return last;
    }
    for finding in &mut last {
        let Verdict::Failed(failure) = &finding.verdict else { continue };
        let failed_alike = |run: &Vec<Finding>| {
            run.iter().any(|earlier| match &earlier.verdict {
                Verdict::Failed(before) => earlier.what == finding.what && is_like(before, failure),
                _ => false,
            })
        };
        let each_time = runs.len() + 1 == SLOWER.len() && runs.iter().all(failed_alike);
        if failure.is_late || !each_time {
            let why = format!(
                "this machine was too busy (others used {:.0} % of its CPUs): {}",
                others * 100.0,
                failure.why
            );
            finding.verdict = Verdict::NotChecked(why);
        }
    }
    last
}

fn has_failed(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Failed(_))
}

/// Whether two failures say the same, apart from what may differ between two runs.
fn is_like(one: &Failure, other: &Failure) -> bool {
    let shapes = |failure: &Failure| -> Vec<Vec<Token>> {
        failure.details.iter().map(|line| Line::read(line).shape).collect()
    };
    one.why == other.why && shapes(one) == shapes(other)
}

/// What the CPUs did that this process may use, in seconds of one CPU.
#[derive(Clone, Copy, Debug, Default)]
struct Cpus {
    idle: f64,
    busy: f64,
    /// The part of `busy` that was for this process and for the children that it waited for.
    own: f64,
}

impl Cpus {
    /// Since the machine was started.
    fn so_far() -> Result<Cpus> {
        let path = "/proc/stat";
        let stat = std::fs::read_to_string(path).context(path)?;
        let per_second = sysconf(SysconfVar::CLK_TCK)?.context("_SC_CLK_TCK")? as f64;
        // Where the system does not say which CPUs these are, it is all of them.
        let allowed = cpus::allowed().ok();
        let (idle, busy) = ticks(&stat, |cpu| allowed.as_ref().is_none_or(|it| it.contains(&cpu)));
        let mut own = 0.0;
        for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
            let usage = getrusage(who).context("getrusage")?;
            let time = usage.user_time() + usage.system_time();
            own += time.num_microseconds() as f64 / 1e6;
        }
        Ok(Cpus { idle: idle as f64 / per_second, busy: busy as f64 / per_second, own })
    }

    fn since(self, before: Cpus) -> Cpus {
        let Cpus { idle, busy, own } = self;
        Cpus { idle: idle - before.idle, busy: busy - before.busy, own: own - before.own }
    }

    /// The part of the time in which they had nothing to do; 1 if no tick has passed.
    fn idle(self) -> f64 {
        let all = self.idle + self.busy;
        if all > 0.0 { self.idle / all } else { 1.0 }
    }

    /// The part of the time that they did something for others.
    fn others(self) -> f64 {
        let all = self.idle + self.busy;
        if all > 0.0 { (self.busy - self.own).max(0.0) / all } else { 0.0 }
    }
}

/// What a job finds, and what the CPUs did while it ran; if it fails, for a [`MOMENT`] at least.
fn measured(job: impl FnOnce() -> Result<Vec<Finding>>) -> Result<(Vec<Finding>, Cpus)> {
    let (before, started) = (Cpus::so_far()?, Instant::now());
    let findings = job()?;
    if findings.iter().any(has_failed) {
        thread::sleep(MOMENT.saturating_sub(started.elapsed()));
    }
    Ok((findings, Cpus::so_far()?.since(before)))
}

/// The ticks in which these CPUs were idle and busy, as /proc/stat has them: proc_stat(5).
fn ticks(stat: &str, wanted: impl Fn(usize) -> bool) -> (u64, u64) {
    let (mut idle, mut busy) = (0, 0);
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let cpu = words.next().and_then(|word| word.strip_prefix("cpu")?.parse().ok());
        if !cpu.is_some_and(&wanted) {
            continue;
        }
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
        for (column, word) in words.take(8).enumerate() {
            let ticks: u64 = word.parse().unwrap_or(0);
            *(if matches!(column, 3 | 4) { &mut idle } else { &mut busy }) += ticks;
        }
    }
    (idle, busy)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::check::findings::Kind;

    fn finding(what: &str, verdict: Verdict) -> Finding {
        Finding { kind: Kind::Test, place: String::new(), what: what.to_owned(), verdict }
    }

    fn differs(line: &str) -> Verdict {
        let details = vec![line.to_owned()];
        Verdict::Failed(Failure { why: "differs".to_owned(), details, ..Failure::default() })
    }

    fn late() -> Verdict {
        let why = "deadline".to_owned();
        Verdict::Failed(Failure { why, is_late: true, ..Failure::default() })
    }

    /// How something is judged that came out like this in each run.
    fn verdict(runs: &[Verdict], others: f64) -> Verdict {
        let runs = runs.iter().map(|it| vec![finding("a", it.clone())]).collect();
        judged(runs, others).remove(0).verdict
    }

    #[test]
    fn of_what_fails_it_is_known_how_busy_the_machine_was() {
        let (_, cpus) = measured(|| Ok(vec![finding("a", differs("b"))])).unwrap();
        assert!(cpus.idle + cpus.busy > 0.0, "{cpus:?}");
    }

    #[test]
    fn what_fails_on_a_quiet_machine_has_failed() {
        for runs in [&[late()][..], &[differs("b"), late()], &[late(), differs("a")]] {
            assert!(matches!(verdict(runs, 0.1), Verdict::Failed(_)), "{runs:?}");
        }
    }

    #[test]
    fn what_fails_in_the_same_way_each_time_has_failed_on_a_busy_one_too() {
        let same = [differs("pid 7: 1.02 ms"), differs("pid 8: 98.0 ms"), differs("pid 9: 1.20 s")];
        assert!(matches!(verdict(&same, 1.0), Verdict::Failed(_)));
        assert!(matches!(verdict(&same[1..], 1.0), Verdict::NotChecked(_)), "too few runs");
        let other = [differs("a"), differs("b"), differs("a")];
        assert!(matches!(verdict(&other, 1.0), Verdict::NotChecked(_)));
        let held_once = [Verdict::Held, differs("a"), differs("a")];
        assert!(matches!(verdict(&held_once, 1.0), Verdict::NotChecked(_)));
    }

    #[test]
    fn a_panic_of_another_thread_is_alike() {
        let panicked = |id| {
            let details =
                [format!("thread 'adds' ({id}) panicked at tests/sum.rs:12:5:"), "no".into()];
            Failure { why: "failed".into(), details: details.into(), ..Failure::default() }
        };
        assert!(is_like(&panicked(714), &panicked(31794)));
    }

    #[test]
    fn a_deadline_says_nothing_on_a_busy_machine() {
        let Verdict::NotChecked(why) = verdict(&[late(), late(), late()], 0.987) else { panic!() };
        assert_eq!(why, "this machine was too busy (others used 99 % of its CPUs): deadline");
    }

    #[test]
    fn only_what_failed_is_judged() {
        let runs = vec![vec![finding("a", Verdict::Held), finding("b", late())]];
        let judged = judged(runs, 1.0);
        assert!(matches!(judged[0].verdict, Verdict::Held));
        assert!(matches!(judged[1].verdict, Verdict::NotChecked(_)));
    }

    #[test]
    fn what_holds_runs_once_and_an_error_ends_it() {
        let paces = RefCell::new(Vec::new());
        let machine = Machine::new();
        let job = |slower, _: &[Finding]| {
            paces.borrow_mut().push(slower);
            Ok(vec![finding("a", Verdict::Held)])
        };
        assert_eq!(machine.run(job).unwrap().len(), 1);
        assert_eq!(*paces.borrow(), [1.0]);
        assert!(machine.run(|_, _| anyhow::bail!("interrupted")).is_err());
    }

    #[test]
    fn the_kernel_s_lines_are_read() {
        let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 4 100 200 8 16 32 999 999\n\
                    cpu12 0 0 1 7 0 0 0 0 0 0\nintr 5 5 5\nctxt 7\n";
        assert_eq!(ticks(stat, |_| true), (307, 64));
        assert_eq!(ticks(stat, |cpu| cpu == 12), (7, 1));
    }

    #[test]
    fn what_this_process_does_is_not_done_by_others() {
        let cpus = Cpus { idle: 1.0, busy: 3.0, own: 1.0 };
        assert_eq!((cpus.idle(), cpus.others()), (0.25, 0.5));
        let now = Cpus::so_far().unwrap();
        assert!(now.busy > 0.0 && now.own < now.busy, "{now:?}");
    }
}
