//! Three stages, a thread each, and channels between them, so that they work at the same time.
//! The end of the input travels down the line; when the last stage stops early, that travels up.

use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{paced, text};
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
    let start = Instant::now();
    // Without a buffer: each word goes from hand to hand, and no stage is ahead.
    let (to_reverse, words) = bounded(0);
    let (to_show, reversed) = bounded(0);
    thread::scope(|scope| {
        stage(scope, "read", || read(to_reverse))?;
        stage(scope, "reverse", || reverse(words, to_show))?;
        stage(scope, "show", move || show(reversed, enough))
    })?;
    println!("  main: all stages have ended, after {}", text::time(start.elapsed()));
    Ok(())
}

fn stage<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Result<()> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
    thread.map(drop).context("start a thread")
}

/// Each stage takes this long for a word.
fn work() {
    thread::sleep(paced(Duration::from_millis(200)));
}

fn read(words: Sender<&str>) {
    for word in WORDS {
        work();
        if words.send(word).is_err() {
            return println!("  read (tid {}): nobody takes '{word}', I end", gettid());
        }
    }
    println!("  read (tid {}): no more words, I end", gettid());
}

fn reverse(words: Receiver<&str>, reversed: Sender<String>) {
    for word in words {
        work();
        let word = word.chars().rev().collect();
        if let Err(error) = reversed.send(word) {
            return println!("  reverse (tid {}): nobody takes '{}', I end", gettid(), error.0);
        }
    }
    println!("  reverse (tid {}): no more words, I end", gettid());
}

fn show(words: Receiver<String>, enough: usize) {
    for word in words.iter().take(enough) {
        work();
        println!("  show (tid {}): {word}", gettid());
    }
    println!("  show (tid {}): I end", gettid());
}

#[cfg(test)]
mod tests {
    use crossbeam::channel::unbounded;
    use testing::printed;

    use super::*;

    /// The words in a channel that has ended.
    fn ended<T>(words: impl IntoIterator<Item = T>) -> Receiver<T> {
        let (tx, rx) = unbounded();
        words.into_iter().for_each(|word| tx.send(word).unwrap());
        rx
    }

    #[test]
    fn a_stage_works_on_what_comes_from_the_stage_before() {
        let lines = printed::lines("0", || {
            let (tx, words) = unbounded();
            read(tx);
            assert_eq!(words.iter().collect::<Vec<_>>(), WORDS);
            let (tx, reversed) = unbounded();
            reverse(ended(["abc", "def"]), tx);
            assert_eq!(reversed.iter().collect::<Vec<_>>(), ["cba", "fed"]);
            show(ended(["uvw", "xyz"].map(str::to_owned)), 1);
        });
        let told: Vec<_> = lines.iter().map(|line| line.split_once("): ").unwrap().1).collect();
        assert_eq!(told, ["no more words, I end", "no more words, I end", "uvw", "I end"]);
    }

    #[test]
    fn a_stage_ends_when_the_next_one_has_ended() {
        let lines = printed::lines("0", || {
            let (tx, _) = unbounded();
            read(tx);
            let (tx, _) = unbounded();
            reverse(ended(["abc", "def"]), tx);
        });
        let told: Vec<_> = lines.iter().map(|line| line.split_once("): ").unwrap().1).collect();
        assert_eq!(told, ["nobody takes 'pear', I end", "nobody takes 'cba', I end"]);
    }
}
