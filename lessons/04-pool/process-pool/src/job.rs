//! Tasks that were submitted together, and their results as they arrive.
//!
//! Both are bytes here. Only the threads that use the pool convert values, so whatever the
//! conversion of a type does, it cannot harm the manager.

use std::iter::repeat_n;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam::channel::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::flow::Kind;
use super::flow::value::{decode, encode, encode_text, guard, split_first};
use super::fork::Original;
use super::{PoolError, TaskError};

/// A part of a job, as it is given to a worker.
#[derive(Clone)]
pub struct Chunk {
    /// The index of its function in the pool's list.
    pub function: usize,
    pub results: Arc<Results>,
    /// The first of its tasks that is not done.
    pub first: usize,
    /// How many tasks it has from there on.
    pub count: usize,
    /// How many workers have died of the first one.
    pub deaths: u32,
    pub arguments: Arguments,
}

/// Arguments as bytes, and some of them: those of a chunk.
#[derive(Clone)]
pub struct Arguments {
    bytes: Arc<Vec<u8>>,
    place: Range<usize>,
    /// How many of the first ones are used.
    used: usize,
}

impl Arguments {
    pub fn new(bytes: Arc<Vec<u8>>, place: Range<usize>) -> Self {
        Self { bytes, place, used: 0 }
    }

    /// Those that are not used.
    pub fn bytes(&self) -> &[u8] {
        let mut rest = &self.bytes[self.place.clone()];
        for _ in 0..self.used {
            split_first(&mut rest).expect("there is one for each task");
        }
        rest
    }

    /// The last `count` bytes.
    pub fn last_bytes(&self, count: usize) -> &[u8] {
        &self.bytes[self.place.end - count..self.place.end]
    }

    /// Splits off all but the first.
    fn split_rest(&mut self) -> Self {
        let mut rest = self.clone();
        rest.used += 1;
        self.place.end -= rest.bytes().len();
        rest
    }
}

/// Appends an argument to `bytes`, or why it cannot be written: the worker sends that back, in
/// place of a result.
pub fn write_argument<A: Serialize>(argument: A, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    let written = guard("its argument was written", || {
        encode(&argument, bytes).map_err(|why| {
            TaskError::Unreadable(format!("its argument cannot be written: {why}"))
        })?;
        // Here, where a panic of it is caught.
        drop(argument);
        Ok(())
    });
    if let Err(why) = written {
        bytes.truncate(start);
        let (kind, text) = match why {
            TaskError::Panicked(text) => (Kind::Panicked, text),
            other => (Kind::Unreadable, other.to_string()),
        };
        encode_text(kind, &text, bytes);
    }
}

impl Chunk {
    /// Removes the first tasks, which are done.
    pub fn tasks_done(&mut self, tasks: usize) {
        self.first += tasks;
        self.count -= tasks;
        self.arguments.used += tasks;
    }

    /// Splits off the tasks after the first, if there are any.
    pub fn split_rest(&mut self) -> Option<Self> {
        let rest = self.count - 1;
        self.count = 1;
        (rest > 0).then(|| Self {
            first: self.first + 1,
            count: rest,
            deaths: 0,
            arguments: self.arguments.split_rest(),
            ..self.clone()
        })
    }

    /// Ends all its tasks with this error.
    pub fn fail(self, why: TaskError) {
        self.results.fail(self.first, self.count, why);
    }
}

/// The results of a job.
pub struct Results {
    tasks: usize,
    /// The process to which they come. In a copy of it, another thread may have locked the
    /// state when it was copied, and never unlocks it there.
    owner: Original,
    state: Mutex<State>,
    complete: Condvar,
    /// Where to report that all of them have arrived, and the number to send there.
    done: Option<(Sender<usize>, usize)>,
}

#[derive(Default)]
struct State {
    missing: usize,
    arrived: Vec<Arrived>,
    /// The results that are small.
    small: Vec<u8>,
}

