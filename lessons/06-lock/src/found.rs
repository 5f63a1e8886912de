//! How the demos show an order that the explorer has found.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use common::options::UsageError;
use common::text;
use explorer::{
    Bounds, Explorer, Failure, Orders, Outcome, Program, Report, Run, Schedule, line_of, timeline,
};

/// More preemptions than it takes to make any of these programs go wrong.
const MAX_PREEMPTIONS: usize = 5;

/// Finds the simplest order that goes wrong, and shows it step by step; `source` is the text
/// of the file that the program is in.
///
/// # Errors
/// If no order goes wrong.
pub fn show_simplest(
    explorer: Explorer,
    program: impl Fn(&mut Program) + Sync,
    source: &str,
) -> Result<()> {
    let report = explorer.simplest(MAX_PREEMPTIONS, &program);
    let failure = report.simplest.context("no order goes wrong, and some should")?;
    show_failure(explorer, &failure, program, source)
}

/// Tries every order of a program, and shows the simplest that goes wrong, if one does. If its
/// threads wait for a notification or an unpark and all went well, tries all again where each may
/// also be woken once for nothing.
///
/// # Errors
/// If the explorer stopped before it had tried every order, and none went wrong.
pub fn try_and_show(program: impl Fn(&mut Program) + Sync, source: &str) -> Result<()> {
    let mut explorer = Explorer::default();
    let mut report = try_all(explorer, &program)?;
    if report.simplest.is_none() && report.wakes {
        println!("the same, and a thread may be woken for nothing:");
        explorer = woken_for_nothing();
        report = try_all(explorer, &program)?;
    }
    if let Some(failure) = simplest_of(explorer, report, &program) {
        show_failure(explorer, &failure, &program, source)?;
        println!("  again: --replay {}", failure.schedule);
    }
    Ok(())
}

/// Wakes each thread once for nothing, at most.
fn woken_for_nothing() -> Explorer {
    Explorer { bounds: Bounds { spurious: 1, ..Bounds::default() } }
}

/// The simplest order of a program that goes wrong, if one does; `report` is about the orders
/// that make a difference.
fn simplest_of(
    explorer: Explorer,
    report: Report,
    program: impl Fn(&mut Program) + Sync,
) -> Option<Failure> {
    let failure = report.simplest?;
    // Some of those that make no difference are simpler. But there can be very many.
    let bounds = Bounds { executions: 10_000, ..explorer.bounds };
    let simplest = Explorer { bounds }.simplest(MAX_PREEMPTIONS, program).simplest;
    simplest.or(Some(failure))
}

/// Shows an order that goes wrong, step by step; `source` is the text of the file that the
/// program is in.
///
/// # Errors
/// If the order does not go wrong again.
pub fn show_failure(
    explorer: Explorer,
    failure: &Failure,
    program: impl Fn(&mut Program) + Sync,
    source: &str,
) -> Result<()> {
    let Failure { fault, schedule, preemptions } = failure;
    println!("  the simplest that goes wrong, preemptions: {preemptions}, order: {schedule}");
    let run = explorer.replay(schedule, program).context("run it again")?;
    show_steps(&run, source);
    println!("  {}", fault.to_string().replace("; ", "\n    "));
    Ok(())
}

/// Runs a program in this order, and shows it step by step.
///
/// # Errors
/// If its threads cannot take their steps in this order.
pub fn show_order(
    schedule: &Schedule,
    program: impl Fn(&mut Program) + Sync,
    source: &str,
) -> Result<()> {
    let run = Explorer::default().replay(schedule, &program);
    // In some orders a thread is woken for nothing. Where none has to be, none is.
    let run = run.or_else(|why| woken_for_nothing().replay(schedule, &program).map_err(|_| why));
    let run = run.map_err(|why| UsageError(format!("--replay: {why}")))?;
    show_steps(&run, source);
    match run.outcome {
        Outcome::Right => println!("  nothing went wrong"),
        Outcome::Fault(fault) => println!("  {fault}"),
        Outcome::Unfinished => println!("  not at the end: threads could go on"),
    }
    Ok(())
}

fn show_steps(run: &Run, source: &str) {
    print!("{}", timeline(run, |_| Some(source), text::width().min(100)));
    if run.threads.len() > 2 {
        // Beside three threads there is no room for the text of the lines.
        let lines: BTreeSet<_> = run.steps.iter().map(|step| step.at.line()).collect();
        lines.into_iter().for_each(|line| println!("  line {line}: {}", line_of(source, line)));
    }
}

