//! A program to be explored, and the ways to run it.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use common::{cpus, panics};
use nix::sched::sched_getcpu;
use nix::unistd::Pid;

use crate::bounds::{Bounds, Orders};
use crate::engine::{Crew, Engine, Watch, lock};
use crate::execution::{Ended, Execution, Job, Settings, TOO_MANY_THREADS};
use crate::replay::Replay;
use crate::report::{Failure, Fault, Outcome, ReplayError, Report, Run};
use crate::schedule::Schedule;
use crate::scheduler::Scheduler;
use crate::search::{Cut, Search};

/// How many threads an exploration may leave parked for good.
const MAX_STRANDED: usize = 1000;

/// Tries the orders of a program's steps.
///
/// The program must be the same each time. So the first execution is repeated at once, and so is
/// each that goes wrong; at the end the first one is repeated again, and some of the others.
///
/// Many executions run in the same threads, as long as new threads make no difference to those
/// that are repeated. A program with thread-locals runs in new threads each time, or is refused.
/// Only if it uses a thread-local in a few orders, none of them repeated, does it find there what
/// an earlier execution has left.
///
/// A thread that does not come to its next step has lost when the [`patience`](Bounds::patience)
/// is over: it loops without a step, or it waits for something that no step gives it, such as a
/// lock of std that another thread holds over a step. A busy or a stopped machine does not count.
/// Nothing can stop the thread, so it is left behind, and all others of the execution with it.
/// If the closure that prepares the program hangs, or the check at the end, the process ends with
/// status 101: they may have borrowed something, and cannot be left behind.
///
/// All threads have ended when a method returns or panics, except those that were left behind, and
/// those that had to be parked for good: they wait in a `Drop`, take a step there after their
/// execution, or panic there while another panic unwinds them, which would abort the process. With
/// the first fault where one does, an exploration is over.
///
/// # Panics
/// All methods, if the system refuses a thread, if the closure that prepares the program
/// panics, if the program is not the same each time, or if one of its threads hangs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explorer {
    /// How far it goes.
    pub bounds: Bounds,
}

/// The threads of an explored program, and the check at its end.
#[derive(Default)]
pub struct Program {
    threads: Vec<(&'static str, Job)>,
    /// The first thread is the main thread.
    has_main: bool,
    check: Option<Box<dyn FnOnce() -> Result<(), String>>>,
}

impl Program {
    /// Adds a thread. All threads that are added here start at the same time.
    pub fn thread(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) {
        self.threads.push((name, Box::new(run)));
    }

    /// Makes a program that is written as one of std is: `run` is its main thread, makes all
    /// others, and panics if the result is wrong. It has to be the only thread that is added.
    ///
    /// As with std, what other threads do or wait for when it has returned does not matter.
    pub fn main(&mut self, run: impl FnOnce() + Send + 'static) {
        assert!(self.threads.is_empty(), "the main thread is added before any other");
        self.has_main = true;
        self.thread("main", run);
    }

    /// Checks the result when every thread has ended. The check takes no steps. If an execution
    /// is repeated, so is its check.
    pub fn at_the_end(&mut self, check: impl FnOnce() -> Result<(), String> + 'static) {
        self.check = Some(Box::new(check));
    }
}

impl Explorer {
    /// Tries one order after another until all were tried, or a bound is met.
    pub fn explore(&self, orders: Orders, program: impl Fn(&mut Program) + Sync) -> Report {
        self.explore_each(orders, program, |_, _| {})
    }

