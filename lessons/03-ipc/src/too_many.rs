//! How many channels one message of ipc-channel can carry. With one more, `send` panics.

use std::panic::catch_unwind;

use anyhow::{Context, Result};
use common::panics;
use ipc_channel::ipc::{IpcSender, channel};

pub fn run() -> Result<()> {
    println!("A message that carries channels:");
    // This demo prints the panic itself.
    panics::silence();
    let (sender, _receiver) = channel::<Vec<IpcSender<u32>>>().context("channel")?;
    let (one, _other) = channel().context("channel")?;
    for count in [64, 65] {
        match catch_unwind(|| sender.send(vec![one.clone(); count])) {
            Ok(sent) => println!("  {count}: {sent:?}"),
            Err(panic) => println!("  {count}: panic: {}", panics::message(&*panic)),
        }
    }
    Ok(())
}
