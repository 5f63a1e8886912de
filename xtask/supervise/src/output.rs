//! What a program writes, up to a limit.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// The pipe from the program, and what has come out of it.
pub struct Output {
    read_end: PipeReader,
    /// Kept open, so that the output never comes to its end: a program may close
    /// its own and carry on. The parent says when it has ended.
    write_end: PipeWriter,
    kept: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Output {
    pub fn new(limit: usize) -> Result<Output> {
        let (read_end, write_end) = io::pipe().context("pipe")?;
        fcntl(&read_end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl(O_NONBLOCK)")?;
        Ok(Output { read_end, write_end, kept: Vec::new(), limit, overflowed: false })
    }

    /// The end for the program.
    pub fn write_end(&self) -> Result<PipeWriter> {
        self.write_end.try_clone().context("dup")
    }

    /// Whether there was more than the limit allows.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Reads once, keeps as much as the limit allows, and says whether there was
    /// anything.
    pub fn read(&mut self) -> Result<bool> {
        let mut buffer = [0; 1 << 16];
        let count = match self.read_end.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            result => result.context("read the output")?,
        };
        let room = self.limit - self.kept.len();
        self.kept.extend_from_slice(&buffer[..count.min(room)]);
        self.overflowed |= count > room;
        Ok(true)
    }

    /// Reads what is still there, and returns everything.
    pub fn finish(mut self) -> Result<(Vec<u8>, bool)> {
        while !self.overflowed && self.read()? {}
        Ok((self.kept, self.overflowed))
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_too_much_is_remembered() {
        let mut output = Output::new(4).unwrap();
        let mut program = output.write_end().unwrap();
        assert!(!output.read().unwrap());

        program.write_all(b"four").unwrap();
        assert!(output.read().unwrap());
        assert!(!output.overflowed());

        program.write_all(b"+").unwrap();
        assert!(output.read().unwrap());
        assert!(!output.read().unwrap(), "the pipe is empty again");
        assert!(output.overflowed());
        assert_eq!(output.finish().unwrap(), (b"four".to_vec(), true));
    }

    #[test]
    fn the_rest_is_read_at_the_end() {
        let output = Output::new(100).unwrap();
        output.write_end().unwrap().write_all(b"late").unwrap();
        assert_eq!(output.finish().unwrap(), (b"late".to_vec(), false));
    }
}
