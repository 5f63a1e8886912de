//! How many channels one message of ipc-channel can take along. With one more, `send` panics.

use std::panic::catch_unwind;

use anyhow::{Context, Result};
use common::child::fork_child;
use common::panics;
use ipc_channel::ipc::{IpcSender, channel};

/// Channels, and something beside them.
type Message = (Vec<IpcSender<u32>>, String);

pub fn run() -> Result<()> {
    // This demo prints the panics itself.
    panics::silence();
    println!("A short message takes channels along:");
    for channels in [64, 65] {
        println!("  {channels}: {}", send(channels, "!")?);
    }
    println!("A message of 1 MiB takes channels along:");
    for channels in [63, 64] {
        println!("  {channels}: {}", send(channels, &"!".repeat(1 << 20))?);
    }
    Ok(())
}

/// Sends channels and a text in one message, and returns how that went.
fn send(channels: usize, text: &str) -> Result<String> {
    let (sender, receiver) = channel::<Message>().context("channel")?;
    // A large message travels in parts, so a child has to receive it meanwhile. If nothing
    // comes, it is killed when this function returns.
    let _child = fork_child(move || Ok(receiver.recv().map(drop)?))?;
    let (one, _other) = channel().context("channel")?;
    let message = (vec![one; channels], text.to_owned());
    Ok(match catch_unwind(move || sender.send(message)) {
        Ok(sent) => format!("{sent:?}"),
        Err(panic) => format!("panic: {}", panics::message(&*panic)),
    })
}
