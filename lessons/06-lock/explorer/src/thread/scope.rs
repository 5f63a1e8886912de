//! Threads that borrow from the thread that starts them.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::{Packet, Result, Thread, join};
use crate::engine::{self, lock, step_at};
use crate::execution::{Job, Settings};
use crate::op::Op;

/// Where threads are started that may borrow: [`std::thread::Scope`].
pub struct Scope<'scope, 'env: 'scope> {
    /// All of them, in the order in which they were started.
    threads: Mutex<Vec<Started>>,
    /// As with std, the lifetimes can be neither shortened nor extended.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

struct Started {
    thread: Thread,
    has_panicked: Arc<AtomicBool>,
    /// Whether its handle was joined: it has ended, and whoever has joined it knows how.
    is_joined: bool,
}

/// Runs a function that starts threads, and waits until they have ended: a step for each that is
/// not joined. [`std::thread::scope`].
///
/// # Panics
/// If a thread has panicked that was not joined.
#[track_caller]
pub fn scope<'env, F, T>(run: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope { threads: Mutex::default(), scope: PhantomData, env: PhantomData };
    let joins = JoinsAll { threads: &scope.threads, at: Location::caller() };
    let result = catch_unwind(AssertUnwindSafe(|| run(&scope)));
    // If the execution is over, this unwinds, and the threads are joined by the `Drop`.
    let has_panicked = joins.join_all();
    drop(joins);
    match result {
        Err(panic) => resume_unwind(panic),
        Ok(_) if has_panicked => panic!("a scoped thread panicked"),
        Ok(result) => result,
    }
}

/// Waits for all threads, even when the execution is over: they may still unwind, and use what
/// they have borrowed.
struct JoinsAll<'a> {
    threads: &'a Mutex<Vec<Started>>,
    at: &'static Location<'static>,
}

impl JoinsAll<'_> {
    /// Returns whether one has panicked that was not joined. While this waits for a thread, another
    /// may join that one as well, or start more.
    fn join_all(&self) -> bool {
        let mut next = 0;
        loop {
            let started = lock(self.threads);
            let Some(Started { thread, is_joined, .. }) = started.get(next) else {
                let has_panicked = |it: &Started| !it.is_joined && it.has_panicked.load(Relaxed);
                return started.iter().any(has_panicked);
            };
            let (thread, is_joined) = (thread.handle, *is_joined);
            drop(started);
            if !is_joined {
                let describe = |&(): &()| format!("join {}", thread.name);
                step_at(self.at, Op::Join(thread.id()), |_, _| {}, describe);
            }
            next += 1;
        }
    }
}

impl Drop for JoinsAll<'_> {
    fn drop(&mut self) {
        self.join_all();
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Starts a thread: a step.
    ///
    /// # Panics
    /// If there are too many threads.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, run: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.spawn_with(Settings::default(), run)
    }

    #[track_caller]
    pub(super) fn spawn_with<F, T>(
        &'scope self,
        settings: Settings,
        run: F,
    ) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let packet = Packet::default();
        let slot = Arc::clone(&packet);
        let has_panicked = Arc::new(AtomicBool::new(false));
        let panicked = Arc::clone(&has_panicked);
        let job: Box<dyn FnOnce() + Send + 'scope> = Box::new(move || {
            let result = engine::catch(run);
            panicked.store(result.is_err(), Relaxed);
            *lock(&slot) = Some(result);
        });
        // SAFETY: only the lifetime changes, and what is borrowed lives longer than the job: the
        // scope does not end, in whatever way, before the thread has ended, which has dropped
        // the job then. If the thread stays parked for good, so does the one that waits for it.
        let job: Job = unsafe { mem::transmute(job) };
        let thread = Thread { handle: engine::spawn(settings, job), name: settings.name };
        let started = Started { thread: thread.clone(), has_panicked, is_joined: false };
        lock(&self.threads).push(started);
        ScopedJoinHandle { thread, packet, threads: &self.threads }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// A thread of a scope that can be joined: [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    packet: Packet<T>,
    threads: &'scope Mutex<Vec<Started>>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits until the thread has ended: a step. Returns what it has returned.
    ///
    /// # Errors
    /// What it has panicked with.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let result = join(&self.thread, &self.packet);
        let mut threads = lock(self.threads);
        let of_this = |started: &&mut Started| started.thread.id() == self.thread.id();
        threads.iter_mut().filter(of_this).for_each(|started| started.is_joined = true);
        result
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
