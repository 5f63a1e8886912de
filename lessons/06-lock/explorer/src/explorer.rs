//! A program to be explored, and the ways to run it.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{cpus, panics};
use nix::sched::sched_getcpu;
use nix::unistd::Pid;

use crate::bounds::{Bounds, Orders};
use crate::engine::{Engine, add_thread, lock};
use crate::execution::{Ended, Execution, Job};
use crate::replay::Replay;
use crate::report::{Failure, Fault, Outcome, ReplayError, Report, Run};
use crate::schedule::Schedule;
use crate::search::{Cut, Search};

/// Tries the orders of a program's steps.
///
/// # Panics
/// All methods, if the system refuses a thread, if the closure that prepares the program
/// panics, or if the threads take other steps when they run in the same order again.
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
        let explore = |engine: &Arc<Engine>| {
            while !report.finished && report.executions + report.redundant < self.bounds.executions
            {
                let Ended { run, next } = self.execute(engine, &program, false);
                let mut search = lock(&search);
                assert!(!search.has_diverged(), "the program does not take the same steps again");
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
        on_one_cpu(|| Engine::enter(search.clone(), explore));
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
        let execute = |engine: &Arc<Engine>| self.execute(engine, &program, true).run;
        let run = on_one_cpu(|| Engine::enter(replay.clone(), execute));
        match lock(&replay).stuck {
            Some(thread) => Err(ReplayError::new(run.steps.len() + 1, thread, &run.threads)),
            None => Ok(run),
        }
    }

    /// Runs a program once, from its beginning to its check.
    fn execute(
        &self,
        engine: &Arc<Engine>,
        prepare: &impl Fn(&mut Program),
        record: bool,
    ) -> Ended {
        *engine.execution() = Execution::new(self.bounds.spurious, record);
        let mut program = Program::default();
        prepare(&mut program);
        for (name, job) in program.threads {
            add_thread(&mut engine.execution(), name, job);
        }
        engine.run();
        let ended = engine.execution().take_ended();
        let mut ended = ended.expect("the controller runs again when the execution is over");
        if let Some(check) = program.check.filter(|_| ended.run.outcome == Outcome::Right) {
            let result = panic::catch_unwind(AssertUnwindSafe(check));
            let result = result.unwrap_or_else(|panic| Err(panics::message(&*panic).to_owned()));
            if let Err(what) = result {
                ended.run.outcome = Outcome::Fault(Fault::Wrong(what));
            }
        }
        ended
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
