//! Pipes that a program reads as files, and that are filled piece by piece.

use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;

/// What comes through one of the pipes next. It comes when everything before it, through whichever
/// pipe, has been read.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes. A program that reads gets no more than them.
    Bytes(usize, Vec<u8>),
    /// The end.
    End(usize),
    /// Nothing for this time: what waits for more has to wait.
    Pause(Duration),
}

/// How often the feeder looks whether a program has read everything.
const PAUSE: Duration = Duration::from_micros(200);

/// Pipes that are being filled.
pub struct Feed {
    readers: Vec<PipeReader>,
    is_over: Arc<AtomicBool>,
    feeder: JoinHandle<bool>,
}

impl Feed {
    /// Makes `count` pipes, and begins to fill them. Those without an [`End`](Step::End) end after
    /// the last step.
    ///
    /// # Errors
    /// If a pipe cannot be made.
    pub fn start(count: usize, steps: &[Step]) -> Result<Feed> {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (reader, writer) = pipe().context("pipe")?;
            fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl")?;
            writers.push((reader.as_raw_fd(), Some(writer)));
            readers.push(reader);
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let (ended, steps) = (Arc::clone(&is_over), steps.to_vec());
        let feeder = thread::spawn(move || fill(writers, steps, &ended));
        Ok(Feed { readers, is_over, feeder })
    }

    /// The paths of the pipes, for whoever opens them while this is there.
    pub fn paths(&self) -> Vec<String> {
        let own = std::process::id();
        let path = |reader: &PipeReader| format!("/proc/{own}/fd/{}", reader.as_raw_fd());
        self.readers.iter().map(path).collect()
    }

    /// Ends it, when the program has ended. Returns whether nothing more would have come: it has
    /// come to its end, or the program has left something unread.
    pub fn end(self) -> bool {
        self.is_over.store(true, Ordering::Relaxed);
        // If it has panicked, nothing more comes.
        self.feeder.join().unwrap_or(true)
    }
}

/// Carries out the steps until they are done, or it `is_over`. Returns whether they are done, or
/// something was left unread.
fn fill(
    mut pipes: Vec<(RawFd, Option<PipeWriter>)>,
    steps: Vec<Step>,
    is_over: &AtomicBool,
) -> bool {
    for step in steps {
        match step {
            Step::End(pipe) => pipes[pipe].1 = None,
            Step::Pause(time) => {
                let until = Instant::now() + time;
                while Instant::now() < until {
                    if is_over.load(Ordering::Relaxed) {
                        return true;
                    }
                    thread::sleep(PAUSE);
                }
            }
            Step::Bytes(pipe, bytes) => {
                let (reader, Some(writer)) = &mut pipes[pipe] else { continue };
                let mut rest = &bytes[..];
                // A pipe may take a part, and then it is full.
                while !rest.is_empty() || unread(*reader) > 0 {
                    if let Ok(count) = writer.write(rest) {
                        rest = &rest[count..];
                    }
                    if is_over.load(Ordering::Relaxed) {
                        return unread(*reader) > 0;
                    }
                    thread::sleep(PAUSE);
                }
            }
        }
    }
    true
}

/// How many bytes are in a pipe. It is open as long as the feeder runs.
fn unread(reader: RawFd) -> i32 {
    let mut count = 0;
    // SAFETY: the kernel writes an int to where the pointer leads, no more.
    let done = unsafe { libc::ioctl(reader, libc::FIONREAD, &raw mut count) };
    Errno::result(done).map_or(0, |_| count)
}
