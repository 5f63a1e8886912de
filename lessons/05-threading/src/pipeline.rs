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
            let (tx, turned) = unbounded();
            turn(ended(["abc", "def"]), tx);
            assert_eq!(turned.iter().collect::<Vec<_>>(), ["cba", "fed"]);
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
            turn(ended(["abc", "def"]), tx);
        });
        let told: Vec<_> = lines.iter().map(|line| line.split_once("): ").unwrap().1).collect();
        assert_eq!(told, ["nobody takes 'pear', I end", "nobody takes 'cba', I end"]);
    }
}
