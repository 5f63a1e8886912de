//! The results of a worker.

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};

use crate::flow::Writer;

pub struct Outbox {
    flow: Writer,
    /// A byte that is sent here wakes the parent.
    bell: UnixStream,
}

impl Outbox {
    pub fn new(flow: Writer, bell: UnixStream) -> Self {
        Self { flow, bell }
    }

    /// Writes a value, and waits for space if there is none.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    #[inline]
    pub fn put(&mut self, value: &[u8]) -> Result<()> {
        let mut written = self.flow.write(value);
        while written < value.len() {
            self.wake_parent()?;
            self.flow.sleep_until_space().context("wait for space")?;
            written += self.flow.write(&value[written..]);
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
