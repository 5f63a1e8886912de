//! The way of the tasks, from the parent to a worker: through a socket. A frame is a
//! chunk of tasks: which function, how many, and the bytes of their arguments.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};

/// What stands before the arguments.
const HEADER: usize = 16;

/// How many bytes are asked for at once.
const BLOCK: usize = 1 << 16;

/// Appends the header of a frame, behind which the arguments have to come.
pub fn write_header(bytes: &mut Vec<u8>, function: u32, count: u32, length: usize) {
    bytes.extend(function.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((length as u64).to_le_bytes());
}

/// A chunk of tasks, as a worker gets it.
pub struct Frame<'a> {
    /// Which of the pool's functions.
    pub function: usize,
    /// How many tasks.
    pub count: u32,
    /// Their arguments, one after the other.
    pub arguments: &'a [u8],
}

/// Reads frames from a socket.
pub struct Frames {
    socket: UnixStream,
    bytes: Vec<u8>,
    /// Where in `bytes` what was read and not yet used begins and ends.
    begin: usize,
    end: usize,
}

impl Frames {
    pub fn new(socket: UnixStream) -> Self {
        Self { socket, bytes: vec![0; BLOCK], begin: 0, end: 0 }
    }

    /// Waits for the next frame; `None` when the parent has closed the socket.
    ///
    /// # Errors
    /// If the socket fails, or ends within a frame.
    pub fn next(&mut self) -> Result<Option<Frame<'_>>> {
        if !self.fill(HEADER)? {
            return Ok(None);
        }
        let header = &self.bytes[self.begin..];
        let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("4 bytes"));
        let (function, count) = (word(0) as usize, word(4));
        let length = u64::from_le_bytes(header[8..HEADER].try_into().expect("8 bytes")) as usize;
        if !self.fill(HEADER + length)? {
            return Ok(None);
        }
        let arguments = self.begin + HEADER..self.begin + HEADER + length;
        self.begin = arguments.end;
        Ok(Some(Frame { function, count, arguments: &self.bytes[arguments] }))
    }

    /// Reads until so many bytes are there; false if the socket ends before.
    fn fill(&mut self, wanted: usize) -> Result<bool> {
        if self.end - self.begin >= wanted {
            return Ok(true);
        }
        self.bytes.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        while self.end < wanted {
            match self.socket.read(&mut self.bytes[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                // A parent that is gone has closed it, too.
                Err(why) if why.kind() == ErrorKind::ConnectionReset => return Ok(false),
                Err(why) => return Err(why).context("read a task"),
            }
        }
        Ok(true)
    }
}
