//! How the demos show an order that the explorer has found.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use common::text;
use explorer::{Explorer, Failure, Orders, Program, Report, line_of, timeline};

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
    let Failure { fault, schedule, preemptions } = failure;
    println!("  the simplest that goes wrong, preemptions: {preemptions}, order: {schedule}");
    let run = explorer.replay(&schedule, &program).context("run it again")?;
    print!("{}", timeline(&run, source, text::width().min(100)));
    if run.threads.len() > 2 {
        // Beside three threads there is no room for the text of the lines.
        let lines: BTreeSet<_> = run.steps.iter().map(|step| step.at.line()).collect();
        lines.into_iter().for_each(|line| println!("  line {line}: {}", line_of(source, line)));
    }
    println!("  {}", fault.to_string().replace("; ", "\n    "));
    Ok(())
}

/// Tries every order that makes a difference, and prints how many went wrong.
///
/// # Errors
/// If the explorer stopped before it had tried every order.
pub fn try_all(explorer: Explorer, program: impl Fn(&mut Program) + Sync) -> Result<Report> {
    report(explorer, Orders::Distinct, program)
}

/// Tries these orders, and prints how many went wrong.
///
/// # Errors
/// If the explorer stopped before it had tried all of them.
pub fn report(
    explorer: Explorer,
    orders: Orders,
    program: impl Fn(&mut Program) + Sync,
) -> Result<Report> {
    let report = explorer.explore(orders, program);
    ensure!(report.is_exhaustive(), "not every order was tried: {report}");
    println!("  {report}");
    Ok(report)
}
