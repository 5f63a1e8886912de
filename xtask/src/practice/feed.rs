//! Pipes that a program reads as files, and that are filled piece by piece.

use std::fs::File;
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
use nix::sys::memfd::{MFdFlags, memfd_create};

/// What comes through one of the pipes next. It comes when everything before it, through whichever
/// pipe, has been read.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes. A program that reads gets no more than them.
    Bytes(usize, Vec<u8>),
    /// These bytes for each of the pipes, as fast as they are read.
    Together(Vec<Vec<u8>>),
    /// Nothing for this time: what waits for more has to wait.
    Pause(Duration),
    /// Nothing, for ever: the pipes stay open.
    Hold,
}

/// How often the feeder looks whether a program has read everything.
const PAUSE: Duration = Duration::from_micros(200);

/// Pipes that are being filled.
pub struct Feed {
    readers: Vec<PipeReader>,
    is_over: Arc<AtomicBool>,
    feeder: JoinHandle<Option<Instant>>,
}

impl Feed {
    /// Makes `count` pipes, and begins to fill them. They end after the last step.
    ///
    /// # Errors
    /// If a pipe cannot be made.
    pub fn start(count: usize, steps: &[Step]) -> Result<Feed> {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (reader, writer) = pipe().context("pipe")?;
            fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl")?;
            writers.push((reader.as_raw_fd(), writer));
            readers.push(reader);
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let (ended, steps, now) = (Arc::clone(&is_over), steps.to_vec(), Instant::now());
        let feeder = thread::spawn(move || fill(writers, steps, now, &ended));
        Ok(Feed { readers, is_over, feeder })
    }

    /// The paths of the pipes, as any process can open them while this is there.
    pub fn paths(&self) -> Vec<String> {
        let own = std::process::id();
        let path = |reader: &PipeReader| format!("/proc/{own}/fd/{}", reader.as_raw_fd());
        self.readers.iter().map(path).collect()
    }

    /// Ends it, when the program has ended. Returns whether at this moment nothing more would have
    /// come, and the program had had time to see that: the feed had come to its end, or something
    /// was left unread.
    pub fn end(self, at: Instant) -> bool {
        self.is_over.store(true, Ordering::Relaxed);
        // If it has panicked, nothing more comes.
        let Ok(since) = self.feeder.join() else { return true };
        since.is_some_and(|since| at.saturating_duration_since(since) >= TIME_TO_READ)
    }
}

