//! What a program that is explored consists of, and the ways to run it.

use std::panic::{self, AssertUnwindSafe};
use std::thread;

use common::cpus;
use nix::sched::sched_getcpu;
use nix::unistd::Pid;

use super::current::message;
use super::engine::Engine;
use super::replay::{Impossible, Outcome, Replay, Run};
use super::report::{Fault, Report};
use super::schedule::Schedule;
use super::search::{Cut, Orders, Search};
use super::state::{Chooser, End, Job, State};

/// How far an exploration goes at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Steps in an execution. What has more is cut off, and counted.
    pub steps: usize,
    /// Executions in all, the redundant ones among them.
    pub executions: u64,
    /// How often each thread may end a wait on a condition variable for no reason, as std
    /// says that it can.
    pub spurious: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { steps: 1000, executions: 1_000_000, spurious: 0 }
    }
}

/// Tries the orders of a program's steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explorer {
    /// How far it goes.
    pub bounds: Bounds,
}

/// The threads of a program that is explored, and the check at its end.
#[derive(Default)]
pub struct Program {
    threads: Vec<(&'static str, Job)>,
    check: Option<Box<dyn FnOnce() -> Result<(), String>>>,
}

impl Program {
    /// Adds a thread. All that are added here begin at the same time.
    pub fn thread(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) {
        self.threads.push((name, Box::new(run)));
    }

    /// Looks whether all is right when every thread has ended. What it does is no step.
    pub fn at_the_end(&mut self, check: impl FnOnce() -> Result<(), String> + 'static) {
        self.check = Some(Box::new(check));
    }
}

impl Explorer {
    /// Tries one order after the other until all were tried, or a bound is met.
    ///
    /// # Panics
    /// If the system refuses a thread, or `program` itself panics.
    pub fn explore(&self, orders: Orders, program: impl Fn(&mut Program) + Sync) -> Report {
        self.explore_each(orders, program, |_, _| {})
    }

    /// As [`explore`](Self::explore), and tells of each order whether it went wrong.
    ///
    /// # Panics
    /// As [`explore`](Self::explore).
    pub fn explore_each(
        &self,
        orders: Orders,
        program: impl Fn(&mut Program) + Sync,
        mut seen: impl FnMut(&Schedule, Option<&Fault>) + Send,
    ) -> Report {
        let mut report = Report::new(orders, self.bounds);
        let search = Chooser::Search(Search::new(orders, self.bounds.steps));
        let state = State::new(search, self.bounds.spurious);
        on_one_cpu(|| {
            Engine::enter(state, |engine| {
                while !report.finished
                    && report.executions + report.redundant < self.bounds.executions
                {
                    let fault = execute(engine, &program).fault();
                    let mut state = engine.state();
                    let Chooser::Search(search) = &mut state.chooser else { unreachable!() };
                    if search.cut != Some(Cut::Redundant) {
                        seen(&search.taken().0, fault.as_ref());
                    }
                    report.add(fault, search);
                    report.finished = !search.advance();
                }
            });
        });
        report
    }

    /// The simplest order that goes wrong: with the fewest preemptions, and among those
    /// with the fewest switches. Tries all orders with no preemption, then all with one,
    /// and so on up to `most`. Returns the last report.
    ///
    /// # Panics
    /// As [`explore`](Self::explore).
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

    /// Runs a program once, in this order.
    ///
    /// # Errors
    /// If its threads cannot take their steps in this order.
    ///
    /// # Panics
    /// As [`explore`](Self::explore).
    pub fn replay(
        &self,
        schedule: &Schedule,
        program: impl Fn(&mut Program) + Sync,
    ) -> Result<Run, Impossible> {
        let mut state = State::new(Chooser::Replay(Replay::new(schedule)), self.bounds.spurious);
        state.steps = Some(Vec::new());
        on_one_cpu(|| {
            Engine::enter(state, |engine| {
                let end = execute(engine, &program);
                let mut state = engine.state();
                let steps = state.steps.take().unwrap_or_default();
                let threads = std::mem::take(&mut state.stood);
                let Chooser::Replay(replay) = &state.chooser else { unreachable!() };
                if let Some(stuck) = replay.stuck {
                    return Err(Impossible::new(steps.len() + 1, stuck, &threads));
                }
                let outcome = match end {
                    End::Complete => Outcome::Right,
                    End::Fault(fault) => Outcome::Fault(fault),
                    End::Stopped | End::NotYet => Outcome::Unfinished,
                };
                Ok(Run { steps, threads, outcome })
            })
        })
    }
}

/// Runs a program once, from its beginning to its check.
fn execute(engine: &std::sync::Arc<Engine>, prepare: &impl Fn(&mut Program)) -> End {
    engine.state().clear();
    let mut program = Program::default();
    prepare(&mut program);
    for (name, job) in program.threads {
        engine.state().add_thread(name, job);
    }
    engine.run();
    let end = engine.state().end.clone();
    let Some(check) = program.check.filter(|_| end == End::Complete) else { return end };
    let result = panic::catch_unwind(AssertUnwindSafe(check));
    match result.unwrap_or_else(|_| Err(message())) {
        Ok(()) => End::Complete,
        Err(what) => End::Fault(Fault::Wrong(what)),
    }
}

/// Calls a function in a thread that keeps to one CPU, as do those that it makes. As one
/// of them runs at a time, that is quicker than to wake another CPU for each step.
fn on_one_cpu<R: Send>(call: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let controller = scope.spawn(|| {
            // Where the system refuses it, it goes on more slowly.
            let _ = sched_getcpu().map(|cpu| cpus::pin(Pid::from_raw(0), &[cpu]));
            call()
        });
        controller.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}
