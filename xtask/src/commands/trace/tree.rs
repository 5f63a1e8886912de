//! The processes and threads of a trace as a tree.

use std::collections::BTreeMap;

use common::text;
use record::{End, Event, Group};

/// The tasks that were seen, by their ids, each with the task that created it.
#[derive(Default)]
pub struct Tree {
    tasks: BTreeMap<i32, Node>,
    /// In the order of their births.
    order: Vec<i32>,
}

#[derive(Default)]
struct Node {
    is_thread: bool,
    name: String,
    parent: Option<i32>,
    end: Option<(End, std::time::Duration)>,
    /// Whether its parent has ended and never waited for it.
    is_zombie: bool,
}

impl Tree {
    /// Takes in an event.
    pub fn add(&mut self, event: &Event) {
        if !self.tasks.contains_key(&event.id) {
            self.order.push(event.id);
        }
        let node = self.tasks.entry(event.id).or_default();
        node.is_thread = event.id != event.process;
        if !event.name.is_empty() {
            node.name.clone_from(&event.name);
        }
        if let Some(end) = event.end {
            node.end = Some((end, event.at));
        }
        if let Some(zombie) = event.zombie.and_then(|id| self.tasks.get_mut(&id)) {
            zombie.is_zombie = true;
        }
        if event.group == Group::Fork
            && let Some(child) = event.child
        {
            if !self.tasks.contains_key(&child) {
                self.order.push(child);
            }
            self.tasks.entry(child).or_default().parent = Some(event.id);
        }
    }

    /// Prints the tree: each task, its name and its end.
    pub fn print(&self) {
        let roots = self.order.iter().filter(|id| self.tasks[id].parent.is_none());
        for root in roots {
            self.print_below(*root, "", "");
        }
    }

    fn print_below(&self, id: i32, before: &str, below: &str) {
        let node = &self.tasks[&id];
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
        println!("{before}{kind} {id} {}: {end}{zombie}", node.name);
        let children: Vec<i32> = self
            .order
            .iter()
            .copied()
            .filter(|child| self.tasks[child].parent == Some(id))
            .collect();
        for (place, child) in children.iter().enumerate() {
            let last = place + 1 == children.len();
            let (branch, stem) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.print_below(*child, &format!("{below}{branch}"), &format!("{below}{stem}"));
        }
    }
}
