//! Several processes write lines into one pipe. A line of up to 4096 bytes (PIPE_BUF) that is
//! written in one call arrives in one piece; a longer one may be torn.

use std::io::{PipeWriter, Read, Write, pipe};

use anyhow::{Context, Result, ensure};
use common::child::{Child, fork_child};
use nix::libc::PIPE_BUF;

const WRITERS: usize = 4;
/// How many lines each of them writes.
const LINES: usize = 250;

/// On a busy machine each writer may happen to write alone.
const TRIES: usize = 10;

pub fn run() -> Result<()> {
    announce(PIPE_BUF);
    let torn = tell(count_torn_lines(PIPE_BUF)?);
    ensure!(torn == 0, "{torn} lines of {PIPE_BUF} bytes were torn");

    announce(PIPE_BUF + 1);
    let mut came = count_torn_lines(PIPE_BUF + 1)?;
    for _ in 1..TRIES {
        if came.torn == 0 {
            came = count_torn_lines(PIPE_BUF + 1)?;
        }
    }
    ensure!(tell(came) > 0, "no line was torn, in {TRIES} tries");
    Ok(())
}

fn announce(length: usize) {
    println!("{WRITERS} children write {LINES} lines of {length} bytes each into one pipe:");
}

/// Prints what has come, and returns how many lines were torn.
fn tell(came: Came) -> usize {
    match came {
        Came { bytes, torn: 0 } => println!("  {bytes} bytes came, and no line is torn"),
        Came { bytes, torn } => println!("  {bytes} bytes came, and ≈ {torn} lines are torn"),
    }
    came.torn
}

/// What came through the pipe.
#[derive(Clone, Copy)]
struct Came {
    bytes: usize,
    /// How many lines were torn.
    torn: usize,
}

/// The writers write lines of `length` bytes each.
fn count_torn_lines(length: usize) -> Result<Came> {
    let (mut read_end, write_end) = pipe().context("pipe")?;
    let letters = (b'A'..).take(WRITERS);
    let writers = letters.map(|letter| fork_child(|| write_lines(&write_end, letter, length)));
    let writers = writers.collect::<Result<Vec<_>>>()?;
    drop(write_end);
    let mut text = Vec::new();
    read_end.read_to_end(&mut text).context("read")?;
    writers.into_iter().try_for_each(Child::join)?;

    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let whole = lines.filter(|line| is_whole(line, length)).count();
    Ok(Came { bytes: text.len(), torn: WRITERS * LINES - whole })
}

/// Writes lines that consist of one letter, each with one call.
fn write_lines(mut write_end: &PipeWriter, letter: u8, length: usize) -> Result<()> {
    let mut line = vec![letter; length];
    line[length - 1] = b'\n';
    for _ in 0..LINES {
        let written = write_end.write(&line).context("write")?;
        ensure!(written == length, "only {written} bytes of a line were written");
    }
    Ok(())
}

/// Whether it has its full length, and all of its letters are the same.
fn is_whole(line: &[u8], length: usize) -> bool {
    line.len() == length && line[..length - 1].iter().all(|letter| *letter == line[0])
}
