//! A place where threads wait for each other.

use std::panic::Location;

use crate::engine::{self, Handle, step};
use crate::execution::Object;
use crate::op::Op;

/// A place where threads wait until a number of them have come: [`std::sync::Barrier`].
#[derive(Debug)]
pub struct Barrier {
    handle: Handle,
    /// How many threads wait for each other; not 0.
    count: usize,
}

/// Whether a thread is the leader: [`std::sync::BarrierWaitResult`].
#[derive(Clone, Copy, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this thread came last.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// A barrier for this number of threads; 0 is as 1.
    #[track_caller]
    pub fn new(count: usize) -> Self {
        let object = Object::Barrier { arrivals: 0 };
        let handle = engine::add_object_at(Location::caller(), "barrier", object);
        Self { handle, count: count.max(1) }
    }

    /// Comes to the barrier: a step. Unless it is the last to come, the thread then waits for the
    /// others: another step.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let Handle { name, .. } = self.handle;
        let barrier = self.handle.id();
        let arrival = step(
            Op::Write(barrier),
            |execution, me| {
                execution.change(barrier, me);
                let arrivals = execution.arrivals(barrier);
                *arrivals += 1;
                *arrivals
            },
            |arrival| format!("at {name}: {} of {}", (arrival - 1) % self.count + 1, self.count),
        );
        let arrivals = arrival.next_multiple_of(self.count);
        if arrival < arrivals {
            step(Op::Gather { barrier, arrivals }, |_, _| {}, |()| format!("all at {name}"));
        }
        BarrierWaitResult(arrival == arrivals)
    }
}
