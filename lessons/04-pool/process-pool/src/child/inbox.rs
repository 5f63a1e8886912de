//! The arguments that come to a worker.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::flow::{ChunkHeader, Kind, Reader};

pub struct Inbox {
    flow: Reader,
    /// A byte arrives when there is something new, the end when the parent has no more.
    bell: UnixStream,
}

impl Inbox {
    pub fn new(flow: Reader, bell: UnixStream) -> Self {
        Self { flow, bell }
    }

    /// Waits for a chunk and begins it; `None` if no more will come.
    pub fn next_chunk(&mut self) -> Result<Option<ChunkHeader>> {
        if !self.wait_until(Reader::begin_chunk)? {
            return Ok(None);
        }
        let header = *self.flow.available().first_chunk().context("a chunk without its header")?;
        self.flow.consume(header.len());
        Ok(Some(ChunkHeader::from_bytes(header)))
    }

    /// Waits for the next argument. Inside is why it cannot be read.
    ///
    /// # Errors
    /// If the parent is gone, or where the next argument begins is unknown.
    pub fn take<A: DeserializeOwned>(&mut self) -> Result<Result<A, String>> {
        self.wait_for_bytes()?;
        if let Some(bytes) = self.flow.small() {
            let (argument, rest) =
                postcard::take_from_bytes(&bytes[1..]).context("read an argument")?;
            let used = bytes.len() - rest.len();
            self.flow.consume(used);
            return Ok(Ok(argument));
        }
        loop {
            match self.flow.take_large()? {
                None => self.wait_for_bytes()?,
                Some((Kind::Large, bytes)) => {
                    return Ok(postcard::from_bytes(&bytes).map_err(|why| why.to_string()));
                }
                Some((_, text)) => return Ok(Err(String::from_utf8_lossy(&text).into_owned())),
            }
        }
    }

    #[inline]
    fn wait_for_bytes(&mut self) -> Result<()> {
        if self.flow.available().is_empty() {
            let has_bytes = |flow: &mut Reader| !flow.available().is_empty();
            ensure!(self.wait_until(has_bytes)?, "the parent is gone");
        }
        Ok(())
    }

    /// Sleeps until `is_there`, which is asked again whenever the parent wakes this worker;
    /// false if the parent has closed the socket.
    fn wait_until(&mut self, is_there: impl Fn(&mut Reader) -> bool) -> Result<bool> {
        while !is_there(&mut self.flow) {
            self.flow.set_sleeps(true);
            // Something that arrived before the parent could see this has woken nobody.
            if is_there(&mut self.flow) {
                self.flow.set_sleeps(false);
                break;
            }
            match self.bell.read(&mut [0; 64]) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                // The parent was killed before it had read what this worker sent.
                Err(why) if why.kind() == ErrorKind::ConnectionReset => return Ok(false),
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(why) => return Err(why).context("wait for the parent"),
            }
        }
        Ok(true)
    }
}
