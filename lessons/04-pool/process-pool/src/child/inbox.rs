//! The arguments that come to a worker.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};

use crate::flow::value::{clear, split_first};
use crate::flow::{ChunkHeader, Kind, Reader};

pub struct Inbox {
    flow: Reader,
    /// A byte arrives when there is something new, the end when the parent has no more.
    bell: Rc<UnixStream>,
    /// Values that were taken from the flow, and how many bytes of them are used up.
    values: Vec<u8>,
    used: usize,
}

impl Inbox {
    pub fn new(flow: Reader, bell: Rc<UnixStream>) -> Self {
        Self { flow, bell, values: Vec::new(), used: 0 }
    }

    /// Waits for a chunk and begins it; `None` if no more will come.
    pub fn next_chunk(&mut self) -> Result<Option<ChunkHeader>> {
        if !self.wait_until(Reader::begin_chunk)? {
            return Ok(None);
        }
        let header = self.flow.take_bytes().map_err(|_| nonsense())?;
        Ok(Some(ChunkHeader::from_bytes(header.context("a chunk without its header")?)))
    }

    /// Waits for the next of the `count` values that are still to come; `None` if the parent
    /// is gone.
    #[inline]
    pub fn next(&mut self, count: usize) -> Result<Option<(Kind, &[u8])>> {
        if self.used == self.values.len() && !self.wait_for_values(count)? {
            return Ok(None);
        }
        let mut rest = &self.values[self.used..];
        let value = split_first(&mut rest).ok_or_else(nonsense)?;
        self.used = self.values.len() - rest.len();
        Ok(Some(value))
    }

    fn wait_for_values(&mut self, count: usize) -> Result<bool> {
        self.used = 0;
        clear(&mut self.values);
        while self.flow.take(count, &mut self.values).map_err(|_| nonsense())? == 0 {
            if !self.wait_until(Reader::look)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Sleeps until `is_there`, which is asked again whenever the parent wakes this worker;
    /// false if the parent has closed the socket.
    fn wait_until(&mut self, is_there: impl Fn(&mut Reader) -> bool) -> Result<bool> {
        while !is_there(&mut self.flow) {
            self.flow.will_sleep();
            // Something that arrived before the parent could see this has woken nobody.
            if is_there(&mut self.flow) {
                self.flow.is_awake();
                break;
            }
            match (&*self.bell).read(&mut [0; 64]) {
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

fn nonsense() -> anyhow::Error {
    anyhow!("what the parent has written is not what a parent writes")
}
