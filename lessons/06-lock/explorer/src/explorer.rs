//! A program to be explored, and the ways to run it.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{cpus, panics};
use nix::sched::sched_getcpu;
use nix::unistd::Pid;

use crate::bounds::{Bounds, Orders};
use crate::crew::Crew;
use crate::engine::{Engine, lock};
use crate::execution::{Ended, Execution, Job};
use crate::replay::Replay;
use crate::report::{Failure, Fault, Outcome, ReplayError, Report, Run};
use crate::schedule::Schedule;
use crate::scheduler::Scheduler;
use crate::search::{Cut, Search};

/// How many threads an exploration may leave parked for good.
const MAX_STRANDED: usize = 1000;

/// Tries the orders of a program's steps.
///
/// # Panics
/// All methods, if the system refuses a thread, if the closure that prepares the program
/// panics, or if the threads take other steps when they run in the same order again.
///
/// `explore` runs many executions in the same threads, as long as that makes no difference to
/// the first one, to each that goes wrong, and to a few others. A program with thread-locals
/// runs in new threads each time, or is refused. Only if it uses a thread-local in a few orders,
/// none of them compared, does it find there what an earlier execution has left.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explorer {
    /// How far it goes.
    pub bounds: Bounds,
}

/// The threads of an explored program, and the check at its end.
#[derive(Default)]
pub struct Program {
    threads: Vec<(&'static str, Job)>,
    check: Option<Box<dyn FnOnce() -> Result<(), String>>>,
}

/// What an execution is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Explored,
    /// Only its steps are compared with those of the execution before.
    Repeated,
    /// Its steps are recorded.
    Replayed,
}

impl Program {
    /// Adds a thread. All threads that are added here start at the same time.
    pub fn thread(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) {
        self.threads.push((name, Box::new(run)));
    }

    /// Checks the result when every thread has ended. The check takes no steps.
    pub fn at_the_end(&mut self, check: impl FnOnce() -> Result<(), String> + 'static) {
        self.check = Some(Box::new(check));
    }
}

impl Explorer {
    /// Tries one order after another until all were tried, or a bound is met.
    pub fn explore(&self, orders: Orders, program: impl Fn(&mut Program) + Sync) -> Report {
        self.explore_each(orders, program, |_, _| {})
    }

    /// Like [`explore`](Self::explore), and calls `seen` with each order and its fault.
    pub fn explore_each(
        &self,
        orders: Orders,
        program: impl Fn(&mut Program) + Sync,
        mut seen: impl FnMut(&Schedule, Option<&Fault>) + Send,
    ) -> Report {
        let mut report = Report::new(orders, self.bounds);
        let search = Arc::new(Mutex::new(Search::new(orders, self.bounds.steps)));
        let mut stranded = 0;
        let explore = || {
            let fresh = Arc::new(Crew::fresh());
            let mut crew = Arc::clone(&fresh);
            while !report.finished && report.executions + report.redundant < self.bounds.executions
            {
                let execute = |crew: &Arc<Crew>, kind, stranded: &mut usize| {
                    self.execute(crew, search.clone(), &program, kind, stranded)
                };
                let Ended { run, next } = execute(&crew, Kind::Explored, &mut stranded);
                if report.executions + report.redundant == 0 {
                    // A program with a state that stays takes other steps the second time.
                    assert_repeated(&lock(&search), &run);
                    let steps = lock(&search).schedule().0.len();
                    lock(&search).repeat();
                    let again = execute(&fresh, Kind::Repeated, &mut stranded);
                    assert_repeated(&lock(&search), &again.run);
                    assert!(
                        steps == lock(&search).schedule().0.len()
                            && next == again.next
                            && is_repeated(&run.outcome, &again.run.outcome),
                        "exploration failed: the program does not end in the same way again: \
                         the first time after {steps} steps"
                    );
                    let kept = Arc::new(Crew::kept());
                    let before = lock(&search).clone();
                    // Twice: the first time its threads are still new.
                    let is_same = (0..2).all(|_| {
                        lock(&search).repeat();
                        let again = execute(&kept, Kind::Repeated, &mut stranded);
                        let search = lock(&search);
                        search.divergence().is_none()
                            && search.schedule() == before.schedule()
                            && next == again.next
                            && is_repeated(&run.outcome, &again.run.outcome)
                    });
                    *lock(&search) = before;
                    if is_same {
                        crew = kept;
                    }
                }
                let number = report.executions + report.redundant;
                let is_fault = matches!(run.outcome, Outcome::Fault(_));
                if crew.is_kept() && (is_fault || number.is_power_of_two()) {
                    // What an earlier execution has left in a thread must not matter.
                    lock(&search).repeat();
                    let again = execute(&fresh, Kind::Repeated, &mut stranded);
                    assert_repeated(&lock(&search), &again.run);
                    assert!(
                        next == again.next && is_repeated(&run.outcome, &again.run.outcome),
                        "exploration failed: the program ends in another way in new threads: \
                         something of it stays in the threads that it has run in"
                    );
                }
                let mut search = lock(&search);
                assert_repeated(&search, &run);
                if search.cut == Some(Cut::Redundant) {
                    report.redundant += 1;
                } else {
                    report.executions += 1;
                    report.too_long += u64::from(search.cut == Some(Cut::TooLong));
                    let schedule = search.schedule();
                    if let Outcome::Fault(fault) = run.outcome {
                        seen(&schedule, Some(&fault));
                        let preemptions = search.preemptions();
                        report.add_failure(Failure { fault, schedule, preemptions });
                    } else {
                        seen(&schedule, None);
                    }
                }
                report.finished = !search.advance(&next);
            }
        };
        on_one_cpu(explore);
        report
    }