    /// Like [`explore`](Self::explore), and calls `seen` with each order and its fault, once.
    pub fn explore_each(
        &self,
        orders: Orders,
        program: impl Fn(&mut Program) + Sync,
        mut seen: impl FnMut(&Schedule, Option<&Fault>) + Send,
    ) -> Report {
        let mut report = Report::new(orders, self.bounds);
        self.on_one_cpu(|watch| {
            let runner = Runner::new(self, watch, &program);
            let mut exploration = Exploration::new(runner, orders);
            let mut samples = Vec::new();
            while !report.finished && report.tried() < self.bounds.executions {
                let ended = exploration.run();
                let is_first = report.tried() == 0;
                let is_fault = matches!(ended.run.outcome, Outcome::Fault(_));
                if is_first || is_fault || report.tried().is_power_of_two() {
                    let sample = exploration.sample(&ended);
                    if is_first || is_fault {
                        exploration.assert_repeatable(&sample);
                    }
                    if is_first {
                        exploration.keep_threads(&sample);
                    }
                    if is_first || report.tried().is_power_of_two() {
                        samples.push(sample);
                    }
                }
                report.polls = report.polls.or(ended.run.polls);
                report.wakes |= ended.run.wakes;
                report.uses_objects |= ended.run.uses_objects;
                let mut search = lock(&exploration.search);
                if search.cut == Some(Cut::Redundant) {
                    report.redundant += 1;
                } else {
                    report.executions += 1;
                    let schedule = search.schedule();
                    if search.cut == Some(Cut::TooLong) {
                        report.too_long += 1;
                        report.endless.get_or_insert_with(|| schedule.clone());
                    }
                    if let Outcome::Fault(fault) = ended.run.outcome {
                        seen(&schedule, Some(&fault));
                        let preemptions = search.preemptions();
                        report.add_failure(Failure { fault, schedule, preemptions });
                        // Others would have no more to tell, and std writes a line for each.
                        if ended.aborts {
                            break;
                        }
                    } else {
                        seen(&schedule, None);
                    }
                }
                report.finished = !search.advance(&ended.next);
            }
            // What the later executions have changed must not matter to the earlier ones.
            samples.iter().for_each(|sample| exploration.assert_repeatable(sample));
        });
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
        let crew = Crew::fresh();
        let scheduler = replay.clone();
        let run = self.on_one_cpu(|watch| {
            Runner::new(self, watch, &program).execute(&crew, scheduler, true).run
        });
        match lock(&replay).stuck {
            Some(thread) => Err(ReplayError::new(run.steps.len() + 1, thread, &run.threads)),
            None => Ok(run),
        }
    }

    /// Calls a function on a thread that stays on one CPU, as do the threads that it starts.
    /// Only one of them runs at a time, so this is quicker than waking another CPU for each
    /// step. This thread watches them.
    fn on_one_cpu<R: Send>(&self, call: impl FnOnce(&Watch) -> R + Send) -> R {
        let watch = &Watch::default();
        let (over, until_over) = mpsc::channel();
        thread::scope(|scope| {
            let controller = scope.spawn(move || {
                // Dropped at the end, it tells that the exploration is over.
                let _over = over;
                // If the system refuses it, the exploration is only slower.
                let _ = sched_getcpu().map(|cpu| cpus::pin(Pid::from_raw(0), &[cpu]));
                call(watch)
            });
            watch.until(&until_over, self.bounds.patience);
            controller.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        })
    }
}

/// What runs a program, again and again.
struct Runner<'a, P> {
    bounds: Bounds,
    watch: &'a Watch,
    program: &'a P,
    /// How many threads stay parked for good.
    stranded: usize,
}

impl<'a, P: Fn(&mut Program)> Runner<'a, P> {
    fn new(explorer: &Explorer, watch: &'a Watch, program: &'a P) -> Self {
        Self { bounds: explorer.bounds, watch, program, stranded: 0 }
    }

    /// Runs the program once, from its beginning to its check; records its steps if asked to.
    fn execute(
        &mut self,
        crew: &Arc<Crew>,
        scheduler: Arc<Mutex<dyn Scheduler>>,
        record: bool,
    ) -> Ended {
        let execution = Execution::new(self.bounds.spurious, record);
        Engine::enter(self.watch, crew, scheduler, execution, |engine| {
            let mut program = Program::default();
            (self.program)(&mut program);
            engine.execution().has_main = program.has_main;
            // What a main thread usually has.
            let stack = if program.has_main { 8 << 20 } else { 0 };
            for (name, job) in program.threads {
                let settings = Settings { name: Some(name), stack };
                let added = engine.execution().add_thread(settings, job);
                assert!(added.is_ok(), "{TOO_MANY_THREADS}");
            }
            self.stranded += engine.run();
            assert!(
                self.stranded <= MAX_STRANDED,
                "more than {MAX_STRANDED} threads cannot be unwound: \
                 they wait or panic in a Drop, or catch every panic"
            );
            let ended = engine.execution().take_ended();
            let mut ended = ended.expect("the controller runs again when the execution is over");
            let checked =
                ended.run.outcome == Outcome::Right && engine.execution().refusal().is_none();
            // A check that is only dropped can panic, too.
            let result = panic::catch_unwind(AssertUnwindSafe(|| match program.check {
                Some(check) if checked => check(),
                unused => {
                    drop(unused);
                    Ok(())
                }
            }));
            let result = result.unwrap_or_else(|panic| Err(panics::message(&*panic).to_owned()));
            let refusal = engine.execution().refusal().map(str::to_owned);
            if let Some(refusal) = refusal {
                panic!("{refusal}");
            }
            if let Err(what) = result
                && checked
            {
                ended.run.outcome = Outcome::Fault(Fault::Wrong(what));
            }
            ended
        })
    }
}

