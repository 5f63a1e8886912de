//! A judge that tries every order in which the threads of a program can take their steps.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::text;
use serde_json::Value;

use super::trial::{Fault, Trial};

/// Where the sources are of what tries the orders.
const SOURCES: [&str; 2] = ["lessons/06-lock/explorer", "common/src"];

/// Tries the scenarios of the exercise of this name. Returns how much was tried.
///
/// # Errors
/// A [`Fault`] if an order goes wrong, or if the program cannot be tried.
pub fn judge(name: &str, trial: &Trial) -> Result<String> {
    let told = told(trial, &[])?;
    if let Some(fault) = told["fault"].as_str() {
        let scenario = told["scenario"].as_str().context("a scenario")?;
        let what = format!("{scenario}; what goes wrong: {fault}");
        let mut details = lines(&told);
        if let Some(order) = told["order"].as_str() {
            details.push(format!("again: cargo xtask learn --check {name} --replay {order}"));
        }
        bail!(Fault::new(what, details));
    }
    let tried = told["tried"].as_u64().context("a number of orders")?;
    let were_tried = if tried == 1 {
        "1 order was tried".to_owned()
    } else {
        format!("{tried} orders were tried")
    };
    Ok(if told["exhaustive"] == true {
        format!("{were_tried}: every one that makes a difference")
    } else {
        format!("{were_tried}; there are more")
    })
}

/// Runs the program in one order, and returns what to show of it.
///
/// # Errors
/// A [`Fault`] if its threads cannot take their steps in this order.
pub fn replay(trial: &Trial, order: &str) -> Result<Vec<String>> {
    let told = told(trial, &["--replay", order])?;
    if let Some(why) = told["refused"].as_str() {
        bail!(Fault::new(format!("--replay {order}: {why}"), Vec::new()));
    }
    let mut shown = vec![told["scenario"].as_str().context("a scenario")?.to_owned()];
    shown.extend(lines(&told));
    shown.push(told["end"].as_str().context("an end")?.to_owned());
    Ok(shown)
}

/// What the program's harness prints.
fn told(trial: &Trial, arguments: &[&str]) -> Result<Value> {
    let width = text::width().to_string();
    let ran = trial.run_orders(&[&[&*width], arguments].concat())?;
    let told: Value = match serde_json::from_str(&ran.output) {
        Ok(told) if ran.status == 0 => told,
        _ => bail!(Fault::new("its orders cannot be tried: it ends the process", ran.lines)),
    };
    if let Some(why) = told["cannot"].as_str() {
        bail!(Fault::new(format!("its orders cannot be tried: {why}"), Vec::new()));
    }
    Ok(told)
}

fn lines(told: &Value) -> Vec<String> {
    let lines = told["lines"].as_array().into_iter().flatten();
    lines.filter_map(|line| Some(line.as_str()?.to_owned())).collect()
}

/// Adds the sources of what tries the orders.
///
/// # Errors
/// If a folder cannot be read.
pub fn sources(root: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut folders: Vec<PathBuf> = SOURCES.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("read {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(())
}
