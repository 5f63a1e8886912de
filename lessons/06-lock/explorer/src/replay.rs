//! The scheduler that follows a given schedule.

use crate::op::ThreadId;
use crate::schedule::Schedule;
use crate::scheduler::{Ready, Scheduler, bit};

pub(crate) struct Replay {
    left: std::vec::IntoIter<ThreadId>,
    /// The thread whose turn it was and that could not take a step.
    pub stuck: Option<ThreadId>,
}

impl Replay {
    pub fn new(schedule: &Schedule) -> Self {
        Self { left: schedule.0.clone().into_iter(), stuck: None }
    }
}

impl Scheduler for Replay {
    fn choose(&mut self, ready: &Ready) -> Option<ThreadId> {
        let thread = self.left.next()?;
        if thread < ready.next.len() && ready.enabled & bit(thread) != 0 {
            return Some(thread);
        }
        self.stuck = Some(thread);
        None
    }
}
