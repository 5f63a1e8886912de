//! The processes and threads of a trace as a tree.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use common::text;
use record::{End, Event, Group};

/// The tasks that were seen, each with the task that created it.
#[derive(Default)]
pub struct Tree {
    /// In the order of their births.
    tasks: Vec<Node>,
    /// The last task that had this id: a place in `tasks`. The system uses ids again.
    last: HashMap<i32, usize>,
}

#[derive(Default)]
struct Node {
    id: i32,
    is_thread: bool,
    name: String,
    /// A place in [`Tree::tasks`].
    parent: Option<usize>,
    end: Option<(End, Duration)>,
    /// Whether its parent has ended and never waited for it.
    is_zombie: bool,
}

impl Tree {
    /// Takes in an event.
    pub fn add(&mut self, event: &Event) {
        let place = self.place(event.id, |node| node.end.is_none());
        let node = &mut self.tasks[place];
        node.is_thread = event.id != event.process;
        if !event.name.is_empty() {
            node.name.clone_from(&event.name);
        }
        if let Some(end) = event.end {
            node.end = Some((end, event.at));
        }
        if let Some(zombie) = event.zombie.and_then(|id| self.last.get(&id)) {
            self.tasks[*zombie].is_zombie = true;
        }
        if event.group == Group::Fork
            && let Some(child) = event.child
        {
            // The child may have ended before its parent's call returns.
            let child = self.place(child, |node| node.parent.is_none());
            self.tasks[child].parent = Some(place);
        }
    }

    /// The last task that had this id, if it is the one that is meant; otherwise a new one.
    fn place(&mut self, id: i32, is_meant: impl Fn(&Node) -> bool) -> usize {
        if let Some(place) = self.last.get(&id)
            && is_meant(&self.tasks[*place])
        {
            return *place;
        }
        let place = self.tasks.len();
        self.tasks.push(Node { id, ..Node::default() });
        self.last.insert(id, place);
        place
    }

    /// Writes a task and all that are below it.
    fn write(
        &self,
        f: &mut fmt::Formatter,
        place: usize,
        before: &str,
        below: &str,
    ) -> fmt::Result {
        let node = &self.tasks[place];
        let kind = if node.is_thread { "tid" } else { "pid" };
        let end = match node.end {
            Some((End::Exited(status), at)) => {
                format!("exited, status {status}, at {}", text::time(at))
            }
            Some((End::Killed(signal), at)) => {
                format!("killed by signal {signal}, at {}", text::time(at))
            }
            Some((End::Replaced, at)) => format!("replaced by an exec, at {}", text::time(at)),
            None => "did not end".to_owned(),
        };
        let zombie = if node.is_zombie { ", never waited for" } else { "" };
        writeln!(f, "{before}{kind} {} {}: {end}{zombie}", node.id, node.name)?;
        let mut children = self.children(Some(place)).peekable();
        while let Some(child) = children.next() {
            let is_last = children.peek().is_none();
            let (branch, stem) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.write(f, child, &format!("{below}{branch}"), &format!("{below}{stem}"))?;
        }
        Ok(())
    }

    fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        (0..self.tasks.len()).filter(move |place| self.tasks[*place].parent == parent)
    }
}

/// Each task, its name and its end, a line each.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.children(None).try_for_each(|root| self.write(f, root, "", ""))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: i32, group: &str, child: Option<i32>, status: Option<i32>) -> Event {
        let end = status.map(|status| json!({ "exited": status }));
        let event = json!({ "at": 0.0, "id": id, "process": id, "name": "a", "group": group,
                            "arguments": [], "child": child, "end": end, "text": "" });
        Event::from_json(&event.to_string()).unwrap()
    }

    #[test]
    fn tasks_that_had_an_id_one_after_the_other_are_apart() {
        let mut tree = Tree::default();
        for event in [
            event(7, "exec", None, None),
            event(7, "fork", Some(8), None),
            event(8, "exit", None, Some(1)),
            event(7, "fork", Some(9), None),
            // This one has ended before its parent's call returns.
            event(8, "exit", None, Some(2)),
            event(9, "fork", Some(8), None),
            event(9, "fork", Some(8), None),
            event(8, "exit", None, Some(3)),
            event(9, "exit", None, Some(4)),
            event(7, "exit", None, Some(5)),
        ] {
            tree.add(&event);
        }
        let lines: Vec<String> =
            tree.to_string().lines().map(|line| line.replace(", at 0.00 ns", "")).collect();
        assert_eq!(
            lines,
            [
                "pid 7 a: exited, status 5",
                "├─ pid 8 a: exited, status 1",
                "└─ pid 9 a: exited, status 4",
                "   ├─ pid 8 a: exited, status 2",
                "   └─ pid 8 a: exited, status 3",
            ]
        );
    }
}
