//! Which event led to which: the arrows between two lanes.

use std::collections::HashMap;

use record::{Event, Group};
use serde_json::{Value, json};

/// What each event led to: the numbers of both, and the kind.
pub fn arrows(events: &[Event]) -> Vec<Value> {
    let mut arrows = Vec::new();
    let mut seen = Seen::default();
    for (number, event) in events.iter().enumerate() {
        if let Some((from, kind)) = seen.cause(event)
            && events[from].id != event.id
        {
            arrows.push(json!({ "from": from, "to": number, "kind": kind }));
        }
        seen.add(number, event);
    }
    arrows
}

/// The last event of each kind that can lead to one of another task.
#[derive(Default)]
struct Seen {
    /// Who has made a task that had no event since.
    born: HashMap<i32, usize>,
    ended: HashMap<i32, usize>,
    /// Who has sent this signal to this process.
    sent: HashMap<(String, i32), usize>,
    /// Who has written to this channel, or woken those that wait at this address.
    written: HashMap<String, usize>,
    woken: HashMap<String, usize>,
}

impl Seen {
    fn add(&mut self, number: usize, event: &Event) {
        let text = event.text.as_str();
        if let Some(child) = event.child {
            self.born.insert(child, number);
            self.ended.remove(&child);
        }
        if event.end.is_some() {
            self.ended.insert(event.id, number);
        }
        if let Some(rest) = text.strip_prefix("send ")
            && let Some((signal, to)) = rest.split_once(" to ")
            && let Some(process) = id(to)
        {
            self.sent.insert((signal.to_owned(), process), number);
        }
        if let Some(rest) = text.strip_prefix("write to ") {
            self.written.insert(channel(rest).to_owned(), number);
        }
        if let Some(rest) = text.strip_prefix("futex wake at ") {
            self.woken.insert(channel(rest).to_owned(), number);
        }
    }

    /// The event of another task that led to this one, and in which way.
    fn cause(&mut self, event: &Event) -> Option<(usize, &'static str)> {
        let text = event.text.as_str();
        if let Some(maker) = self.born.remove(&event.id) {
            return Some((maker, "start"));
        }
        if event.group == Group::Wait
            && let Some((_, result)) = text.rsplit_once("→ ")
            && let Some(ended) = id(result).and_then(|child| self.ended.get(&child))
        {
            return Some((*ended, "wait"));
        }
        if let Some(rest) = text.strip_prefix("gets ")
            && let Some((signal, from)) = rest.split_once(", from ")
            && id(from).is_some()
        {
            let sent = self.sent.get(&(signal.to_owned(), event.process));
            return sent.map(|sent| (*sent, "signal"));
        }
        if let Some(rest) = text.strip_prefix("read from ")
            && text.contains(" bytes)") | text.contains(" byte)")
        {
            return self.written.get(channel(rest)).map(|written| (*written, "data"));
        }
        if let Some(rest) = text.strip_prefix("futex wait at ")
            && text.contains(": woken")
        {
            return self.woken.get(channel(rest)).map(|woken| (*woken, "wake"));
        }
        None
    }
}

/// The channel or the address at the start of a text.
fn channel(text: &str) -> &str {
    text.split([',', ':']).next().unwrap_or(text)
}

/// The id at the start of a text: `pid 714 exited`.
fn id(text: &str) -> Option<i32> {
    let rest = text.strip_prefix("pid ").or(text.strip_prefix("tid "))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use record::End;

    use super::*;

    fn event(id: i32, group: Group, text: &str) -> Event {
        Event {
            at: Duration::ZERO,
            took: None,
            id,
            process: id,
            name: String::new(),
            group,
            call: None,
            arguments: Vec::new(),
            result: None,
            child: None,
            zombie: None,
            end: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn each_kind_leads_from_one_task_to_another() {
        let fork = Event { child: Some(2), ..event(1, Group::Fork, "fork → pid 2") };
        let end = Some(End::Exited(0));
        let exit = Event { end, ..event(2, Group::Exit, "exit the process, status 0") };
        let events = [
            fork,
            event(2, Group::Fork, "fork → 0"),
            event(2, Group::Data, "write to pipe 1, write end: \"a\" (1 byte)"),
            event(1, Group::Data, "read from pipe 1, read end: \"a\" (1 byte), after 2 µs"),
            event(1, Group::Data, "read from pipe 1, read end: end of file"),
            event(1, Group::Signal, "send SIGTERM to pid 2"),
            event(2, Group::Signal, "gets SIGTERM, from pid 1"),
            event(2, Group::Futex, "futex wake at 0x40: 1 woken"),
            event(1, Group::Futex, "futex wait at 0x40: woken, after 1.00 s"),
            exit,
            event(1, Group::Wait, "wait for pid 2 → pid 2 exited, status 0, after 2.32 ms"),
        ];
        let found: Vec<_> = arrows(&events)
            .iter()
            .map(|it| {
                (it["from"].as_u64().unwrap(), it["to"].as_u64().unwrap(), it["kind"].clone())
            })
            .collect();
        let expected =
            [(0, 1, "start"), (2, 3, "data"), (5, 6, "signal"), (7, 8, "wake"), (9, 10, "wait")];
        assert_eq!(found, expected.map(|(from, to, kind)| (from, to, Value::from(kind))));
    }
}
