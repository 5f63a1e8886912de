//! Several processes write lines into one pipe. A line of up to 4096 bytes (PIPE_BUF) that is
//! written in one call arrives in one piece; a longer one may be torn.

use std::io::{PipeWriter, Read, Write, pipe};

use anyhow::{Context, Result, ensure};
use common::child::{Child, fork_child};
use nix::libc::PIPE_BUF;

const WRITERS: usize = 4;
/// How many lines each of them writes.
const LINES: usize = 250;

pub fn run() -> Result<()> {
    let torn = count_torn_lines(PIPE_BUF)?;
    ensure!(torn == 0, "{torn} lines of {PIPE_BUF} bytes were torn");
    let torn = count_torn_lines(PIPE_BUF + 1)?;
    ensure!(torn > 0, "no line was torn");
    Ok(())
}

/// The writers write lines of `length` bytes each; returns how many lines were torn.
fn count_torn_lines(length: usize) -> Result<usize> {
    println!("{WRITERS} children write {LINES} lines of {length} bytes each into one pipe:");
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
    let torn = WRITERS * LINES - whole;
    match torn {
        0 => println!("  {} bytes came, and no line is torn", text.len()),
        _ => println!("  {} bytes came, and ≈ {torn} lines are torn", text.len()),
    }
    Ok(torn)
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
