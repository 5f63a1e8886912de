//! What the programs use, made of something that is shaped like std: the explorer, loom,
//! shuttle.

use std::sync::Arc;

use super::sync::atomic::{AtomicI64, Ordering::SeqCst, fence};
use super::sync::{self, MutexGuard};
use super::thread;

#[derive(Clone)]
pub struct Atomic(Arc<AtomicI64>);

impl Atomic {
    pub fn new(_name: &'static str, value: i64) -> Self {
        Self(Arc::new(AtomicI64::new(value)))
    }

    /// loom takes `SeqCst` for less than it is, but for fences; to shuttle they are nothing.
    fn get(&self) -> &AtomicI64 {
        fence(SeqCst);
        &self.0
    }

    pub fn load(&self) -> i64 {
        self.get().load(SeqCst)
    }

    pub fn store(&self, new: i64) {
        self.get().store(new, SeqCst);
    }

    pub fn fetch_add(&self, n: i64) -> i64 {
        self.get().fetch_add(n, SeqCst)
    }

    pub fn compare_exchange(&self, expected: i64, new: i64) -> Result<i64, i64> {
        self.get().compare_exchange(expected, new, SeqCst, SeqCst)
    }
}

pub struct Mutex<T>(Arc<sync::Mutex<T>>);

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Mutex<T> {
    pub fn new(_name: &'static str, value: T) -> Self {
        Self(Arc::new(sync::Mutex::new(value)))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("a panic ends an execution")
    }
}

#[derive(Clone)]
pub struct Condvar(Arc<sync::Condvar>);

impl Condvar {
    pub fn new(_name: &'static str) -> Self {
        Self(Arc::new(sync::Condvar::new()))
    }

    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).expect("a panic ends an execution")
    }

    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

pub struct JoinHandle<T>(thread::JoinHandle<T>);

pub fn spawn<T: Send + 'static>(
    _name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    JoinHandle(thread::spawn(run))
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> T {
        self.0.join().expect("a panic ends an execution")
    }
}
