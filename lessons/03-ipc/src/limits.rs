//! What ipc-channel does not tell you: messages have no type on the way, `send` can wait,
//! and a message can take only so many channels along.

use std::panic;

use anyhow::{Context, Result};
use common::child::fork_child;
use common::hang;
use ipc_channel::ipc::{IpcReceiver, IpcSender, channel};
use nix::sys::signal::{Signal, kill};

pub fn run() -> Result<()> {
    send_one_type_and_receive_another()?;
    send_until_it_waits()?;
    send_to_each_other()?;
    send_channels()
}

/// The compiler sees to it that both ends have one type, if both are made by one call.
/// What is known by name, or comes from elsewhere, has the type that one says.
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
    let pid = child.pid();
    kill(pid, Signal::SIGKILL).with_context(|| format!("kill({pid})"))?;
    child.wait()?;
    let messages = std::iter::from_fn(|| receiver.recv().ok()).count();
    println!("  what it has sent is still there: ≈ {messages} messages");
    Ok(())
}

/// Two processes that each receive only when they have sent.
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
    // The panic is told below.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let results =
        [64, 65].map(|count| panic::catch_unwind(|| sender.send(vec![one.clone(); count])));
    panic::set_hook(hook);
    for (count, result) in [64, 65].into_iter().zip(results) {
        match result {
            Ok(sent) => println!("  {count}: {sent:?}"),
            Err(panic) => println!("  {count}: panic: {:?}", panic.downcast_ref::<&str>()),
        }
    }
    Ok(())
}