/// A file that has these bytes, and no name, and its path while it is there.
///
/// # Errors
/// If it cannot be made.
pub fn file_in_memory(bytes: &[u8]) -> Result<(File, String)> {
    let file = memfd_create(c"file", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
    let mut file = File::from(file);
    file.write_all(bytes).context("write")?;
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    Ok((file, path))
}

/// What was not read in this time is left unread. (On a busy machine it may be read later: then the
/// record shows a task that can go on.)
const TIME_TO_READ: Duration = Duration::from_millis(150);

/// Carries out the steps until they are done, or it `is_over`. Returns since when nothing more would
/// have come, because they were done or something was left unread; `None` if more was to come.
fn fill(
    mut pipes: Vec<(RawFd, PipeWriter)>,
    steps: Vec<Step>,
    start: Instant,
    is_over: &AtomicBool,
) -> Option<Instant> {
    let mut since = start;
    for step in steps {
        let mut rest = match step {
            Step::Pause(time) => {
                let until = Instant::now() + time;
                while Instant::now() < until {
                    if is_over.load(Ordering::Relaxed) {
                        // More was to come.
                        return None;
                    }
                    thread::sleep(PAUSE);
                }
                since = Instant::now();
                continue;
            }
            Step::Hold => {
                while !is_over.load(Ordering::Relaxed) {
                    thread::sleep(PAUSE);
                }
                break;
            }
            Step::Bytes(pipe, bytes) => vec![(pipe, bytes)],
            Step::Together(all) => all.into_iter().enumerate().collect(),
        };
        // Since when nothing has changed but by the program, which may be about to read.
        since = Instant::now();
        loop {
            let mut is_read = true;
            for (pipe, bytes) in &mut rest {
                let (reader, writer) = &mut pipes[*pipe];
                // A pipe may take a part, and then it is full.
                let now = Instant::now();
                if let Ok(count @ 1..) = writer.write(bytes) {
                    bytes.drain(..count);
                    since = now;
                }
                is_read &= bytes.is_empty() && unread(*reader) == 0;
            }
            if is_read {
                break;
            }
            if is_over.load(Ordering::Relaxed) {
                // What is unread keeps the next step back.
                let is_left = |pipe: usize| unread(pipes[pipe].0) > 0;
                let keeps_back = rest.iter().any(|(pipe, _)| is_left(*pipe))
                    && rest.iter().all(|(pipe, bytes)| bytes.is_empty() || is_left(*pipe));
                return keeps_back.then_some(since);
            }
            thread::sleep(PAUSE);
        }
        // What follows may be the end, and a program needs some time to see it, too.
        since = Instant::now();
    }
    Some(since)
}

/// How many bytes are in a pipe. It is open as long as the feeder runs.
fn unread(reader: RawFd) -> i32 {
    let mut count = 0;
    // SAFETY: the kernel writes an int to where the pointer leads, no more.
    let done = unsafe { libc::ioctl(reader, libc::FIONREAD, &raw mut count) };
    Errno::result(done).map_or(0, |_| count)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use testing::seen;

    use super::*;

    fn read(file: &mut File) -> String {
        let mut bytes = [0; 100];
        let count = file.read(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    #[test]
    fn a_reader_gets_what_it_is_fed_piece_by_piece() {
        let piece = |pipe, text: &str| Step::Bytes(pipe, text.into());
        let steps = [piece(0, "a"), piece(1, "bc"), piece(0, "d"), piece(0, "e")];
        let feed = Feed::start(2, &steps).unwrap();
        let mut files = feed.paths().into_iter().map(|path| File::open(path).unwrap());
        let [mut first, mut second] = [(); 2].map(|()| files.next().unwrap());
        assert_eq!(read(&mut first), "a");
        assert_eq!(read(&mut second), "bc");
        assert_eq!([read(&mut first), read(&mut first)], ["d", "e"]);
        assert_eq!([read(&mut first), read(&mut second)], ["", ""], "the end");
        thread::sleep(TIME_TO_READ);
        assert!(feed.end(Instant::now()));
    }

    #[test]
    fn nothing_comes_if_something_is_left_unread_or_the_pipes_are_held() {
        let feed = Feed::start(1, &[Step::Bytes(0, vec![1; 200_000])]).unwrap();
        let mut file = File::open(&feed.paths()[0]).unwrap();
        file.read_exact(&mut [0; 150_000]).unwrap();
        seen::until("the rest is there", || unread(file.as_raw_fd()) == 50_000);
        // It is left unread only if nobody reads it in this time.
        thread::sleep(TIME_TO_READ);
        assert!(feed.end(Instant::now()));

        let feed = Feed::start(2, &[Step::Together(vec![vec![1; 100_000], vec![2]])]).unwrap();
        let mut files = feed.paths().into_iter().map(|path| File::open(path).unwrap());
        let [mut first, mut second] = [(); 2].map(|()| files.next().unwrap());
        second.read_exact(&mut [0]).unwrap();
        first.read_exact(&mut [0; 100_000]).unwrap();
        assert_eq!([read(&mut first), read(&mut second)], ["", ""], "the end");
        thread::sleep(TIME_TO_READ);
        assert!(feed.end(Instant::now()));

        let feed = Feed::start(1, &[Step::Hold]).unwrap();
        thread::sleep(TIME_TO_READ);
        assert!(feed.end(Instant::now()));
    }

    #[test]
    fn an_end_that_has_only_just_come_is_not_one_that_the_program_has_seen() {
        let pause = TIME_TO_READ;
        let fed = || {
            let steps = [Step::Bytes(0, vec![1]), Step::Pause(pause)];
            let feed = Feed::start(1, &steps).unwrap();
            let mut file = File::open(&feed.paths()[0]).unwrap();
            file.read_exact(&mut [0]).unwrap();
            assert_eq!(read(&mut file), "");
            feed
        };
        let start = Instant::now();
        // The end comes after the pause, if not later.
        assert!(!fed().end(start + pause + TIME_TO_READ - Duration::from_millis(1)));
        let feed = fed();
        assert!(feed.end(Instant::now() + TIME_TO_READ));
    }
}
