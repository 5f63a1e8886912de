//! What travels through an ipc-channel are bytes without a type. A receiver of another type
//! than the sender's gets an error, or, worse, a value.

use anyhow::{Context, Result};
use ipc_channel::ipc::{IpcReceiver, channel};

/// The compiler makes sure that both ends from one call have one type. An end that is
/// reached by name, or comes from elsewhere, has whatever type the program states.
pub fn run() -> Result<()> {
    println!("A number is sent, a text received:");
    for number in [0, 700] {
        let (sender, receiver) = channel::<u32>().context("channel")?;
        sender.send(number).context("send")?;
        let receiver: IpcReceiver<String> = receiver.to_opaque().to();
        println!("  {number}: {:?}", receiver.recv());
    }
    Ok(())
}
