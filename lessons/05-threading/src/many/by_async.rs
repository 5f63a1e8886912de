//! One thread for all tasks, and each task is one function, as a thread's is. Where it has to
//! wait it returns to the executor, and is called again when its socket has something.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::task::{Context as Caller, Poll, Waker};

use anyhow::{Context, Result};
use async_executor::LocalExecutor;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::next;

pub fn serve(sockets: Vec<UnixStream>) -> Result<()> {
    let (reactor, failure) = (&Reactor::new(sockets.len())?, &Cell::new(None));
    let executor = LocalExecutor::new();
    for (task, socket) in sockets.into_iter().enumerate() {
        reactor.add(task, &socket)?;
        let run = async move {
            let end = answer(reactor, task, socket).await;
            end.unwrap_or_else(|why| failure.set(Some(why)));
        };
        executor.spawn(run).detach();
    }
    loop {
        // Calls each task that can go on, until all of them wait.
        while executor.try_tick() {}
        if executor.is_empty() {
            return failure.take().map_or(Ok(()), Err);
        }
        reactor.wake_ready_tasks()?;
    }
}

/// The task.
async fn answer(reactor: &Reactor, task: usize, mut socket: UnixStream) -> Result<()> {
    let mut byte = [0];
    while reactor.read(task, &mut socket, &mut byte).await? == 1 {
        socket.write_all(&[next(byte[0])]).context("write")?;
    }
    Ok(())
}

/// Knows which sockets have something to read, and whom to wake then.
struct Reactor {
    epoll: Epoll,
    wakers: RefCell<Vec<Option<Waker>>>,
}

impl Reactor {
    fn new(tasks: usize) -> Result<Reactor> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll_create1")?;
        Ok(Reactor { epoll, wakers: RefCell::new(vec![None; tasks]) })
    }

    /// From now on a read of this socket returns an error instead of waiting.
    fn add(&self, task: usize, socket: &UnixStream) -> Result<()> {
        socket.set_nonblocking(true).context("set_nonblocking")?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, task as u64);
        self.epoll.add(socket, event).context("epoll_ctl")
    }

    /// Reads, or leaves a waker and lets the task wait.
    async fn read(&self, task: usize, socket: &mut UnixStream, byte: &mut [u8]) -> Result<usize> {
        let try_to_read = |caller: &mut Caller<'_>| match socket.read(byte) {
            Err(why) if why.kind() == ErrorKind::WouldBlock => {
                self.wakers.borrow_mut()[task] = Some(caller.waker().clone());
                Poll::Pending
            }
            result => Poll::Ready(result),
        };
        poll_fn(try_to_read).await.context("read")
    }

    /// Sleeps until any of the sockets has something.
    fn wake_ready_tasks(&self) -> Result<()> {
        let mut events = [EpollEvent::empty(); 64];
        let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            ready => ready.context("epoll_wait")?,
        };
        for event in &events[..ready] {
            if let Some(waker) = self.wakers.borrow_mut()[event.data() as usize].take() {
                waker.wake();
            }
        }
        Ok(())
    }
}
