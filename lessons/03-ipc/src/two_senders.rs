//! A message that is too large for the kernel's buffer travels in parts. One sender is killed
//! in the middle of such a message, while another sender of the same channel lives.

use anyhow::{Context, Result, ensure};
use common::child::fork_ready_child;
use common::proc;
use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender, channel};

use crate::killed_writer::kill_and_wait;

pub fn run() -> Result<()> {
    println!("A channel with two senders, and one is killed in the middle of a large message:");
    let (sender, receiver) = channel().context("channel")?;
    kill_one_of_two(&sender)?;
    print_received(&receiver);
    sender.send("plum".to_owned()).context("send")?;
    println!("  the other sender is there, and sends 4 bytes");
    print_received(&receiver);

    println!("The same when the receiver is in an IpcReceiverSet:");
    let (sender, receiver) = channel().context("channel")?;
    kill_one_of_two(&sender)?;
    let mut set = IpcReceiverSet::new().context("IpcReceiverSet::new")?;
    set.add(receiver).context("add to the set")?;
    let events = set.select().context("select")?;
    ensure!(matches!(events[..], [IpcSelectionResult::ChannelClosed(_)]), "{events:?}");
    println!("  select: ChannelClosed");
    let result = sender.send("plum".to_owned());
    println!("  the other sender is there, and gets: {}", describe(result));
    Ok(())
}

/// Kills a child in the middle of a large message. It had a copy of the sender.
fn kill_one_of_two(sender: &IpcSender<String>) -> Result<()> {
    let sender = sender.clone();
    let child = fork_ready_child(move |ready| {
        drop(ready);
        sender.send("!".repeat(1 << 20)).context("send")
    })?;
    proc::poll_until_asleep(child.pid())?;
    kill_and_wait(child)
}

fn print_received(receiver: &IpcReceiver<String>) {
    println!("  recv: {}", describe(receiver.recv().map(|message| message.len())));
}

fn describe<T: std::fmt::Debug>(result: Result<T, IpcError>) -> String {
    match result {
        Ok(value) => format!("{value:?} bytes"),
        Err(IpcError::Io(error)) => format!("{:?}", error.kind()),
        Err(error) => format!("{error:?}"),
    }
}
