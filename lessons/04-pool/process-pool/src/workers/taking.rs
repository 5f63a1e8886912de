//! What comes back from a worker: results.

use std::time::Instant;

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};

use super::{A_WHILE, Given, Worker};
use crate::TaskError;
use crate::flow::Kind;

impl Worker {
    /// Takes the results that have come, and says how many chunks are done by that.
    pub fn take_results(&mut self) -> Result<u32> {
        let (mut taken, chunks_before) = (0, self.chunks_done);
        while !self.broken {
            let bytes = self.results.written();
            let Some(&kind) = bytes.first() else { break };
            let Some(Given { chunk, .. }) = self.given.front() else {
                bail!("a result for no task")
            };
            if let Some((_, result, missing)) = &mut self.large {
                let piece = bytes.len().min(*missing);
                result.extend_from_slice(&bytes[..piece]);
                *missing -= piece;
                self.results.take(piece);
            } else if kind == Kind::Small as u8 {
                let Some((tasks, used)) = chunk.job.take_small(chunk.first, chunk.count, bytes)
                else {
                    // Where the next one begins is not known: the worker has to go.
                    self.broken = true;
                    let _ = kill(self.child.pid(), Signal::SIGKILL);
                    break;
                };
                self.results.take(used);
                self.done(tasks);
                taken += tasks;
            } else {
                let (kind, length) = self.results.take_prefix()?;
                self.large = Some((kind, Vec::with_capacity(length), length));
            }
            taken += self.take_large();
        }
        self.measure(taken);
        Ok(self.chunks_done.wrapping_sub(chunks_before))
    }

    /// Takes a large result if it has come as a whole.
    fn take_large(&mut self) -> usize {
        let Some((kind, bytes, _)) = self.large.take_if(|(_, _, missing)| *missing == 0) else {
            return 0;
        };
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        let result = match kind {
            Kind::Panicked => Err(TaskError::Panicked(text())),
            Kind::Unreadable => Err(TaskError::Unreadable(text())),
            Kind::Large | Kind::Small => Ok(&bytes[..]),
        };
        let chunk = &self.given[0].chunk;
        chunk.job.take(chunk.first, result);
        self.done(1);
        1
    }

    /// Notes that the first tasks are done.
    fn done(&mut self, tasks: usize) {
        self.tasks -= tasks;
        if let Some(Given { chunk, .. }) = self.given.front_mut() {
            chunk.first += tasks;
            chunk.count -= tasks;
            if chunk.count == 0 {
                self.given.pop_front();
                self.chunks_done = self.chunks_done.wrapping_add(1);
            }
        }
    }

    /// Measures how quick it is.
    fn measure(&mut self, taken: usize) {
        let now = Instant::now();
        let time = now - self.looked;
        if taken > 0 {
            self.rate = taken as f64 / time.as_secs_f64();
            self.looked = now;
        } else if time > A_WHILE {
            // What comes next may take longer.
            self.rate = 0.0;
        }
    }
}
