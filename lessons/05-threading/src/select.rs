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
    println!("two threads send, and I take what comes:");
    take_what_comes()?;
    println!("nobody sends:");
    wait_for_nobody()?;
    println!("a thread works, and a ticker ticks:");
    count_ticks()
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
        let message = select! {
            recv(letters) -> message => message.inspect_err(|_| letters = never()),
            recv(numbers) -> message => message.inspect_err(|_| numbers = never()),
        };
        match message {
            Ok((tid, word)) => println!("  tid {tid} has sent {word}"),
            // A channel that has ended is always ready. Now it is one that never is.
            Err(_) => open -= 1,
        }
    }
    println!("  main: both channels have ended");
}

fn wait_for_nobody() -> Result<()> {
    // Kept, or the channel would end.
    let (_tx, rx) = unbounded::<()>();
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

fn count_ticks() -> Result<()> {
    let (working, done) = bounded::<()>(0);
    let worker = thread::Builder::new().name("worker".to_owned()).spawn(move || {
        thread::sleep(paced(Duration::from_secs(2)));
        // The end of the channel is the message.
        drop(working);
    });
    let worker = worker.context("start a thread")?;
    let ticker = tick(paced(Duration::from_millis(300)));
    let deadline = after(Duration::from_secs(60));
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
