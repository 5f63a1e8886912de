//! Four surprises of ipc-channel: messages have no type on the way, `send` can block, two
//! large sends can block each other, and a message takes 64 channels at most.

use std::panic::catch_unwind;

use anyhow::{Context, Result};
use common::child::fork_child;
use common::{hang, panics};
use ipc_channel::ipc::{IpcReceiver, IpcSender, channel};

pub fn run() -> Result<()> {
    send_one_type_and_receive_another()?;
    send_until_it_waits()?;
    send_to_each_other()?;
    send_channels()
}

/// The compiler makes sure that both ends from one call have one type. An end that is
/// reached by name, or comes from elsewhere, has whatever type the program states.
fn send_one_type_and_receive_another() -> Result<()> {
    println!("A number is sent, a text received:");
    for number in [0, 700] {
        let (sender, receiver) = channel::<u32>().context("channel")?;
        sender.send(number).context("send")?;
        let receiver: IpcReceiver<String> = receiver.to_opaque().to();
        println!("  {number}: {:?}", receiver.recv());
    }
    Ok(())
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

/// Two processes that each send before they receive.
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

fn send_channels() -> Result<()> {
    println!("A message takes channels along:");
    let (sender, _receiver) = channel::<Vec<IpcSender<u32>>>().context("channel")?;
    let (one, _other) = channel().context("channel")?;
    panics::silence();
    for count in [64, 65] {
        match catch_unwind(|| sender.send(vec![one.clone(); count])) {
            Ok(sent) => println!("  {count}: {sent:?}"),
            Err(panic) => println!("  {count}: panic: {:?}", panic.downcast_ref::<&str>()),
        }
    }
    Ok(())
}
