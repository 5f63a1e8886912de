//! How long a message takes from one process to another, each way that this lesson
//! shows, over lengths from 8 bytes to 16 MiB; beside Python's, and beside a mere copy.

mod table;
mod timing;
mod ways;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use common::cpus;
use common::python::Python;
use nix::unistd::Pid;

use table::Row;
use ways::WAYS;

/// In bytes.
const LENGTHS: [usize; 6] = [8, 512, 8 << 10, 64 << 10, 1 << 20, 16 << 20];

/// The default length of the longest message, in bytes: a debug build takes seconds for
/// 16 MiB through a typed channel.
pub const MOST: usize = if cfg!(debug_assertions) { 1 << 20 } else { 16 << 20 };

/// The options of the demo.
pub struct Asked<'a> {
    /// The longest message, in bytes.
    pub most: usize,
    /// How long to measure each.
    pub time: Duration,
    /// The most CPUs to use.
    pub cpus: usize,
    pub python: bool,
    pub json: bool,
    pub picture: Option<&'a Path>,
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    OneWay,
    RoundTrip,
}

/// What a table is about.
struct Setting {
    direction: Direction,
    cpus: Vec<usize>,
}

pub fn run(asked: &Asked) -> Result<()> {
    let lengths: Vec<_> = LENGTHS.into_iter().take_while(|&length| length <= asked.most).collect();
    let allowed = cpus::allowed()?;
    let mut python = if asked.python { start_python(asked.json) } else { None };
    // A program that reads JSON expects nothing else.
    if cfg!(debug_assertions) && !asked.json {
        println!("(A debug build is slow. For true times: cargo lesson --release 03-ipc speed)");
    }
    if asked.cpus > allowed.len() && !asked.json {
        println!("(Not measured on two CPUs: this process may use one.)");
    }
    let mut drawn = None;
    for direction in [Direction::OneWay, Direction::RoundTrip] {
        for count in (1..=asked.cpus.min(allowed.len())).rev() {
            let setting = Setting { direction, cpus: allowed[..count].to_vec() };
            let rows = fill_table(&setting, &lengths, asked, python.as_mut())?;
            drawn.get_or_insert_with(|| table::draw(&setting, &rows, &lengths));
        }
    }
    if let (Some(path), Some(drawn)) = (asked.picture, drawn) {
        std::fs::write(path, drawn).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn start_python(quietly: bool) -> Option<Python> {
    match Python::start(include_str!("../speed.py")) {
        Ok(python) => Some(python),
        Err(why) => {
            if !quietly {
                println!("(Python's Pipe and Queue are not measured: {why:#})");
            }
            None
        }
    }
}

fn fill_table(
    setting: &Setting,
    lengths: &[usize],
    asked: &Asked,
    python: Option<&mut Python>,
) -> Result<Vec<Row>> {
    cpus::pin(Pid::from_raw(0), &setting.cpus)?;
    if !asked.json {
        table::print_head(setting, lengths);
    }
    let mut rows = Vec::new();
    let mut add =
        |name, measure: &mut dyn FnMut(usize) -> Result<Option<Duration>>| -> Result<()> {
            let times = lengths.iter().map_while(|&length| measure(length).transpose());
            let times = times.collect::<Result<_>>().with_context(|| format!("measure {name}"))?;
            let row = Row { name, times };
            if asked.json {
                table::print_json(setting, &row, lengths);
            } else {
                table::print_row(&row, lengths);
            }
            rows.push(row);
            Ok(())
        };
    for way in &WAYS {
        add(way.name, &mut |length| match setting.direction {
            Direction::OneWay => timing::one_way(way, length, asked.time),
            Direction::RoundTrip => timing::round_trip(way, length, asked.time),
        })?;
    }
    if let Some(python) = python {
        let how = match setting.direction {
            Direction::OneWay => "one_way",
            Direction::RoundTrip => "round_trip",
        };
        let seconds = asked.time.as_secs_f64();
        let cpus: Vec<_> = setting.cpus.iter().map(usize::to_string).collect();
        let cpus = cpus.join(",");
        for (name, what) in [("Python's Pipe", "Pipe"), ("Python's Queue", "Queue")] {
            add(name, &mut |length| {
                let each = python.ask(&format!("{what} {how} {length} {seconds} {cpus}"))?;
                Ok(Some(Duration::try_from_secs_f64(each)?))
            })?;
        }
    }
    if setting.direction == Direction::OneWay {
        add("a copy (the limit)", &mut |length| timing::copy(length, asked.time).map(Some))?;
    }
    Ok(rows)
}
