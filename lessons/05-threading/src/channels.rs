//! A channel carries values from threads to threads: any number of senders and of receivers,
//! and an end when one side is gone. Compare with `bounded`, where there is not always room.

use std::thread;

use anyhow::{Context, Result, ensure};
use crossbeam::channel::{Receiver, Sender, unbounded};
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    println!("three threads send, and two receive:");
    many_to_many(unbounded())?;
    println!("the other side is gone:");
    receive_without_senders(unbounded())?;
    send_without_receivers(unbounded())
}

/// Both sides of a channel.
type Channel = (Sender<u32>, Receiver<u32>);

fn many_to_many((tx, rx): Channel) -> Result<()> {
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

fn receive_without_senders((tx, rx): Channel) -> Result<()> {
    tx.send(1)?;
    drop(tx);
    println!("  no sender: recv → {:?}, then {:?}", rx.recv(), rx.recv());
    Ok(())
}

fn send_without_receivers((tx, rx): Channel) -> Result<()> {
    drop(rx);
    let error = tx.send(1).err().context("it was received")?;
    ensure!(error.0 == 1, "another message came back");
    println!("  no receiver: {error}, and send gives back: {}", error.0);
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
    fn what_each_thread_has_received_comes_together() {
        let lines = printed::lines("0", || many_to_many(with_77(unbounded())).unwrap());
        let [.., together] = &lines[..] else { panic!("nothing was printed") };
        let all = "[11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34, 77]";
        assert_eq!(*together, format!("  together: {all}"));
        let counts = lines.iter().filter_map(|line| {
            line.split_once("I received ≈ ")?.1.split(',').next()?.parse::<usize>().ok()
        });
        assert_eq!(counts.sum::<usize>(), 13, "{lines:#?}");
    }

    #[test]
    fn a_thread_tells_how_much_it_has_received() {
        let lines = printed::lines("0", || {
            let (tx, rx) = unbounded();
            send(5, &tx);
            tx.send(1).unwrap();
            drop(tx);
            assert_eq!(receive(&rx), [51, 52, 53, 54, 1]);
        });
        assert!(lines[0].ends_with(": I received ≈ 5, and then the end"), "{lines:#?}");
    }

    #[test]
    fn the_end_comes_after_the_last_message_and_not_while_the_other_side_is_there() {
        let lines = printed::lines("0", || {
            receive_without_senders(with_77(unbounded())).unwrap();
            let (tx, rx) = with_77(unbounded());
            let another = rx.clone();
            send_without_receivers((tx, rx)).unwrap_err();
            assert_eq!(another.iter().collect::<Vec<_>>(), [77, 1]);
        });
        assert_eq!(lines, ["  no sender: recv → Ok(77), then Ok(1)"]);
    }
}
