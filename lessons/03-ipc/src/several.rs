//! One process waits for several channels at once: an `IpcReceiverSet` returns whatever comes
//! first, and which channel it came from. Compare with `ipc`.

use std::collections::HashMap;

use anyhow::{Context, Result};
use common::child;
use ipc_channel::ipc::{IpcReceiverSet, IpcSelectionResult, IpcSender, channel};

pub fn run() -> Result<()> {
    println!("I wait for three writers at once, each with a channel of its own:");
    let mut channels = Vec::new();
    for number in 1..=3 {
        let (sender, receiver) = channel().context("channel")?;
        channels.push((receiver, child::fork_child(move || report(number, sender))?));
    }
    let mut open = IpcReceiverSet::new().context("IpcReceiverSet::new")?;
    let mut writers = HashMap::new();
    for (receiver, child) in channels {
        writers.insert(open.add(receiver).context("add to the set")?, child);
    }
    while !writers.is_empty() {
        for event in open.select().context("select")? {
            match event {
                IpcSelectionResult::MessageReceived(id, message) => {
                    let text: String = message.to().context("a message")?;
                    println!("  pid {}: {text}", writers[&id].pid());
                }
                IpcSelectionResult::ChannelClosed(id) => {
                    let writer = writers.remove(&id).context("closed twice")?;
                    println!("  pid {}: the channel is closed", writer.pid());
                    writer.join()?;
                }
            }
        }
    }
    Ok(())
}

fn report(number: u32, sender: IpcSender<String>) -> Result<()> {
    for text in ["hello", "goodbye"] {
        sender.send(format!("writer {number} says {text}")).context("send")?;
    }
    Ok(())
}
