//! A queue between two processes: one puts values on it, the other gets them.
//! Compare with `notes.py`, the same in Python, where the reader has to be
//! killed. Here it ends by itself when the queue is closed.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{child, paced};
use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use nix::unistd::getpid;

pub fn run() -> Result<()> {
    let (tx, rx) = ipc::channel().context("ipc::channel")?;

    let Some(writer) = child::fork().context("the writer")? else {
        // This is the child. It keeps no receiver: if the reader dies, `send` fails.
        drop(rx);
        child::exit(write(tx))
    };
    // The queue is closed when the last sender is gone, so the parent keeps none.
    drop(tx);
    // The receiver moves into this child.
    let reader = child::fork_child(move || read(&rx)).context("the reader")?;

    // Both have ended before either result counts: each can see the other's end.
    let read = reader.join();
    let written = writer.join();
    read.and(written)
}

/// Puts three values on the queue, and closes it by giving up the sender.
fn write(queue: IpcSender<char>) -> Result<()> {
    println!("Process to write: pid {}", getpid());
    for value in ['A', 'B', 'C'] {
        // Printed first, so that no reader can be quicker than this line.
        println!("pid {}: put {value} on the queue", getpid());
        queue.send(value).with_context(|| format!("send {value}"))?;
        sleep(paced(Duration::from_millis(800)));
    }
    Ok(())
}

/// Gets values from the queue until it is closed.
fn read(queue: &IpcReceiver<char>) -> Result<()> {
    println!("Process to read: pid {}", getpid());
    loop {
        match queue.recv() {
            Ok(value) => println!("pid {}: got {value} from the queue", getpid()),
            Err(IpcError::Disconnected) => break,
            Err(error) => return Err(error).context("recv"),
        }
    }
    println!("pid {}: the queue is closed, nothing more can come", getpid());
    Ok(())
}
