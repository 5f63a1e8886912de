//! Channels between threads: any number of senders and of receivers, room for any
//! number of messages, for two, or for none, and an end when one side is gone.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::paced;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    println!("unbounded, three threads that send and two that receive:");
    many_to_many()?;
    println!("bounded(2), nobody receives yet:");
    room_for_two()?;
    println!("bounded(0), nobody receives yet:");
    hand_over()?;
    println!("the other side is gone:");
    disconnect()
}

fn many_to_many() -> Result<()> {
    let (tx, rx) = unbounded();
    let mut received = thread::scope(|scope| {
        let mut receivers = Vec::new();
        for number in 1..=2 {
            let thread = thread::Builder::new().name(format!("receiver {number}"));
            let receiver = thread.spawn_scoped(scope, || receive(&rx));
            receivers.push(receiver.context("start a thread")?);
        }
        for number in 1..=3 {
            let tx = tx.clone();
            let thread = thread::Builder::new().name(format!("sender {number}"));
            thread.spawn_scoped(scope, move || send(number, &tx)).context("start a thread")?;
        }
        // The channel ends when every sender is gone, even this one.
        drop(tx);
        let received = receivers.into_iter().map(|receiver| receiver.join().ok());
        received.collect::<Option<Vec<_>>>().context("join: a thread panicked")
    })?
    .concat();
    received.sort_unstable();
    println!("  together: {received:?}");
    Ok(())
}

fn send(sender: u32, tx: &Sender<u32>) {
    for number in 1..=4 {
        tx.send(10 * sender + number).expect("there are receivers");
    }
}

fn receive(rx: &Receiver<u32>) -> Vec<u32> {
    // Until the channel is empty and has ended.
    let received: Vec<_> = rx.iter().collect();
    println!("  tid {}: I received ≈ {}, and then the end", gettid(), received.len());
    received
}

fn room_for_two() -> Result<()> {
    let (tx, rx) = bounded(2);
    for number in 1..=3 {
        // Where `try_send` reports that there is no room, `send` would wait.
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
fn hand_over() -> Result<()> {
    let (tx, rx) = bounded(0);
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

fn disconnect() -> Result<()> {
    let (tx, rx) = unbounded();
    tx.send(1)?;
    drop(tx);
    println!("  no sender: recv → {:?}, then {:?}", rx.recv(), rx.recv());

    let (tx, rx) = unbounded();
    drop(rx);
    let error = tx.send(1).err().context("it was received")?;
    ensure!(error.0 == 1, "another message came back");
    println!("  no receiver: {error}, and send gives back: {}", error.0);
    Ok(())
}