    /// Finds the simplest order that goes wrong: with the fewest preemptions, and among
    /// those with the fewest switches. Tries all orders without a preemption, then all with
    /// one, and so on up to `most`. Returns the last report.
    pub fn simplest(&self, most: usize, program: impl Fn(&mut Program) + Sync) -> Report {
        let mut report = self.explore(Orders::Preemptions(0), &program);
        for preemptions in 1..=most {
            if report.simplest.is_some() || !report.finished {
                break;
            }
            report = self.explore(Orders::Preemptions(preemptions), &program);
        }
        report
    }

    /// Runs a program once, in this order, and records its steps.
    ///
    /// # Errors
    /// If its threads cannot take their steps in this order.
    pub fn replay(
        &self,
        schedule: &Schedule,
        program: impl Fn(&mut Program) + Sync,
    ) -> Result<Run, ReplayError> {
        let replay = Arc::new(Mutex::new(Replay::new(schedule)));
        let crew = Arc::new(Crew::fresh());
        let execute = || self.execute(&crew, replay.clone(), &program, Kind::Replayed, &mut 0);
        let run = on_one_cpu(|| execute().run);
        match lock(&replay).stuck {
            Some(thread) => Err(ReplayError::new(run.steps.len() + 1, thread, &run.threads)),
            None => Ok(run),
        }
    }

    /// Runs a program once, from its beginning to its check. Adds to `stranded` how many
    /// threads stay parked for good.
    fn execute(
        &self,
        crew: &Arc<Crew>,
        scheduler: Arc<Mutex<dyn Scheduler>>,
        prepare: &impl Fn(&mut Program),
        kind: Kind,
        stranded: &mut usize,
    ) -> Ended {
        let execution = Execution::new(self.bounds.spurious, kind == Kind::Replayed);
        Engine::enter(crew, scheduler, execution, |engine| {
            let mut program = Program::default();
            prepare(&mut program);
            for (name, job) in program.threads {
                engine.execution().add_thread(name, job);
            }
            *stranded += engine.run();
            assert!(
                *stranded <= MAX_STRANDED,
                "more than {MAX_STRANDED} threads cannot be unwound: \
                 they wait in a Drop, or catch every panic"
            );
            let ended = engine.execution().take_ended();
            let mut ended = ended.expect("the controller runs again when the execution is over");
            if let Some(refusal) = engine.execution().refusal() {
                panic!("{refusal}");
            }
            let right = ended.run.outcome == Outcome::Right && kind != Kind::Repeated;
            // A check that is only dropped can panic, too.
            let result = panic::catch_unwind(AssertUnwindSafe(|| match program.check {
                Some(check) if right => check(),
                unused => {
                    drop(unused);
                    Ok(())
                }
            }));
            let result = result.unwrap_or_else(|panic| Err(panics::message(&*panic).to_owned()));
            if let Err(what) = result
                && right
            {
                ended.run.outcome = Outcome::Fault(Fault::Wrong(what));
            }
            ended
        })
    }
}

/// # Panics
/// If the execution did not repeat the choices of the one before.
fn assert_repeated(search: &Search, run: &Run) {
    let Some((choice, thread)) = search.divergence() else { return };
    let thread = run.threads.get(thread - 1);
    let (name, at) = thread.map_or(("a thread", None), |thread| (thread.name, thread.state.at()));
    let at = at.map_or(String::new(), |at| format!(", at {at}"));
    let step = choice + 1;
    panic!(
        "exploration failed: the program does not take the same steps again: \
         step {step}, of {name}{at}, or of another thread there, was another one before"
    );
}

/// Whether an execution ends like the one before it, but for its check.
fn is_repeated(before: &Outcome, again: &Outcome) -> bool {
    match (before, again) {
        (Outcome::Fault(Fault::Wrong(_)), Outcome::Right) => true,
        _ => before == again,
    }
}

/// Calls a function on a thread that stays on one CPU, as do the threads that it starts.
/// Only one of them runs at a time, so this is quicker than waking another CPU for each
/// step.
fn on_one_cpu<R: Send>(call: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let controller = scope.spawn(|| {
            // If the system refuses it, the exploration is only slower.
            let _ = sched_getcpu().map(|cpu| cpus::pin(Pid::from_raw(0), &[cpu]));
            call()
        });
        controller.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}
