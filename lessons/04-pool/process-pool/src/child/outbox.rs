//! The results of a worker.

use std::os::unix::net::UnixStream;
use std::rc::Rc;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::flow::value::{clear, encode, encode_text};
use crate::flow::{Kind, Writer};
use crate::fork::Original;

pub struct Outbox {
    flow: Writer,
    /// A byte that is sent here wakes the parent.
    bell: Rc<UnixStream>,
    /// The result that is put next.
    result: Vec<u8>,
    /// The process whose results these are.
    worker: Original,
}

impl Outbox {
    /// The results of this process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn new(flow: Writer, bell: Rc<UnixStream>) -> Result<Self> {
        let worker = Original::this().context("watch for forks")?;
        Ok(Self { flow, bell, result: Vec::new(), worker })
    }

    /// Whether the calling process is not the worker, but was forked from it.
    #[inline]
    pub fn is_in_copy(&self) -> bool {
        self.worker.is_copied()
    }

    /// Writes a result, but does not put it: that replaces one that was not put.
    ///
    /// # Errors
    /// If it cannot be converted to bytes.
    #[inline]
    pub fn write<T: Serialize>(&mut self, result: &T) -> Result<(), String> {
        clear(&mut self.result);
        encode(result, &mut self.result)
    }

    /// Puts a text in place of a result.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_text(&mut self, kind: Kind, text: &str) -> Result<()> {
        clear(&mut self.result);
        encode_text(kind, text, &mut self.result);
        self.put()
    }

    /// Puts the result that was written. Waits for space if there is none.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    #[inline]
    pub fn put(&mut self) -> Result<()> {
        let mut written = self.flow.write(&self.result);
        while written < self.result.len() {
            self.wake_parent()?;
            self.flow.sleep_until_space().context("wait for space")?;
            written += self.flow.write(&self.result[written..]);
        }
        Ok(())
    }

    /// Wakes the parent if it sleeps.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn wake_parent(&self) -> Result<()> {
        self.flow.wake_reader(&self.bell).context("wake the parent")
    }
}
