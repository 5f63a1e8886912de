//! Threads: [`std::thread`]. To start one is a step, and to join it is one.

mod scope;

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use std::thread::{Result, panicking};

use crate::engine::{self, Handle, lock, step, timed_step};
use crate::execution::Settings;
use crate::names;
use crate::op::Op;
pub use scope::{Scope, ScopedJoinHandle, scope};

/// What a thread has returned, when it has ended.
type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// Starts a thread: a step.
///
/// # Panics
/// If there are too many threads.
#[track_caller]
pub fn spawn<F, T>(run: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_with(Settings::default(), run)
}

#[track_caller]
fn spawn_with<F, T>(settings: Settings, run: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // Where the execution is over before the thread, nothing takes the place of this. A `Drop` may
    // unwrap what it joins then.
    let packet = Packet::new(Mutex::new(nothing().map(Ok)));
    let slot = Arc::clone(&packet);
    let job = Box::new(move || {
        let result = engine::catch(run);
        *lock(&slot) = Some(result);
    });
    let handle = engine::spawn(settings, job);
    JoinHandle { thread: Thread { handle, name: settings.name }, packet }
}

/// What a thread returns that returns nothing.
fn nothing<T: 'static>() -> Option<T> {
    let nothing: Box<dyn Any> = Box::new(());
    nothing.downcast().ok().map(|nothing| *nothing)
}

/// Settings of a new thread: [`std::thread::Builder`].
#[derive(Debug, Default)]
pub struct Builder {
    settings: Settings,
}

impl Builder {
    /// A thread without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The reports call it so.
    #[must_use]
    pub fn name(mut self, name: String) -> Self {
        self.settings.name = Some(names::intern(name));
        self
    }

    /// How many bytes its stack has. It has no less than it would have otherwise.
    #[must_use]
    pub fn stack_size(mut self, size: usize) -> Self {
        self.settings.stack = size;
        self
    }

    /// Starts the thread: a step.
    ///
    /// # Errors
    /// Never: if the system refuses a thread, the exploration fails.
    ///
    /// # Panics
    /// If there are too many threads.
    #[track_caller]
    pub fn spawn<F, T>(self, run: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(spawn_with(self.settings, run))
    }

    /// Starts the thread in a scope: a step.
    ///
    /// # Errors
    /// Never: if the system refuses a thread, the exploration fails.
    ///
    /// # Panics
    /// If there are too many threads.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        run: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Ok(scope.spawn_with(self.settings, run))
    }
}

/// A thread that can be joined: [`std::thread::JoinHandle`].
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Packet<T>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended: a step. Returns what it has returned.
    ///
    /// # Errors
    /// What it has panicked with.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        join(&self.thread, &self.packet)
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

#[track_caller]
fn join<T>(thread: &Thread, packet: &Packet<T>) -> Result<T> {
    let Handle { name, .. } = thread.handle;
    step(Op::Join(thread.handle.id()), |_, _| {}, |()| format!("join {name}"));
    let result = lock(packet).take();
    // Without a result, the thread was unwound, as this one is now. A `Drop` may expect that there is
    // one, and its panic would abort the process.
    result.unwrap_or_else(|| engine::give_up())
}

/// A thread: [`std::thread::Thread`].
#[derive(Clone, Debug)]
pub struct Thread {
    handle: Handle,
    name: Option<&'static str>,
}

impl Thread {
    /// The name that its [`Builder`] gave it.
    pub fn name(&self) -> Option<&str> {
        self.name
    }

    /// Its number.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.handle.id())
    }

    /// The thread returns from its park, or from the next: a step.
    #[track_caller]
    pub fn unpark(&self) {
        let token = engine::token_of(self.handle);
        step(
            Op::Write(token),
            |execution, me| {
                if !std::mem::replace(execution.token(token), true) {
                    execution.change(token, me);
                }
            },
            |()| format!("unpark {}", self.handle.name),
        );
    }
}

/// The number of a thread: [`std::thread::ThreadId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(usize);

/// The thread that calls this.
pub fn current() -> Thread {
    let (handle, name) = engine::this_thread();
    Thread { handle, name }
}

/// Waits until another thread unparks this one: a step.
#[track_caller]
pub fn park() {
    let token = engine::token_of(current().handle);
    step(
        Op::Take(token),
        |execution, me| {
            let is_set = std::mem::replace(execution.token(token), false);
            if is_set {
                execution.change(token, me);
            } else {
                execution.wake_spuriously(me);
            }
            is_set
        },
        |is_set| if *is_set { "unparked" } else { "unparked for nothing" }.to_owned(),
    );
}

/// Waits until another thread unparks this one, and may stop at any time: a step.
#[track_caller]
pub fn park_timeout(_limit: Duration) {
    let token = engine::token_of(current().handle);
    timed_step(
        Op::Take(token),
        |execution, me, _| {
            let is_set = std::mem::replace(execution.token(token), false);
            if is_set {
                execution.change(token, me);
            }
            is_set
        },
        |is_set| if *is_set { "unparked" } else { "time is over" }.to_owned(),
    );
}

/// Lets the others go first.
///
/// The first time it does nothing: any thread may be next. A thread that calls it again at the
/// same place, and has changed nothing in between, waits in a loop. It looks again when another
/// thread has changed something of what it has looked at, or when no other thread can go on. If
/// that happens again and again and nothing changes, it is a livelock.
///
/// So a loop that waits has an end. What is assumed of it: that it does not count how often it
/// looks. One that gives up after a number of times is followed only if the others cannot go on.
#[track_caller]
pub fn yield_now() {
    engine::yield_now();
}

/// Lets the others go first, as [`yield_now`] does: how long is not looked at.
#[track_caller]
pub fn sleep(_time: Duration) {
    engine::yield_now();
}
