//! One thread for all tasks. It sleeps in `epoll_wait` until a byte comes to any of the sockets.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::next;

pub fn serve(mut sockets: Vec<UnixStream>) -> Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll_create1")?;
    for (task, socket) in (0..).zip(&sockets) {
        // It returns the number with the event, so that this thread knows which task is meant.
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, task)).context("epoll_ctl")?;
    }
    let mut open = sockets.len();
    let mut events = [EpollEvent::empty(); 64];
    while open > 0 {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            ready => ready.context("epoll_wait")?,
        };
        for event in &events[..ready] {
            let socket = &mut sockets[event.data() as usize];
            if !answer_once(socket)? {
                epoll.delete(socket).context("epoll_ctl")?;
                open -= 1;
            }
        }
    }
    Ok(())
}

/// A piece of the task, from one wait to the next. Returns false at the end: no byte will come.
fn answer_once(socket: &mut UnixStream) -> Result<bool> {
    let mut byte = [0];
    if socket.read(&mut byte).context("read")? == 0 {
        return Ok(false);
    }
    socket.write_all(&[next(byte[0])]).context("write")?;
    Ok(true)
}