/// What has come for some tasks.
struct Arrived {
    first: usize,
    count: usize,
    what: What,
}

enum What {
    /// Results, which are there among the small ones.
    Small(Range<usize>),
    /// Results that are not small.
    Large(Vec<u8>),
    /// An error for each of them.
    Failed(TaskError),
}

/// Results of up to this many bytes are small: copying them is quicker than allocating memory
/// for each.
const SMALL: usize = 1 << 12;

impl Results {
    pub fn new(tasks: usize, done: Option<(Sender<usize>, usize)>, owner: Original) -> Self {
        let state = Mutex::new(State { missing: tasks, ..State::default() });
        Self { tasks, owner, state, complete: Condvar::new(), done }
    }

    /// Takes the results of tasks that have none yet. Leaves `values` empty.
    pub fn take(&self, first: usize, count: usize, values: &mut Vec<u8>) {
        let mut state = self.state();
        let what = if values.len() <= SMALL {
            let start = state.small.len();
            state.small.append(values);
            What::Small(start..state.small.len())
        } else {
            What::Large(std::mem::take(values))
        };
        self.arrive(state, Arrived { first, count, what });
    }

    /// Ends tasks that have no result.
    fn fail(&self, first: usize, count: usize, why: TaskError) {
        self.arrive(self.state(), Arrived { first, count, what: What::Failed(why) });
    }

    fn arrive(&self, mut state: MutexGuard<'_, State>, arrived: Arrived) {
        state.missing -= arrived.count;
        state.arrived.push(arrived);
        if state.missing == 0 {
            self.complete.notify_all();
            if let Some((done, number)) = &self.done {
                // It fails if the receiver no longer wants the results.
                let _ = done.send(*number);
            }
        }
    }

    /// Waits until all results have arrived, and takes them.
    pub fn wait<R: DeserializeOwned>(&self) -> Vec<Result<R, TaskError>> {
        if self.are_copied() {
            return repeat_n(PoolError::Forked, self.tasks).map(|why| Err(why.into())).collect();
        }
        let state = self.complete.wait_while(self.state(), |state| state.missing > 0);
        // Without the lock: reading a value may take its time, and may use the pool.
        let State { mut arrived, small, .. } =
            std::mem::take(&mut *state.unwrap_or_else(PoisonError::into_inner));
        arrived.sort_unstable_by_key(|arrived| arrived.first);
        let mut results = Vec::with_capacity(self.tasks);
        for Arrived { count, what, .. } in arrived {
            match what {
                What::Small(range) => read_results(&small[range], count, &mut results),
                What::Large(values) => read_results(&values, count, &mut results),
                What::Failed(why) => results.extend(repeat_n(why, count).map(Err)),
            }
        }
        results
    }

    /// Whether all results have arrived.
    pub fn are_complete(&self) -> bool {
        self.are_copied() || self.state().missing == 0
    }

    /// Whether they come to another process: the one that this process was forked from.
    pub fn are_copied(&self) -> bool {
        self.owner.is_copied()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends the results that these values are.
fn read_results<R: DeserializeOwned>(
    mut values: &[u8],
    count: usize,
    results: &mut Vec<Result<R, TaskError>>,
) {
    results.extend((0..count).map(|_| read_result(split_first(&mut values))));
}

/// The result that a worker has written.
fn read_result<R: DeserializeOwned>(value: Option<(Kind, &[u8])>) -> Result<R, TaskError> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match value {
        Some((Kind::Value, bytes)) => guard("its result was read", || {
            decode(bytes)
                .map_err(|why| TaskError::Unreadable(format!("its result cannot be read: {why}")))
        }),
        Some((Kind::Panicked, bytes)) => Err(TaskError::Panicked(text(bytes))),
        Some((Kind::Unreadable, bytes)) => Err(TaskError::Unreadable(text(bytes))),
        None => Err(TaskError::Unreadable("its worker has written over its result".to_owned())),
    }
}
