//! The results of a worker.

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::flow::{Kind, Writer};

pub struct Outbox {
    flow: Writer,
    /// A byte that is sent here wakes the parent.
    bell: UnixStream,
}

impl Outbox {
    pub fn new(flow: Writer, bell: UnixStream) -> Self {
        Self { flow, bell }
    }

    /// Writes a result.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    pub fn put<R: Serialize>(&mut self, result: &R) -> Result<()> {
        if self.flow.put(result) {
            return Ok(());
        }
        match postcard::to_stdvec(result) {
            Ok(bytes) => self.put_large(Kind::Large, bytes),
            Err(why) => self.put_text(Kind::Unreadable, why.to_string()),
        }
    }

    /// Writes a text in place of a result.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    pub fn put_text(&mut self, kind: Kind, text: String) -> Result<()> {
        self.put_large(kind, text.into_bytes())
    }

    fn put_large(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<()> {
        self.flow.begin_large(kind, bytes);
        while !self.flow.continue_large() {
            self.wake_parent()?;
            self.flow.sleep_until_space();
        }
        self.wake_parent()
    }

    /// Wakes the parent if it sleeps.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn wake_parent(&self) -> Result<()> {
        self.flow.wake_reader(&self.bell).context("wake the parent")
    }
}
