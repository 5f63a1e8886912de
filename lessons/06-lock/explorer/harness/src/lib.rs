//! Tries a program in the scenarios of its exercise: in every order in which its threads can take
//! their steps, as far as the bounds go. What came out is printed as one JSON document.
//!
//! What the program itself prints is lost, so that only the judge says what came out.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, Location};
use std::time::Duration;

use explorer::{
    Bounds, Explorer, Failure, Fault, Orders, Outcome, Panicked, Report, Run, Schedule,
};
pub use explorer::{other_threads, settle, shared_steps};
use nix::unistd::{dup, dup2_stderr, dup2_stdout};
use serde_json::{Value, json};

/// The usual atomics, for what a scenario counts: to use them is no step.
pub mod unseen {
    pub use std::sync::atomic::AtomicUsize;
    pub use std::sync::atomic::Ordering::SeqCst;

    /// The number of the calling thread, from its `ThreadId`: a small one.
    ///
    /// # Panics
    /// Outside of an exploration.
    pub fn thread_number() -> usize {
        let id = format!("{:?}", explorer::thread::current().id());
        id.trim_matches(|it: char| !it.is_ascii_digit()).parse().expect("a number")
    }

    /// A number with only the calling thread's bit, for a set of threads.
    ///
    /// # Panics
    /// Outside of an exploration.
    pub fn thread_bit() -> usize {
        1 << thread_number()
    }
}

/// A use of the program that must come out right in every order.
pub struct Scenario {
    /// What happens in it, for the reader: `two threads take 60 and 70 out of 100`.
    pub name: &'static str,
    /// Makes the threads, joins them, and panics if the result is wrong.
    pub run: fn(),
}

/// No program that waits as it should takes so many steps in one of the scenarios.
const MOST_STEPS: usize = 400;

/// How many of them are shown if they come to no end.
const SHOWN_STEPS: usize = 12;

/// How many orders are tried at most of those with few preemptions. There are few of them, and
/// they are the easiest to understand.
const SIMPLE: u64 = 4_000;

/// How many orders are tried at most of those that make a difference.
const DISTINCT: u64 = 6_000;

/// How long a thread may compute or sleep between two steps.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many preemptions there may be in the orders that are tried first.
const FEW_PREEMPTIONS: usize = 1;

/// How many there may be in those that are tried if not all went well, or not all were tried.
const MORE_PREEMPTIONS: usize = 2;

/// Tries the scenarios one after another until one goes wrong. The first argument is the number of
/// columns that an order is drawn in. After it may come `--replay NUMBER:ORDER`, to try this order
/// of one scenario only.
///
/// `files` are the program and its scenarios: each with its name, as [`Location::file`] gives it,
/// and its text. What they make is called by their variables. Only the program's lines have numbers
/// in what is shown.
///
/// # Panics
/// If a scenario cannot be explored, or the arguments are wrong.
pub fn main(files: [(&'static str, &'static str); 2], scenarios: &'static [Scenario]) {
    for (file, source) in files {
        explorer::add_source(file, source);
    }
    let [(file, source), _] = files;
    let mut output = own_output().expect("the standard output");
    let shown = |at: &str| (at == file).then_some(source);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (width, arguments) = arguments.split_first().expect("the width of the terminal");
    let width = width.parse().expect("a number of columns");
    let result = match arguments {
        [] => explored(|| judge(scenarios, &shown, width)),
        [replay, order] if replay == "--replay" => {
            explored(|| again(scenarios, order, &shown, width))
        }
        _ => panic!("{arguments:?}: only --replay NUMBER:ORDER"),
    };
    writeln!(output, "{result}").expect("the standard output");
}

/// Keeps the standard output for the result. What the program prints goes nowhere.
fn own_output() -> io::Result<File> {
    let output = dup(io::stdout())?;
    let nowhere = File::options().write(true).open("/dev/null")?;
    dup2_stdout(&nowhere)?;
    dup2_stderr(&nowhere)?;
    Ok(output.into())
}

/// What the explorer says, or why it cannot explore the program.
fn explored(judge: impl FnOnce() -> Value) -> Value {
    panic::catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|why| {
        let why = common::panics::message(&*why);
        json!({ "cannot": why.strip_prefix("exploration failed: ").unwrap_or(why) })
    })
}

/// Where a step of the program is in its source.
type Shown<'a> = dyn Fn(&str) -> Option<&'static str> + 'a;

