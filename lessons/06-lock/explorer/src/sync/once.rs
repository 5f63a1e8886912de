//! Something that is done once, and a value that is made once.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::engine::{self, Handle, step, step_at};
use crate::execution::Object;
use crate::op::Op;

/// Something that is done once: [`std::sync::Once`].
#[derive(Debug)]
pub struct Once {
    handle: Handle,
    is_poisoned: AtomicBool,
}

/// What the function of [`Once::call_once_force`] is told.
#[derive(Debug)]
pub struct OnceState(bool);

impl OnceState {
    /// Whether the function of an earlier call has panicked.
    pub fn is_poisoned(&self) -> bool {
        self.0
    }
}

/// How a call begins.
enum Begin {
    Done,
    /// This thread runs its function.
    Run,
    Poisoned,
}

/// The function runs; dropped, it has returned, or it has panicked.
struct Running<'a> {
    once: &'a Once,
    at: &'static Location<'static>,
    is_done: bool,
}

impl Once {
    /// Nothing is done yet.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "std has no default either")]
    pub fn new() -> Self {
        let object = Object::Once { owner: None, done: false };
        let handle = engine::add_object_at(Location::caller(), "once", object);
        Self { handle, is_poisoned: AtomicBool::new(false) }
    }

    /// Runs the function, unless one has been run: a step before it, and a step after it. Waits
    /// while another thread runs one.
    ///
    /// # Panics
    /// If an earlier function has panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, run: F) {
        self.call(false, |_| run());
    }

    /// The same, also if an earlier function has panicked.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, run: F) {
        self.call(true, run);
    }

    /// Whether a function has been run: a step.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        let id = self.handle.id();
        step(
            Op::Read(id),
            |execution, _| *execution.once(id).1,
            |is_done| format!("{} done: {is_done}", self.handle.name),
        )
    }

    #[track_caller]
    fn call(&self, force: bool, run: impl FnOnce(&OnceState)) {
        let id = self.handle.id();
        let is_poisoned = || self.is_poisoned.load(Relaxed);
        let begin = step(
            Op::Lock(id),
            |execution, me| {
                let (owner, done) = execution.once(id);
                if *done {
                    Begin::Done
                } else if is_poisoned() && !force {
                    Begin::Poisoned
                } else {
                    *owner = Some(me);
                    Begin::Run
                }
            },
            |begin| {
                let what = match begin {
                    Begin::Done => "done",
                    Begin::Run => "begin",
                    Begin::Poisoned => "poisoned",
                };
                format!("{}: {what}", self.handle.name)
            },
        );
        match begin {
            Begin::Done => {}
            Begin::Poisoned => panic!("Once instance has previously been poisoned"),
            Begin::Run => {
                let at = Location::caller();
                let mut running = Running { once: self, at, is_done: false };
                run(&OnceState(is_poisoned()));
                running.is_done = true;
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let id = self.once.handle.id();
        let is_done = self.is_done;
        step_at(
            self.at,
            Op::Unlock(id),
            |execution, me| {
                let (owner, done) = execution.once(id);
                (*owner, *done) = (None, is_done);
                self.once.is_poisoned.store(!is_done, Relaxed);
                execution.change(id, me);
            },
            |()| {
                let what = if is_done { "end" } else { "panics" };
                format!("{}: {what}", self.once.handle.name)
            },
        );
    }
}

/// A value that is made once: [`std::sync::OnceLock`].
pub struct OnceLock<T> {
    once: Once,
    value: sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// Without a value.
    #[track_caller]
    pub fn new() -> Self {
        Self { once: Once::new(), value: sync::OnceLock::new() }
    }

    /// The value, if it is there: a step.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if self.once.is_completed() { self.value.get() } else { None }
    }

    /// The value. Waits until another thread has made it: a step.
    #[track_caller]
    pub fn wait(&self) -> &T {
        let Handle { name, .. } = self.once.handle;
        step(Op::Take(self.once.handle.id()), |_, _| {}, |()| format!("{name} done: true"));
        self.value.get().expect("it was made")
    }

    /// The value, if it is there.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value: a step before that, and a step after it.
    ///
    /// # Errors
    /// The new value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it is called once"));
        value.map_or(Ok(()), Err)
    }

    /// The value; makes it if it is not there. Waits while another thread makes it.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, make: F) -> &T {
        self.once.call_once_force(|_| {
            let value = make();
            assert!(self.value.set(value).is_ok(), "only one thread makes it");
        });
        self.value.get().expect("it was made")
    }

    /// Returns the value.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out.
    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        mem::take(self).into_inner()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceLock").field("name", &self.once.handle.name).finish_non_exhaustive()
    }
}
