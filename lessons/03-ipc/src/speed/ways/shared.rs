//! The ring buffer in shared memory.

use anyhow::Result;
use ring::{self, Receiver, Sender};

use super::{Ends, Receive, Send};

impl Send for Sender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        Ok(Sender::send(self, message)?)
    }
}

impl Receive for Receiver {
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()> {
        Ok(self.recv(message)?)
    }
}

/// With room for a few messages, so that one can be written while another is read, and
/// 64 KiB at least, as much as a pipe has.
pub fn ring(longest: usize) -> Result<Ends> {
    let (sender, receiver) = ring::ring((3 * longest).max(32 << 10))?;
    Ok((Box::new(sender), Box::new(receiver)))
}
