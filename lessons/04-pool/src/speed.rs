//! What it costs to hand out a task: the same work for this pool of processes, for threads, for
//! bare channels, and for Python's two pools, one after the other, with two workers each.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::picture::Plot;
use common::progress::Progress;
use common::text;
use serde_json::{Value, json};

use crate::ways::{Effort, Measured, SIZES, channels, measure_pool, measure_threads, threadpool};

/// How a figure is printed.
type Figure = fn(&Measured) -> String;

/// The rows of the table.
const ROWS: [(&str, Figure); 9] = [
    ("empty tasks, one by one", |it| rate(it.one_by_one)),
    ("empty tasks, in chunks", |it| rate(it.in_chunks)),
    ("10 µs tasks, one by one", |it| share(it.short_one_by_one)),
    ("10 µs tasks, in chunks", |it| share(it.short)),
    ("1 ms tasks, in chunks", |it| share(it.long)),
    ("64 KiB there and back", |it| text::time(it.sizes[0])),
    ("1 MiB there and back", |it| text::time(it.sizes[1])),
    ("16 MiB there and back", |it| text::time(it.sizes[2])),
    ("start to first result", |it| text::time(it.start)),
];

fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate < 999.5e3 => format!("{:.0} k/s", rate / 1e3),
        rate => format!("{:.2} M/s", rate / 1e6),
    }
}

/// The share of the workers' time that went into the tasks.
fn share(share: f64) -> String {
    format!("≈ {:.0} %", 100.0 * share)
}

pub fn run(tasks: Option<usize>, picture: Option<&Path>, json: bool) -> Result<()> {
    let effort = Effort { tasks: tasks.unwrap_or(20_000) };
    let progress = Progress::new();
    let mut ways = Vec::new();
    progress.show("measuring this pool ...");
    ways.push(("this pool", measure_pool(effort)?));
    progress.show("measuring threads ...");
    ways.push(("threadpool", measure_threads(threadpool, effort)?));
    ways.push(("channels", measure_threads(channels, effort)?));
    progress.show("measuring Python's pools ...");
    match python(effort)? {
        Some([pool, executor]) => ways.extend([("Pool", pool), ("Executor", executor)]),
        None if json => {}
        None => println!("(python3 is not installed, so Python's pools are left out)"),
    }
    drop(progress);
    if json {
        println!("{:#}", Value::from_iter(ways.iter().map(to_json)));
    } else {
        print_table(&ways);
    }
    if let Some(path) = picture {
        std::fs::write(path, draw(&ways)).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// What Python itself measures of its Pool and its ProcessPoolExecutor.
fn python(effort: Effort) -> Result<Option<[Measured; 2]>> {
    let script = include_str!("../speed.py");
    let output = Command::new("python3").args(["-c", script, &effort.tasks.to_string()]).output();
    let output = match output {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        output => output.context("start python3")?,
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "speed.py: {}: {errors}", output.status);
    let lines: Vec<Measured> =
        String::from_utf8_lossy(&output.stdout).lines().map(parse).collect::<Result<_>>()?;
    Ok(Some(lines.try_into().ok().context("speed.py: two lines")?))
}

/// A line of numbers, as speed.py prints it.
fn parse(line: &str) -> Result<Measured> {
    let numbers: Result<Vec<f64>, _> = line.split(' ').map(str::parse).collect();
    let numbers = numbers.with_context(|| format!("speed.py: {line}"))?;
    let [one_by_one, in_chunks, short_one_by_one, short, long, small, medium, large, start] =
        numbers[..]
    else {
        bail!("speed.py: {line}")
    };
    let sizes = [small, medium, large].map(Duration::from_secs_f64);
    let start = Duration::from_secs_f64(start);
    Ok(Measured { one_by_one, in_chunks, short, long, short_one_by_one, sizes, start })
}

fn print_table(ways: &[(&str, Measured)]) {
    print!("{:24}", "");
    ways.iter().for_each(|(name, _)| print!(" {name:>10}"));
    println!();
    for (what, figure) in ROWS {
        print!("{what:24}");
        ways.iter().for_each(|(_, measured)| print!(" {:>10}", figure(measured)));
        println!();
    }
}

fn to_json((name, it): &(&str, Measured)) -> Value {
    json!({
        "name": name,
        "one_by_one_per_second": it.one_by_one,
        "in_chunks_per_second": it.in_chunks,
        "share_10us_one_by_one": it.short_one_by_one,
        "share_10us": it.short,
        "share_1ms": it.long,
        "seconds_64KiB": it.sizes[0].as_secs_f64(),
        "seconds_1MiB": it.sizes[1].as_secs_f64(),
        "seconds_16MiB": it.sizes[2].as_secs_f64(),
        "seconds_to_start": it.start.as_secs_f64(),
    })
}

fn draw(ways: &[(&str, Measured)]) -> String {
    let label = |size: usize| match size >> 20 {
        0 => format!("{} KiB", size >> 10),
        mib => format!("{mib} MiB"),
    };
    let sizes = SIZES.map(|size| (size as f64, label(size)));
    let lines: Vec<_> = ways.iter().map(|(name, it)| (*name, it.sizes.to_vec())).collect();
    let title = "An argument to a worker, and a result back";
    Plot { title, sizes: "size of each", x: &sizes, lines: &lines }.draw()
}
