//! The processes and threads of a trace as a page for a browser, to step through.

mod arrows;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use record::Event;
use serde_json::{Value, json};

use arrows::arrows;

/// The page, without the record.
const PAGE: &str = include_str!("html/page.html");

/// Where the record belongs.
const PLACE: &str = "/*RECORD*/null";

/// The most events on a page: more would be slow to load.
const MOST_EVENTS: usize = 5000;

/// The events to show, in the order in which they came.
#[derive(Default)]
pub struct Page {
    events: Vec<Event>,
    left_out: usize,
}

impl Page {
    /// Takes in an event.
    pub fn add(&mut self, event: Event) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        } else {
            self.left_out += 1;
        }
    }

    /// Writes the page; `title` says what was traced.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path, title: &str) -> Result<()> {
        let (lanes, of_event) = self.lanes();
        let events = self.events.iter().zip(&of_event).map(|(event, lane)| {
            json!({
                "at": event.at.as_secs_f64(), "took": event.took.map(|took| took.as_secs_f64()),
                "lane": lane, "group": event.group.to_string(), "text": event.text,
                "call": event.call, "arguments": event.arguments, "ends": event.end.is_some(),
            })
        });
        let record = json!({
            "title": title, "lanes": lanes, "events": events.collect::<Vec<_>>(),
            "arrows": arrows(&self.events), "left_out": self.left_out,
        });
        // `</script>` in what a program printed would end the script.
        let record = record.to_string().replace('<', "\\u003c");
        let page = PAGE.replacen(PLACE, &record, 1);
        fs::write(file, page).with_context(|| format!("write {}", file.display()))
    }

    /// A lane for each process and thread, in the order of their first events, and the lane of
    /// each event. An id that is used again gets another lane.
    fn lanes(&self) -> (Vec<Value>, Vec<usize>) {
        let mut lanes: Vec<(i32, bool, &str, bool)> = Vec::new();
        let mut of_event = Vec::new();
        for event in &self.events {
            let open = lanes.iter().rposition(|(id, _, _, ended)| *id == event.id && !ended);
            let lane = open.unwrap_or_else(|| {
                lanes.push((event.id, event.id != event.process, &event.name, false));
                lanes.len() - 1
            });
            lanes[lane].2 = &event.name;
            lanes[lane].3 |= event.end.is_some();
            of_event.push(lane);
        }
        let shown = |(id, is_thread, name, _): &(i32, bool, &str, bool)| json!({ "id": id, "kind": if *is_thread { "tid" } else { "pid" }, "name": name });
        (lanes.iter().map(shown).collect(), of_event)
    }
}
