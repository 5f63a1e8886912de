//! The way of the results, from a worker to the parent: through memory that both
//! share. What is in it survives the worker: a result that was written is not lost,
//! whenever the worker dies.
//!
//! A result is a byte that says its kind and, but for a small value, a length of 8
//! bytes; then its bytes. A small one is there as a whole or not at all.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{Ordering, fence};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;
use serde::Serialize;

use super::shared::Shared;

/// What a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A value without its length, which its type knows.
    Small = 0,
    /// A value.
    Large = 1,
    /// Where and why the task panicked.
    Panicked = 2,
    /// Why the argument could not be read.
    Unreadable = 3,
}

impl Kind {
    pub fn from_byte(byte: u8) -> Option<Kind> {
        [Kind::Small, Kind::Large, Kind::Panicked, Kind::Unreadable]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// What stands before the bytes of all but a small value.
pub const PREFIX: usize = 9;

/// A value that finds no room as a whole is written in pieces of so many bytes: the
/// parent reads one while the next is written.
const PIECE: usize = 1 << 18;

/// The two halves of [`Header::chunks`](super::shared::Header::chunks).
struct Chunks {
    allowed: u32,
    begun: u32,
}

impl From<u64> for Chunks {
    fn from(word: u64) -> Self {
        Self { allowed: (word >> 32) as u32, begun: word as u32 }
    }
}

impl Chunks {
    fn word(&self) -> u64 {
        u64::from(self.allowed) << 32 | u64::from(self.begun)
    }
}

/// The worker's side.
#[derive(Debug)]
pub struct Writer {
    shared: Shared,
    /// A byte that is written here wakes the parent.
    bell: UnixStream,
}

impl Writer {
    pub fn new(shared: Shared, bell: UnixStream) -> Self {
        Self { shared, bell }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    pub fn put_value<R: Serialize>(&mut self, value: &R) -> Result<()> {
        if let [kind, room @ ..] = self.shared.room() {
            *kind = Kind::Small as u8;
            match postcard::to_slice(value, room) {
                Ok(bytes) => {
                    let length = bytes.len();
                    self.publish(1 + length);
                    return Ok(());
                }
                Err(postcard::Error::SerializeBufferFull) => {}
                Err(why) => return self.put(Kind::Unreadable, why.to_string().as_bytes()),
            }
        }
        match postcard::to_stdvec(value) {
            Ok(bytes) => self.put(Kind::Large, &bytes),
            Err(why) => self.put(Kind::Unreadable, why.to_string().as_bytes()),
        }
    }

    /// Writes a result with its length, as room comes.
    ///
    /// # Errors
    /// If the parent cannot be woken.
    pub fn put(&mut self, kind: Kind, mut bytes: &[u8]) -> Result<()> {
        let mut prefix = [kind as u8; PREFIX];
        prefix[1..].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.wait_for_room(PREFIX)?;
        self.shared.room()[..PREFIX].copy_from_slice(&prefix);
        self.publish(PREFIX);
        while !bytes.is_empty() {
            self.wait_for_room(1)?;
            let room = self.shared.room();
            let length = bytes.len().min(room.len()).min(PIECE);
            room[..length].copy_from_slice(&bytes[..length]);
            self.publish(length);
            self.tell()?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    /// Begins the chunk that was read; false if the parent has taken it back.
    pub fn begin(&mut self) -> bool {
        let header = self.shared.header();
        let begun = header.chunks.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let Chunks { allowed, begun } = Chunks::from(word);
            (allowed != begun).then(|| Chunks { allowed, begun: begun.wrapping_add(1) }.word())
        });
        header.read.0.fetch_add(1, Ordering::Release);
        begun.is_ok()
    }

    /// Wakes the parent if it sleeps.
    ///
    /// # Errors
    /// If it cannot be woken.
    pub fn tell(&mut self) -> Result<()> {
        let sleeps = &self.shared.header().reader_sleeps.0;
        // What was published comes before the question whether the parent sleeps; the
        // parent says that it sleeps before it looks once more. One of us sees the other.
        fence(Ordering::SeqCst);
        if sleeps.load(Ordering::Relaxed) == 1 && sleeps.swap(0, Ordering::Relaxed) == 1 {
            self.bell.write_all(&[1]).context("wake the parent")?;
        }
        Ok(())
    }

    fn publish(&mut self, length: usize) {
        let tail = &self.shared.header().tail.0;
        tail.store(tail.load(Ordering::Relaxed) + length as u64, Ordering::Release);
    }

    /// Waits until there is room for so many bytes.
    fn wait_for_room(&mut self, bytes: usize) -> Result<()> {
        while self.shared.room().len() < bytes {
            self.tell()?;
            self.shared.header().writer_sleeps.0.store(1, Ordering::SeqCst);
            if self.shared.room().len() < bytes {
                let word = self.shared.header().writer_sleeps.0.as_ptr();
                // SAFETY: the word is in memory that stays mapped; the kernel compares
                // it with 1, and sleeps if it is.
                unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 1, 0) };
            }
        }
        Ok(())
    }
}

/// The parent's side.
#[derive(Debug)]
pub struct Reader(Shared);

impl Reader {
    pub fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// What was written and not yet taken.
    pub fn written(&self) -> &[u8] {
        self.0.written()
    }

    /// Gives back the room of the first bytes, and wakes a worker that waits for it.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn take(&mut self, bytes: usize) -> Result<()> {
        let header = self.0.header();
        header.head.0.fetch_add(bytes as u64, Ordering::SeqCst);
        let sleeps = &header.writer_sleeps.0;
        if sleeps.load(Ordering::SeqCst) == 1 && sleeps.swap(0, Ordering::SeqCst) == 1 {
            // SAFETY: the word is in memory that stays mapped.
            let woken =
                unsafe { libc::syscall(libc::SYS_futex, sleeps.as_ptr(), libc::FUTEX_WAKE, 1) };
            Errno::result(woken).context("futex wake")?;
        }
        Ok(())
    }

    /// How many chunks the worker has begun. (It starts again at 0 after 2³².)
    pub fn begun(&self) -> u32 {
        Chunks::from(self.0.header().chunks.0.load(Ordering::Acquire)).begun
    }

    /// How many chunks the worker has read, begun or not.
    pub fn read(&self) -> u64 {
        self.0.header().read.0.load(Ordering::Acquire)
    }

    /// Lets the worker begin one chunk more.
    pub fn allow(&self) {
        self.0.header().chunks.0.fetch_add(1 << 32, Ordering::AcqRel);
    }

    /// Takes back the chunks that the worker has not begun, and says how many.
    pub fn take_back(&self) -> u32 {
        let chunks = &self.0.header().chunks.0;
        let before = chunks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let Chunks { begun, .. } = Chunks::from(word);
            Some(Chunks { allowed: begun, begun }.word())
        });
        let Chunks { allowed, begun } = before.map(Chunks::from).expect("it is always changed");
        allowed.wrapping_sub(begun)
    }

    /// Says whether the parent sleeps, and wants the bell to be rung.
    pub fn sleep(&self, sleeps: bool) {
        self.0.header().reader_sleeps.0.store(sleeps.into(), Ordering::SeqCst);
    }
}