fn judge(scenarios: &[Scenario], shown: &Shown, width: usize) -> Value {
    let (mut tried, mut is_exhaustive) = (0, true);
    for (number, scenario) in (1..).zip(scenarios) {
        let run = explorer::main(scenario.run);
        let mut exploration = Exploration { tried: 0, is_exhaustive: true };
        let fault = exploration.fault(&run);
        tried += exploration.tried;
        is_exhaustive &= exploration.is_exhaustive;
        if let Some(found) = fault {
            let mut result = match found {
                Found::Failure(explorer, failure) => {
                    let run = explorer.replay(&failure.schedule, &run);
                    let run = run.unwrap_or_else(|why| panic!("{}: {why}", failure.schedule));
                    json!({
                        "fault": told(&failure.fault, &run, shown),
                        "order": format!("{number}:{}", failure.schedule),
                        "lines": lines(&run, shown, width),
                    })
                }
                Found::Polls(at) => {
                    let line =
                        shown(at.file()).map_or("", |text| explorer::line_of(text, at.line()));
                    let mut lines = vec![format!("{:>3}  {line}", at.line())];
                    if line.contains("timeout") {
                        lines.push("a wait with a time limit counts as looking".to_owned());
                    }
                    json!({ "fault": "a thread waits by looking again and again", "lines": lines })
                }
                Found::NoEnd(explorer, order) => {
                    let run = explorer.replay(&order, &run);
                    let mut run = run.unwrap_or_else(|why| panic!("{order}: {why}"));
                    let busy = busy(&run);
                    // Those in the middle: the first ones prepare it, and by chance the last ones
                    // may end it.
                    let from = run.steps.len() / 2;
                    run.steps = run.steps.into_iter().skip(from).take(SHOWN_STEPS).collect();
                    let mut shown = lines(&run, shown, width);
                    let to = from + run.steps.len();
                    shown.insert(0, format!("the steps {} to {to}:", from + 1));
                    json!({
                        "fault": format!("there is no end after {MOST_STEPS} steps: {busy} look \
                                          again and again?"),
                        "lines": shown,
                    })
                }
            };
            result["scenario"] = scenario.name.into();
            result["tried"] = exploration.tried.into();
            return result;
        }
    }
    json!({ "tried": tried, "exhaustive": is_exhaustive })
}

/// Begins to ask about the threads that have taken a large part of the steps: `does thread 2`.
fn busy(run: &Run) -> String {
    let steps_of = |id| run.steps.iter().filter(|step| step.thread == id).count();
    let ids = (1..).zip(&run.threads);
    let busy = ids.filter(|&(id, _)| steps_of(id) > run.steps.len() / 4);
    let names: Vec<_> = busy.map(|(_, thread)| thread.name).collect();
    match &names[..] {
        [] => "do the threads".to_owned(),
        [name] => format!("does {name}"),
        names => format!("do {}", names.join(" and ")),
    }
}

/// Tries one order of one scenario.
fn again(scenarios: &[Scenario], order: &str, shown: &Shown, width: usize) -> Value {
    let (number, order) = order.split_once(':').unwrap_or(("", order));
    let scenario =
        number.parse().ok().and_then(|number: usize| scenarios.get(number.checked_sub(1)?));
    let Some(scenario) = scenario else {
        let last = scenarios.len();
        return json!({ "refused": format!("an order is one of `1:1x2,2` to `{last}:…`") });
    };
    let schedule: Schedule = match order.parse() {
        Ok(schedule) => schedule,
        Err(why) => return json!({ "refused": format!("{why}") }),
    };
    let replay = |spurious| {
        let bounds = Bounds { spurious, ..Bounds::default() };
        Explorer { bounds }.replay(&schedule, explorer::main(scenario.run))
    };
    // In some orders a thread is woken for nothing. Where none has to be, none may be.
    match replay(0).or_else(|why| replay(1).map_err(|_| why)) {
        Err(why) => json!({
            "refused": format!("{why}; has the program changed since it printed this order?")
        }),
        Ok(run) => {
            let end = match &run.outcome {
                Outcome::Right => "nothing went wrong".to_owned(),
                Outcome::Fault(fault) => told(fault, &run, shown),
                Outcome::Unfinished => "not at the end: threads could go on".to_owned(),
            };
            json!({ "scenario": scenario.name, "end": end, "lines": lines(&run, shown, width) })
        }
    }
}

/// What is wrong with a scenario.
enum Found {
    /// An order that goes wrong.
    Failure(Explorer, Failure),
    /// A thread waits in a loop, here.
    Polls(&'static Location<'static>),
    /// An order that comes to no end.
    NoEnd(Explorer, Schedule),
}

