//! The cost to take a lock, to add one, and to release the lock: for one thread, and when a
//! thread on each CPU wants the same lock all the time.

mod file;
mod locks;
mod picture;
mod table;
mod window;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use common::cpus;
use common::python::Python;

use table::Table;

/// The options of the demo.
pub struct Asked<'a> {
    /// How long to measure each.
    pub time: Duration,
    /// The most CPUs to use.
    pub cpus: Option<usize>,
    pub python: bool,
    pub json: bool,
    pub picture: Option<&'a Path>,
}

pub fn run(asked: &Asked) -> Result<()> {
    let mut cpus = cpus::allowed()?;
    cpus.truncate(asked.cpus.unwrap_or(usize::MAX));
    // A program that reads JSON expects nothing else.
    if !asked.json {
        if cfg!(debug_assertions) {
            println!(
                "(A debug build is slow. For true times: cargo lesson --release 06-lock cost)"
            );
        }
        if let [_] = cpus[..] {
            println!("(Where there is one CPU to use, no two threads contend: not measured.)");
        } else {
            let count = cpus.len();
            println!("Lock, add one, unlock: one thread, and one on each of ≈ {count} CPUs");
        }
    }
    let mut table = Table::new(asked, &cpus);
    locks::measure(&mut table)?;
    if asked.python {
        measure_python(&mut table, asked.json)?;
    }
    if let Some(path) = asked.picture {
        let drawn = picture::draw(&table.rows, cpus.len());
        std::fs::write(path, drawn).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn measure_python(table: &mut Table, quietly: bool) -> Result<()> {
    match Python::start(include_str!("../cost.py")) {
        Ok(mut python) => table.row("threading.Lock, Python", "threading.Lock", |cpus, time| {
            let cpus: Vec<_> = cpus.iter().map(usize::to_string).collect();
            let seconds = python.ask(&format!("{} {}", time.as_secs_f64(), cpus.join(",")))?;
            Ok(seconds * 1e9)
        }),
        Err(why) => {
            if !quietly {
                println!("(threading.Lock, Python: not measured: {why:#})");
            }
            Ok(())
        }
    }
}