/// Tries every order that makes a difference, and prints how many went wrong.
///
/// # Errors
/// If the explorer stopped before it had tried every order, and none went wrong.
pub fn try_all(explorer: Explorer, program: impl Fn(&mut Program) + Sync) -> Result<Report> {
    report(explorer, Orders::Distinct, program)
}

/// Tries these orders, and prints how many went wrong.
///
/// # Errors
/// If the explorer stopped before it had tried all of them, and none went wrong; if the program
/// uses nothing that the explorer knows.
pub fn report(
    explorer: Explorer,
    orders: Orders,
    program: impl Fn(&mut Program) + Sync,
) -> Result<Report> {
    let report = explorer.explore(orders, program);
    // An order that goes wrong is worth showing, however many were not tried.
    let is_worth_it = report.is_exhaustive() || report.simplest.is_some();
    ensure!(is_worth_it, "not every order was tried: {report}");
    ensure!(
        report.uses_objects || report.failures > 0,
        "there is nothing to try: it uses no lock, atomic or channel of explorer::sync, and those \
         of std are not seen"
    );
    println!("  {report}");
    Ok(report)
}

#[cfg(test)]
mod tests {
    use explorer::sync::{Arc, Condvar, Mutex};
    use explorer::thread;
    use testing::printed;

    use super::*;

    /// Two threads: one waits until the other has set the flag.
    fn wait_by(wait: fn(&Mutex<bool>, &Condvar)) -> impl Fn(&mut Program) + Sync {
        explorer::main(move || {
            let shared = Arc::new((Mutex::new(false), Condvar::new()));
            let setter = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    *shared.0.lock().unwrap() = true;
                    shared.1.notify_one();
                })
            };
            wait(&shared.0, &shared.1);
            setter.join().unwrap();
        })
    }

    fn look_once(flag: &Mutex<bool>, changed: &Condvar) {
        let mut is_set = flag.lock().unwrap();
        if !*is_set {
            is_set = changed.wait(is_set).unwrap();
        }
        assert!(*is_set, "not yet");
    }

    fn look_again(flag: &Mutex<bool>, changed: &Condvar) {
        let mut is_set = flag.lock().unwrap();
        while !*is_set {
            is_set = changed.wait(is_set).unwrap();
        }
    }

    #[test]
    fn what_uses_only_locks_of_std_is_refused() {
        let program = explorer::main(|| {
            let sum = Arc::new(std::sync::Mutex::new(0));
            let threads = [1, 2].map(|n| {
                let sum = Arc::clone(&sum);
                thread::spawn(move || *sum.lock().unwrap() += n)
            });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        let why = try_and_show(program, "").unwrap_err().to_string();
        assert!(why.starts_with("there is nothing to try: it uses no lock"), "{why}");

        let only_parks = explorer::main(|| {
            let main = thread::current();
            let other = thread::spawn(move || main.unpark());
            thread::park();
            other.join().unwrap();
        });
        printed::lines("0", || try_and_show(only_parks, "").unwrap());
    }

    #[test]
    fn a_wait_without_a_loop_is_found() {
        let lines = printed::lines("0", || try_and_show(wait_by(look_once), "").unwrap());
        assert!(lines[0].ends_with(", 0 went wrong"), "{lines:#?}");
        assert_eq!(lines[1], "the same, and a thread may be woken for nothing:");
        assert!(lines.iter().any(|line| line.contains("woken for nothing")), "{lines:#?}");
        let fault = "  main panics: not yet";
        assert!(lines.contains(&fault.to_owned()), "{lines:#?}");
        assert_eq!(lines.last().unwrap(), "  again: --replay 1x5");
    }

    #[test]
    fn an_order_in_which_a_thread_is_woken_for_nothing_can_be_run_again() {
        let order = "1x5".parse().unwrap();
        let lines = printed::lines("0", || show_order(&order, wait_by(look_once), "").unwrap());
        assert_eq!(lines.last().unwrap(), "  main panics: not yet", "{lines:#?}");
    }

    #[test]
    fn a_wait_in_a_loop_is_right() {
        let lines = printed::lines("0", || try_and_show(wait_by(look_again), "").unwrap());
        assert_eq!(lines.len(), 3, "{lines:#?}");
        assert!(lines[2].ends_with(", 0 went wrong"), "{lines:#?}");
    }
}
