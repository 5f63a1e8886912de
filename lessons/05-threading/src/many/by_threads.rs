//! A thread for each task.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use anyhow::{Context, Result};
use common::Unsupported;

use super::next;

pub fn serve(sockets: Vec<UnixStream>) -> Result<()> {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for socket in sockets {
            let thread = thread::Builder::new().spawn_scoped(scope, move || answer(socket));
            let no_room =
                |why| Unsupported(format!("no room after {} threads: {why}", threads.len()));
            threads.push(thread.map_err(no_room)?);
        }
        threads.into_iter().try_for_each(|it| it.join().ok().context("join: it panicked")?)
    })
}

/// The task: it sleeps in `read` until a byte comes.
fn answer(mut socket: UnixStream) -> Result<()> {
    let mut byte = [0];
    while socket.read(&mut byte).context("read")? == 1 {
        socket.write_all(&[next(byte[0])]).context("write")?;
    }
    Ok(())
}
