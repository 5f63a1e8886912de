//! `send` of ipc-channel can block: the kernel keeps what was sent and not yet received, and
//! it has room for only so much. Two processes that both send first can block each other.

use anyhow::{Context, Result};
use common::child::fork_child;
use common::hang;
use ipc_channel::ipc::channel;

pub fn run() -> Result<()> {
    send_until_it_waits()?;
    send_to_each_other()
}

fn send_until_it_waits() -> Result<()> {
    println!("A child sends numbers, and nobody receives them:");
    let (sender, receiver) = channel::<u32>().context("channel")?;
    let child = fork_child(move || {
        for number in 0.. {
            sender.send(number)?;
        }
        Ok(())
    })?;
    hang::show(&child)?;
    println!("  I kill it");
    child.kill()?;
    let messages = std::iter::from_fn(|| receiver.recv().ok()).count();
    println!("  what it has sent is still there: ≈ {messages} messages");
    Ok(())
}

/// Wrong: two processes that each send before they receive.
fn send_to_each_other() -> Result<()> {
    println!("Two children send each other 1 MiB, then would receive:");
    let (to_first, first) = channel::<String>().context("channel")?;
    let (to_second, second) = channel::<String>().context("channel")?;
    let [one, other] = [(to_second, first), (to_first, second)].map(|(sender, receiver)| {
        fork_child(move || {
            sender.send("!".repeat(1 << 20))?;
            receiver.recv()?;
            Ok(())
        })
    });
    let (one, other) = (one?, other?);
    hang::show(&one)?;
    hang::show(&other)?;
    println!("  I kill both");
    Ok(())
}
