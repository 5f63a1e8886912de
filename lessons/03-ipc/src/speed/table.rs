//! What was measured, as tables, as JSON or as a picture.

use std::time::Duration;

use common::picture::Plot;
use common::text;

use super::{Direction, Setting};

/// A line of a table.
pub struct Row {
    pub name: &'static str,
    /// For each length, or as many of them as it carries.
    pub times: Vec<Duration>,
}

/// A length as a person reads it: `8 B`, `64 KiB`.
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

/// A line for each time, as it would be read by a program.
pub fn print_json(setting: &Setting, row: &Row, lengths: &[usize]) {
    let direction = match setting.direction {
        Direction::OneWay => "one way",
        Direction::RoundTrip => "round trip",
    };
    let cpus = setting.cpus.len();
    let lines: String = lengths
        .iter()
        .zip(&row.times)
        .map(|(bytes, time)| {
            format!(
                "{{\"way\":\"{}\",\"measured\":\"{direction}\",\"cpus\":{cpus},\
                 \"bytes\":{bytes},\"seconds\":{:e}}}\n",
                row.name,
                time.as_secs_f64()
            )
        })
        .collect();
    print!("{lines}");
}

/// A picture of a table.
pub fn draw(setting: &Setting, rows: &[Row], lengths: &[usize]) -> String {
    let x: Vec<_> = lengths.iter().map(|&length| (length as f64, size(length))).collect();
    let lines: Vec<_> = rows.iter().map(|row| (row.name, row.times.clone())).collect();
    let cpus = if setting.cpus.len() == 1 { "one CPU" } else { "two CPUs" };
    let title = format!("Time for each message, one after the other, on {cpus}");
    Plot { title: &title, sizes: "length of a message", x: &x, lines: &lines }.draw()
}