/// What was tried of a scenario.
struct Exploration {
    tried: u64,
    is_exhaustive: bool,
}

impl Exploration {
    fn fault(&mut self, run: &(impl Fn(&mut explorer::Program) + Sync)) -> Option<Found> {
        let within = |executions, spurious| Explorer {
            bounds: Bounds { steps: MOST_STEPS, executions, spurious, patience: PATIENCE },
        };
        for spurious in [0, 1] {
            let explorer = within(SIMPLE, spurious);
            let few = explorer.simplest(FEW_PREEMPTIONS, run);
            let mut wakes = few.wakes;
            if let Some(found) = self.found(explorer, few) {
                return Some(found);
            }
            let explorer = within(DISTINCT, spurious);
            let all = explorer.explore(Orders::Distinct, run);
            wakes |= all.wakes;
            let is_exhaustive = all.is_exhaustive();
            self.is_exhaustive &= is_exhaustive;
            let in_all = self.found(explorer, all);
            if in_all.is_some() || !is_exhaustive {
                // There may be an order that is easier to understand.
                let explorer = within(SIMPLE, spurious);
                let more = explorer.explore(Orders::Preemptions(MORE_PREEMPTIONS), run);
                wakes |= more.wakes;
                if let Some(found) = self.found(explorer, more).or(in_all) {
                    return Some(found);
                }
            }
            // Waits that are woken for nothing are another exploration: most programs have none.
            if !wakes {
                break;
            }
        }
        None
    }

    /// What is wrong in the orders that were tried.
    fn found(&mut self, explorer: Explorer, report: Report) -> Option<Found> {
        self.tried += report.executions;
        if let Some(failure) = report.simplest {
            Some(Found::Failure(explorer, failure))
        } else if let Some(at) = report.polls {
            Some(Found::Polls(at))
        } else {
            report.endless.map(|order| Found::NoEnd(explorer, order))
        }
    }
}

/// The fault of a run, in a line: what main says as it panics is the scenario's own, unless it only
/// hands on that another thread has panicked, or finds the lock poisoned by it, or panics in the
/// program.
fn told(fault: &Fault, run: &Run, shown: &Shown) -> String {
    match fault {
        Fault::Panic { thread: "main", message } => {
            let is_handed_on =
                message.ends_with("value: Any { .. }") || message.contains("PoisonError");
            let first = run.panic.as_ref().filter(|first| {
                is_handed_on || (first.message == *message && shown(first.at.0).is_some())
            });
            first.map_or_else(|| message.clone(), |first| panicked(first, shown))
        }
        // What the others wait for may be what that thread would have done.
        fault => {
            let fault = fault.to_string();
            match &run.panic {
                Some(first) if !fault.contains(&first.message) => {
                    format!("{fault}; before that, {}", panicked(first, shown))
                }
                _ => fault,
            }
        }
    }
}

/// What a panic said, and in which line if that is the program's.
fn panicked(panic: &Panicked, shown: &Shown) -> String {
    let Panicked { message, at: (file, line) } = panic;
    let place = shown(file).map_or(String::new(), |_| format!(", in line {line}"));
    // Where a program would end its process, `std::process` of the explorer panics.
    if message.starts_with("the program ") {
        format!("{message}{place}")
    } else {
        format!("a thread panics{place}: {message}")
    }
}

/// An order, drawn for the reader's terminal.
fn lines(run: &Run, shown: &Shown, width: usize) -> Vec<String> {
    let drawn = explorer::timeline_alone(run, shown, width);
    let mut lines: Vec<String> = drawn.lines().map(str::to_owned).collect();
    let waiting = match &run.outcome {
        Outcome::Fault(Fault::Deadlock(blocked) | Fault::Livelock(blocked)) => &blocked[..],
        _ => &[],
    };
    let places = run.steps.iter().map(|it| it.at).chain(waiting.iter().map(|it| it.at));
    let of_program = places.filter_map(|at| Some((at.line(), shown(at.file())?)));
    let text = |(line, source)| format!("line {line}: {}", explorer::line_of(source, line));
    lines.extend(of_program.collect::<BTreeSet<_>>().into_iter().map(text));
    if run.steps.iter().any(|step| step.description.ends_with("for nothing")) {
        lines.push(
            "(For nothing: std allows a wait to end without a notification, a spurious wake-up.)"
                .to_owned(),
        );
    }
    if run.steps.iter().any(|step| shown(step.at.file()).is_none()) {
        lines.push(
            "(A step without a line number is the judge's own, in std, or a drop.)".to_owned(),
        );
    }
    lines
}