/// A search through the orders of a program, and what runs it.
struct Exploration<'a, P> {
    runner: Runner<'a, P>,
    search: Arc<Mutex<Search>>,
    /// Runs one order after another.
    crew: Arc<Crew>,
    fresh: Arc<Crew>,
}

/// An execution that is repeated, to see whether it ends in the same way again.
struct Sample {
    /// The search when the execution was over.
    search: Search,
    ended: Ended,
}

impl<'a, P: Fn(&mut Program)> Exploration<'a, P> {
    fn new(runner: Runner<'a, P>, orders: Orders) -> Self {
        let search = Arc::new(Mutex::new(Search::new(orders, runner.bounds.steps)));
        let fresh = Crew::fresh();
        Self { runner, search, crew: Arc::clone(&fresh), fresh }
    }

    /// Runs the program in the next order.
    ///
    /// # Panics
    /// If it does not begin as it did in the order before.
    fn run(&mut self) -> Ended {
        let crew = Arc::clone(&self.crew);
        let ended = self.execute(&crew);
        assert_steps_repeated(&lock(&self.search), &ended.run);
        ended
    }

    fn execute(&mut self, crew: &Arc<Crew>) -> Ended {
        self.runner.execute(crew, self.search.clone(), false)
    }

    fn sample(&self, ended: &Ended) -> Sample {
        Sample { search: lock(&self.search).clone(), ended: ended.clone() }
    }

    /// Runs the program in the order of a sample. Returns the search and the end.
    fn repeat(&mut self, crew: &Arc<Crew>, sample: &Sample) -> Sample {
        let current = mem::replace(&mut *lock(&self.search), sample.search.clone());
        lock(&self.search).repeat();
        let ended = self.execute(crew);
        Sample { search: mem::replace(&mut *lock(&self.search), current), ended }
    }

    /// # Panics
    /// If the program ends in another way in the order of a sample, in new threads.
    fn assert_repeatable(&mut self, sample: &Sample) {
        let fresh = Arc::clone(&self.fresh);
        let again = self.repeat(&fresh, sample);
        assert_steps_repeated(&again.search, &again.ended.run);
        assert!(
            again.is_like(sample),
            "exploration failed: the program does not end in the same way again: \
             the first time after {} steps",
            sample.search.schedule().0.len()
        );
    }

    /// Keeps the threads from now on, if that makes no difference to a sample.
    fn keep_threads(&mut self, sample: &Sample) {
        let kept = Crew::kept();
        // Twice: the first time its threads are still new.
        if (0..2).all(|_| self.repeat(&kept, sample).is_like(sample)) {
            self.crew = kept;
        }
    }
}

impl Sample {
    /// Whether it is like an earlier sample.
    fn is_like(&self, before: &Self) -> bool {
        self.search.divergence().is_none()
            && self.search.schedule() == before.search.schedule()
            && self.ended.next == before.ended.next
            && self.ended.run.outcome == before.ended.run.outcome
    }
}

/// # Panics
/// If the execution did not repeat the choices of the one before.
fn assert_steps_repeated(search: &Search, run: &Run) {
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

/// The program whose main thread calls `run`: see [`Program::main`].
///
/// ```
/// use explorer::sync::{Arc, Mutex};
/// use explorer::{Explorer, Orders, thread};
///
/// let program = explorer::main(|| {
///     let balance = Arc::new(Mutex::new(0));
///     let other = balance.clone();
///     let child = thread::spawn(move || *other.lock().unwrap() += 1);
///     *balance.lock().unwrap() += 1;
///     child.join().unwrap();
///     assert_eq!(*balance.lock().unwrap(), 2);
/// });
/// let report = Explorer::default().explore(Orders::Distinct, program);
/// assert_eq!((report.executions, report.failures), (2, 0));
/// ```
pub fn main(run: impl Fn() + Clone + Send + Sync + 'static) -> impl Fn(&mut Program) + Sync {
    move |program| program.main(run.clone())
}
