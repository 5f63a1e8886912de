//! How much room a channel has: for two messages, or for none. Compare with `channels`, where
//! there is always room.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::paced;
use crossbeam::channel::{Receiver, Sender, bounded};
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    println!("bounded(2), nobody receives yet:");
    try_to_send(bounded(2))?;
    println!("bounded(0), nobody receives yet:");
    hand_over(bounded(0))
}

/// Both sides of a channel.
type Channel = (Sender<u32>, Receiver<u32>);

fn try_to_send((tx, rx): Channel) -> Result<()> {
    for number in 1..=3 {
        // When the channel is full, `try_send` returns an error, and `send` would wait.
        match tx.try_send(number) {
            Ok(()) => println!("  {number} sent, in the channel: {}", tx.len()),
            Err(why) => println!("  {number} not sent: {why}"),
        }
    }
    println!("  received: {}", rx.recv().context("recv")?);
    tx.try_send(3).context("there is room again")?;
    println!("  3 sent, in the channel: {}", tx.len());
    Ok(())
}

/// Without a buffer, a message goes from hand to hand: both sides have to be there.
fn hand_over((tx, rx): Channel) -> Result<()> {
    let sender = thread::Builder::new().name("sender".to_owned()).spawn(move || {
        let sent = tx.send(1);
        println!("  tid {}: send has returned", gettid());
        sent
    });
    let sender = sender.context("start a thread")?;
    thread::sleep(paced(Duration::from_secs(1)));
    println!("  main: now I receive");
    let received = rx.recv().context("recv")?;
    sender.join().ok().context("join: it panicked")??;
    println!("  main: received {received}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    /// A channel in which there is a message already that no demo sends.
    fn with_77((tx, rx): Channel) -> Channel {
        tx.send(77).unwrap();
        (tx, rx)
    }

    #[test]
    fn what_has_no_room_is_not_sent() {
        let lines = printed::lines("0", || {
            try_to_send(bounded(1)).unwrap();
            try_to_send(with_77(bounded(3))).unwrap();
            try_to_send(bounded(4)).unwrap();
        });
        let full = "not sent: sending on a full channel";
        assert_eq!(
            lines,
            [
                "  1 sent, in the channel: 1",
                &format!("  2 {full}"),
                &format!("  3 {full}"),
                "  received: 1",
                "  3 sent, in the channel: 1",
                "  1 sent, in the channel: 2",
                "  2 sent, in the channel: 3",
                &format!("  3 {full}"),
                "  received: 77",
                "  3 sent, in the channel: 3",
                "  1 sent, in the channel: 1",
                "  2 sent, in the channel: 2",
                "  3 sent, in the channel: 3",
                "  received: 1",
                "  3 sent, in the channel: 3",
            ]
        );
    }

    #[test]
    fn main_has_received_what_was_in_the_channel() {
        let lines = printed::lines("0", || hand_over(with_77(bounded(2))).unwrap());
        assert!(lines.contains(&"  main: received 77".to_owned()), "{lines:#?}");
    }
}
