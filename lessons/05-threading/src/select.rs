//! One thread waits for several channels at once: for the first message, for a limited time,
//! and along with a ticker.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::{paced, text};
use crossbeam::channel::{Receiver, Sender, after, bounded, never, select, tick, unbounded};
use nix::unistd::{Pid, gettid};

/// The sender's thread id, and what it sent.
type Message = (Pid, &'static str);

pub fn run() -> Result<()> {
    println!("two threads send, and the main thread takes what comes:");
    take_what_comes()?;
    println!("nobody sends:");
    wait_for_nobody(unbounded())?;
    println!("a thread works, and a ticker ticks:");
    count_ticks(Duration::from_secs(60))
}

fn take_what_comes() -> Result<()> {
    let (to_letters, letters) = unbounded();
    let (to_numbers, numbers) = unbounded();
    let senders =
        [("letters", ["a", "b", "c"], to_letters), ("numbers", ["1", "2", "3"], to_numbers)];
    thread::scope(|scope| {
        for (name, words, tx) in senders {
            let sender = thread::Builder::new().name(name.to_owned());
            sender.spawn_scoped(scope, move || send(words, &tx)).context("start a thread")?;
        }
        receive_both(letters, numbers);
        Ok(())
    })
}

fn send(words: [&'static str; 3], tx: &Sender<Message>) {
    for word in words {
        if tx.send((gettid(), word)).is_err() {
            return;
        }
        thread::sleep(paced(Duration::from_secs(1)));
    }
}

fn receive_both(mut letters: Receiver<Message>, mut numbers: Receiver<Message>) {
    let mut open = 2;
    while open > 0 {
        select! {
            recv(letters) -> message => match message {
                Ok(message) => show(message),
                // A channel that has ended is always ready. One that never is takes its place.
                Err(_) => (letters, open) = (never(), open - 1),
            },
            recv(numbers) -> message => match message {
                Ok(message) => show(message),
                Err(_) => (numbers, open) = (never(), open - 1),
            },
        }
    }
    println!("  main: both channels have ended");
}

fn show((tid, word): Message) {
    println!("  tid {tid} has sent {word}");
}

/// The sender is kept, or the channel would end.
fn wait_for_nobody((_tx, rx): (Sender<()>, Receiver<()>)) -> Result<()> {
    select! {
        recv(rx) -> _ => bail!("somebody has sent"),
        default => println!("  default: nothing is there"),
    }

    let (time, start) = (paced(Duration::from_secs(1)), Instant::now());
    select! {
        recv(rx) -> _ => bail!("somebody has sent"),
        default(time) => println!("  default: nothing came in {}", text::time(start.elapsed())),
    }
    Ok(())
}

fn count_ticks(limit: Duration) -> Result<()> {
    let (working, done) = bounded::<()>(0);
    let worker = thread::Builder::new().name("worker".to_owned()).spawn(move || {
        thread::sleep(paced(Duration::from_secs(2)));
        // The end of the channel is the message.
        drop(working);
    });
    let worker = worker.context("start a thread")?;

    let ticker = tick(paced(Duration::from_millis(300)));
    let deadline = after(limit);
    let mut ticks = 0;
    loop {
        select! {
            recv(ticker) -> _ => ticks += 1,
            recv(done) -> _ => break,
            recv(deadline) -> _ => bail!("it has worked for a minute"),
        }
    }
    println!("  it has ended, after ≈ {ticks} ticks and before the deadline");
    worker.join().ok().context("join: the thread panicked")
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn whatever_comes_is_told_until_both_channels_have_ended() {
        let lines = printed::lines("0", || {
            let (tx, letters) = unbounded();
            let (_, numbers) = unbounded();
            (0..20).for_each(|_| tx.send((Pid::from_raw(5), "x")).unwrap());
            drop(tx);
            receive_both(letters, numbers);
        });
        let told = ["  tid 5 has sent x"; 20];
        assert_eq!(lines, [&told[..], &["  main: both channels have ended"]].concat());
    }

    #[test]
    fn a_message_is_not_nothing_and_a_deadline_ends_the_work() {
        let lines = printed::lines("1000", || {
            let (tx, rx) = unbounded();
            tx.send(()).unwrap();
            let error = wait_for_nobody((tx, rx)).unwrap_err();
            assert_eq!(error.to_string(), "somebody has sent");
            let error = count_ticks(Duration::ZERO).unwrap_err();
            assert_eq!(error.to_string(), "it has worked for a minute");
        });
        assert_eq!(lines, [""; 0]);
    }
}
