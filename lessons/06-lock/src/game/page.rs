//! The game as a page for a browser: every order is in it, and it needs nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use explorer::{Explorer, Outcome, Program, Run, Schedule, ThreadState};
use serde_json::{Value, json};

use super::Played;

/// The page, without the programs.
const PAGE: &str = include_str!("page.html");

/// Where the programs belong.
const PLACE: &str = "/*PROGRAMS*/[]";

/// The most places in the orders of one program: for more, the page would be slow to load.
const MOST_PLACES: usize = 3000;

/// How many preemptions the simplest order that goes wrong may have.
const MAX_PREEMPTIONS: usize = 5;

/// Writes the page.
///
/// # Errors
/// If the file cannot be written, or a program has too many orders.
pub fn write(file: &Path, programs: &[Played], source: &str) -> Result<()> {
    let programs: Result<Vec<Value>> = programs.iter().map(|it| program(it, source)).collect();
    // `</script>` in a source would end the script.
    let data = Value::from(programs?).to_string().replace('<', "\\u003c");
    let page = PAGE.replacen(PLACE, &data, 1);
    fs::write(file, page).with_context(|| format!("write {}", file.display()))
}

fn program(played: &Played, source: &str) -> Result<Value> {
    let mut orders = Orders { program: &played.program, places: Vec::new() };
    orders.add(&Schedule::default())?;
    let lines: Vec<&str> = source.lines().collect();
    let used = orders.places.iter().flat_map(Place::lines);
    let (first, last) = (used.clone().min().unwrap_or(1), used.max().unwrap_or(1));
    // With a little of what is around them.
    let (first, last) = (first.saturating_sub(3).max(1), (last + 2).min(lines.len()));
    let simplest = Explorer::default().simplest(MAX_PREEMPTIONS, &played.program).simplest;
    Ok(json!({
        "title": played.title,
        "right": played.right,
        "first": first,
        "source": lines[first - 1..last],
        "places": orders.places.iter().map(Place::json).collect::<Vec<_>>(),
        "simplest": simplest.map(|failure| failure.schedule.0),
    }))
}

/// All orders of a program: a tree of the places at which a thread is chosen.
struct Orders<'a> {
    program: &'a (dyn Fn(&mut Program) + Sync),
    places: Vec<Place>,
}

/// A place in the orders: what happened last, and what can be next.
struct Place {
    run: Run,
    /// The place that each thread's next step leads to.
    next: BTreeMap<usize, usize>,
    /// How many orders there are from here on.
    orders: u64,
    /// How many of them go wrong.
    wrong: u64,
}

impl Orders<'_> {
    /// Adds the place that a schedule leads to, and all places after it. Returns its number.
    fn add(&mut self, schedule: &Schedule) -> Result<usize> {
        ensure!(
            self.places.len() < MOST_PLACES,
            "this program has too many orders for a page; try one with fewer steps"
        );
        let run = Explorer::default().replay(schedule, self.program)?;
        let number = self.places.len();
        let is_ready =
            |thread: &usize| matches!(run.threads[thread - 1].state, ThreadState::Ready(_));
        let ready: Vec<usize> = (1..=run.threads.len()).filter(is_ready).collect();
        let is_over = run.outcome != Outcome::Unfinished;
        let (orders, wrong) = match run.outcome {
            Outcome::Unfinished => (0, 0),
            Outcome::Right => (1, 0),
            Outcome::Fault(_) => (1, 1),
        };
        self.places.push(Place { run, next: BTreeMap::new(), orders, wrong });
        for thread in ready.into_iter().filter(|_| !is_over) {
            let mut longer = schedule.clone();
            longer.0.push(thread);
            let next = self.add(&longer)?;
            let Place { orders, wrong, .. } = self.places[next];
            let place = &mut self.places[number];
            place.next.insert(thread, next);
            place.orders += orders;
            place.wrong += wrong;
        }
        Ok(number)
    }
}

impl Place {
    /// The lines of the source that its steps and its threads are at.
    fn lines(&self) -> impl Iterator<Item = usize> + Clone {
        let states = self.run.threads.iter().filter_map(|thread| match &thread.state {
            ThreadState::Ended => None,
            ThreadState::Ready(at) => Some(at.line()),
            ThreadState::Blocked(blocked) => Some(blocked.at.line()),
        });
        let steps = self.run.steps.iter().map(|step| step.at.line());
        states.chain(steps).map(|line| line as usize).collect::<Vec<_>>().into_iter()
    }

    fn json(&self) -> Value {
        let step = self
            .run
            .steps
            .last()
            .map(|step| json!([step.thread, step.at.line(), step.description]));
        let threads = self.run.threads.iter().map(|thread| match &thread.state {
            ThreadState::Ended => json!({ "name": thread.name, "state": "ended" }),
            ThreadState::Ready(at) => {
                json!({ "name": thread.name, "state": "ready", "line": at.line() })
            }
            ThreadState::Blocked(blocked) => json!({
                "name": thread.name, "state": "waits", "line": blocked.at.line(),
                "for": blocked.awaits.to_string(),
            }),
        });
        let fault = match &self.run.outcome {
            Outcome::Fault(fault) => Some(fault.to_string()),
            _ => None,
        };
        json!({
            "step": step, "threads": threads.collect::<Vec<_>>(), "next": self.next,
            "orders": self.orders, "wrong": self.wrong, "fault": fault,
            "over": self.run.outcome != Outcome::Unfinished,
        })
    }
}
