//! The measured times, as tables, as JSON or as a picture.

use std::time::Duration;

use common::picture::Plot;
use common::text;
use serde_json::json;

use super::{Direction, Setting};

/// A line of a table.
pub struct Row {
    pub name: &'static str,
    /// For each length, from the shortest to the longest that is not too long for it.
    pub times: Vec<Duration>,
}

/// A length for a person to read: `8 B`, `64 KiB`.
pub fn size(length: usize) -> String {
    match length {
        bytes @ ..1024 => format!("{bytes} B"),
        bytes @ ..0x10_0000 => format!("{} KiB", bytes >> 10),
        bytes => format!("{} MiB", bytes >> 20),
    }
}

/// The head of a table.
pub fn print_head(setting: &Setting, lengths: &[usize]) {
    let what = match setting.direction {
        Direction::OneWay => "One message after the other, time for each",
        Direction::RoundTrip => "There and back, time for both",
    };
    let cpus = if setting.cpus.len() == 1 { "one CPU" } else { "two CPUs" };
    let sizes: String = lengths.iter().map(|&length| format!("{:>9}", size(length))).collect();
    println!("{what}, on {cpus}:\n{:20}{sizes}", "");
}

pub fn print_row(row: &Row, lengths: &[usize]) {
    let cells: String = (0..lengths.len())
        .map(|number| row.times.get(number).map_or("-".to_owned(), |&time| text::time(time)))
        .map(|cell| format!("{cell:>9}"))
        .collect();
    println!("{:20}{cells}", row.name);
}

/// A line for each time, for other programs to read.
pub fn print_json(setting: &Setting, row: &Row, lengths: &[usize]) {
    let direction = match setting.direction {
        Direction::OneWay => "one way",
        Direction::RoundTrip => "round trip",
    };
    for (bytes, time) in lengths.iter().zip(&row.times) {
        let line = json!({
            "way": row.name,
            "measured": direction,
            "cpus": setting.cpus.len(),
            "bytes": bytes,
            "seconds": time.as_secs_f64(),
        });
        println!("{line}");
    }
}

/// The rows that a picture shows. The others would hide them: they are much like one of these.
const DRAWN: [&str; 5] =
    ["pipe", "ipc-channel, typed", "shared memory, ring", "Python's Queue", "a copy (the limit)"];

/// A picture of some rows of a table.
pub fn draw(setting: &Setting, rows: &[Row], lengths: &[usize]) -> String {
    let x: Vec<_> = lengths.iter().map(|&length| (length as f64, size(length))).collect();
    let rows = rows.iter().filter(|row| DRAWN.contains(&row.name));
    let lines: Vec<_> = rows.map(|row| (row.name, row.times.clone())).collect();
    let cpus = if setting.cpus.len() == 1 { "one CPU" } else { "two CPUs" };
    let title = format!("Time for each message, one after the other, on {cpus}");
    Plot { title: &title, sizes: "length of a message", x: &x, lines: &lines }.draw()
}
