//! Where the threads of an execution stand, and what those wait for that cannot go on.

use std::panic::Location;

use super::op::{Op, ThreadId};
use super::report::{Awaited, Blocked, Fault};
use super::state::State;

/// Where a thread stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its name.
    pub name: &'static str,
    /// Where in the source its next step is; `None` if it has ended.
    pub next: Option<&'static Location<'static>>,
    /// What it waits for, if it cannot take it.
    pub awaits: Option<Awaited>,
}

impl State {
    pub(super) fn standing(&self) -> Vec<Standing> {
        let standing = |id: ThreadId| Standing {
            name: self.threads[id].name,
            next: self.threads[id].next.map(|(_, at)| at),
            awaits: self.blocked(id).map(|blocked| blocked.awaits),
        };
        self.ids().map(standing).collect()
    }

    /// The fault that all threads that are left wait for something.
    pub fn deadlock(&self) -> Fault {
        let blocked = self.ids().filter_map(|thread| self.blocked(thread));
        Fault::Deadlock(blocked.collect())
    }

    /// What a thread waits for, if it cannot go on.
    pub fn blocked(&self, thread: ThreadId) -> Option<Blocked> {
        let (op, at) = self.threads[thread].next?;
        if self.is_enabled(thread) {
            return None;
        }
        let name = |thread: ThreadId| self.threads[thread].name;
        let awaits = match op {
            Op::Wake { condition, .. } if !self.is_notified(condition, thread) => {
                Awaited::Notification(self.things[condition].0)
            }
            Op::Join(other) => Awaited::End(name(other)),
            _ => {
                let lock = op.takes().expect("nothing else has to wait");
                let owner = self.has(lock).map_or("nobody", name);
                Awaited::Lock { lock: self.things[lock].0, owner }
            }
        };
        Some(Blocked { number: thread, thread: name(thread), awaits, at })
    }
}
