//! Three stages, a thread each, and channels between them. The end of the input travels down
//! the line; when the last stage stops early, that travels up to the first.

use std::thread::{self, Scope};
use std::time::Duration;

use anyhow::{Context, Result};
use common::paced;
use crossbeam::channel::{Receiver, Sender, bounded};
use nix::unistd::gettid;

const WORDS: [&str; 8] = ["pear", "plum", "fig", "apple", "quince", "cherry", "lemon", "grape"];

pub fn run() -> Result<()> {
    println!("to the end:");
    line(usize::MAX)?;
    println!("three words are enough:");
    line(3)
}

fn line(enough: usize) -> Result<()> {
    // Without a buffer: each word goes from hand to hand, and no stage is ahead.
    let (to_turn, words) = bounded(0);
    let (to_show, turned) = bounded(0);
    thread::scope(|scope| {
        stage(scope, "read", || read(to_turn))?;
        stage(scope, "turn", || turn(words, to_show))?;
        stage(scope, "show", move || show(turned, enough))
    })
}

fn stage<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Result<()> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
    thread.map(drop).context("start a thread")
}

fn read(words: Sender<&str>) {
    for word in WORDS {
        thread::sleep(paced(Duration::from_millis(200)));
        if words.send(word).is_err() {
            return println!("  read (tid {}): nobody takes '{word}', I end", gettid());
        }
    }
    println!("  read (tid {}): no more words, I end", gettid());
}

fn turn(words: Receiver<&str>, turned: Sender<String>) {
    for word in words {
        let word = word.chars().rev().collect();
        if let Err(error) = turned.send(word) {
            return println!("  turn (tid {}): nobody takes '{}', I end", gettid(), error.0);
        }
    }
    println!("  turn (tid {}): no more words, I end", gettid());
}

fn show(words: Receiver<String>, enough: usize) {
    for word in words.iter().take(enough) {
        println!("  show (tid {}): {word}", gettid());
    }
    println!("  show (tid {}): I end", gettid());
}
