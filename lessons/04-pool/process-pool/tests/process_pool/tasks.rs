//! What the workers run.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, raise};
use process_pool::{Function, ProcessPool, Tasks};
use serde_bytes::ByteBuf;
use tempfile::TempDir;

use crate::{misuse, programs, types};

pub static TASKS: Tasks = &[
    &ADD_ONE,
    &ECHO,
    &PANIC,
    &DIE,
    &DIE_ONCE,
    &DIE_EACH_TIME,
    &WAIT,
    &UNTIL_GONE,
    &NOTED,
    &BIG,
    &types::ONE_SIDED,
    &types::SKIPPED,
    &types::UNREAD,
    &types::ANY,
    &types::ANY_BACK,
    &types::FLAT,
    &types::NOTHING,
    &types::TEXT,
    &types::TEXT_BACK,
    &types::LISTS,
    &types::DEEP,
    &types::DEEP_BACK,
    &types::TOUCHY,
    &types::TOUCHY_BACK,
    &types::DROP_PAYLOAD,
    &types::SLOW,
    &programs::NEST,
    &programs::PID,
    &programs::SHELL,
    &programs::FORK,
    &programs::CLOSE_SOCKET,
    &programs::THREAD_PANIC,
    &programs::C_PANIC,
    &programs::CAUGHT_PANIC,
    &programs::RESUMED_PANIC,
    &programs::SCRIBBLE,
    &misuse::FORK_ON,
    &misuse::REPLACE_SOCKET,
    &misuse::EXEC,
    &misuse::CHANGE,
    &misuse::USE_UP,
    &misuse::LIE,
    &misuse::DIE_OR_ADD,
    &misuse::TRUNCATE,
];

pub static ADD_ONE: Function<u64, u64> = Function::new("add_one", |number| number + 1);

pub static ECHO: Function<ByteBuf, ByteBuf> = Function::new("echo", |bytes| bytes);

pub static PANIC: Function<u64, u64> = Function::new("panic", |number| {
    assert!(number % 3 != 0, "{number} is a multiple of 3");
    number
});

/// Ends its worker in the way that is asked for, or returns.
pub static DIE: Function<u8, u8> = Function::new("die", die);

/// As `DIE`, but may be run again.
pub static DIE_ONCE: Function<(u8, PathBuf), u8> = Function::new("die_once", |(way, marker)| {
    if OpenOptions::new().write(true).create_new(true).open(marker).is_ok() {
        die(way)
    } else {
        way
    }
})
.repeatable();

/// Notes in a file that it was run, and kills its worker.
pub static DIE_EACH_TIME: Function<PathBuf, ()> = Function::new("die_each_time", |file| {
    let mut file = OpenOptions::new().append(true).open(file).unwrap();
    file.write_all(b"x").unwrap();
    die(3);
})
.repeatable();

fn die(way: u8) -> u8 {
    match way {
        1 => std::process::exit(7),
        2 => std::process::abort(),
        3 => drop(raise(Signal::SIGKILL)),
        _ => {}
    }
    way
}

/// Keeps busy for so many microseconds.
pub static WAIT: Function<u64, u64> = Function::new("wait", |time| {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(time) {}
    time
});

/// Keeps busy as long as there is such a file.
pub static UNTIL_GONE: Function<PathBuf, ()> = Function::new("until_gone", |file| {
    while file.exists() {
        std::thread::yield_now();
    }
});

/// Appends its number to a file, keeps busy for a moment and returns it.
pub static NOTED: Function<(PathBuf, u32, u64), u32> =
    Function::new("noted", |(file, number, time)| {
        let mut file = OpenOptions::new().append(true).open(file).expect("the file is there");
        // In one piece, or those of other workers might come in between.
        file.write_all(&number.to_le_bytes()).expect("it can be written");
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(time) {}
        number
    });

/// So many bytes.
pub static BIG: Function<usize, ByteBuf> = Function::new("big", |length| vec![7; length].into());

/// A pool of two workers.
pub fn pool() -> ProcessPool {
    ProcessPool::with_workers(TASKS, 2).unwrap()
}

/// For a test that starts a program with a pool: where no pool can be made, the test ends here, and
/// says why not.
pub fn needs_a_pool() {
    drop(pool());
}

/// An empty file in a folder of its own, which is removed when this is dropped.
pub struct File {
    pub path: PathBuf,
    _folder: TempDir,
}

impl File {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        Self { path, _folder: folder }
    }

    /// The numbers that tasks have noted, sorted.
    pub fn numbers(&self) -> Vec<u32> {
        let bytes = std::fs::read(&self.path).unwrap();
        let (numbers, []) = bytes.as_chunks() else { panic!("a piece of a number") };
        let mut numbers: Vec<u32> =
            numbers.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
        numbers.sort_unstable();
        numbers
    }
}
