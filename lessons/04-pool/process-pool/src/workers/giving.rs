//! What goes to a worker: chunks and their arguments; and back, if it does not get to
//! them.

use std::os::fd::AsRawFd;
use std::time::Instant;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

use super::{A_WHILE, Given, Worker};
use crate::flow::Kind;
use crate::job::Chunk;
use crate::worker::chunk_header;

/// How far a chunk was sent: so many arguments, and of a large one so many of its bytes.
#[derive(Default)]
pub struct Sending {
    arguments: usize,
    large: Option<Vec<u8>>,
    bytes: usize,
}

impl Worker {
    /// Gives it a chunk; the chunk comes back if there is no room.
    pub fn give(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        let place = self.arguments.place();
        let header = chunk_header(chunk.job.function() as u32, chunk.count as u32);
        if !self.arguments.put_whole(&header) {
            return Err(chunk);
        }
        if self.tasks == 0 {
            self.looked = Instant::now();
        }
        self.tasks += chunk.count;
        self.given.push_back(Given { chunk, place });
        self.sending = Some(Sending::default());
        self.send();
        self.arguments.allow_chunk();
        Ok(())
    }

    /// Sends as many arguments of the last chunk as there is room for.
    pub fn send(&mut self) {
        let Some(Given { chunk, .. }) = self.given.back() else { return };
        while let Some(sent) = &mut self.sending {
            if let Some(bytes) = &sent.large {
                let piece = self.arguments.put_piece(&bytes[sent.bytes..]);
                sent.bytes += piece;
                if sent.bytes == bytes.len() {
                    *sent = Sending { arguments: sent.arguments + 1, ..Sending::default() };
                } else if piece == 0 {
                    return;
                }
                continue;
            }
            let (next, left) = (chunk.first + sent.arguments, chunk.count - sent.arguments);
            let put = chunk.job.put_arguments(next, left, &mut self.arguments);
            sent.arguments += put;
            if put == left {
                self.sending = None;
                return;
            }
            let (kind, bytes) = match chunk.job.argument(next + put) {
                Ok(bytes) => (Kind::Large, bytes),
                Err(why) => (Kind::Unreadable, why.into_bytes()),
            };
            if !self.arguments.put_prefix(kind, bytes.len()) {
                return;
            }
            sent.large = Some(bytes);
        }
    }

    /// Wakes it if it sleeps.
    pub fn tell(&mut self) -> Result<()> {
        if self.arguments.reader_sleeps() {
            // Not as a write, which would also send SIGPIPE if the worker is gone.
            match send(self.bell.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL) {
                // One that is gone needs no bell: its end is noticed elsewhere. One with so
                // many bells has not heard the first, and will.
                Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET | Errno::EAGAIN) => {}
                Err(why) => return Err(why).context("wake a worker"),
            }
        }
        Ok(())
    }

    /// Takes back what it has not begun, if it has been busy with one chunk for a while.
    pub fn take_back(&mut self) -> Vec<Chunk> {
        if !self.has_more() || self.looked.elapsed() < A_WHILE {
            return Vec::new();
        }
        let taken = self.arguments.forbid_chunks();
        let taken = self.given.split_off(self.given.len() - taken);
        if let Some(first) = taken.front() {
            self.arguments.rewind(first.place);
            self.sending = None;
        }
        self.tasks -= taken.iter().map(|given| given.chunk.count).sum::<usize>();
        taken.into_iter().map(|given| given.chunk).collect()
    }
}
