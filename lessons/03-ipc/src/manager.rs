//! One process owns a value, and all others ask it, as with Python's `Manager`. It handles one
//! request after the other, so it needs no lock. Compare with `ipc`, where nothing is kept, and
//! with `shared-memory`, where each process changes the value itself.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter, Read, pipe};

use anyhow::{Context, Result};
use common::child::{self, Child, fork_child};
use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcReceiver, IpcSender, channel};
use nix::unistd::getpid;
use serde::{Deserialize, Serialize};

/// How many children add, and how often each does.
const CHILDREN: usize = 4;
const TIMES: usize = 250;

/// What the owner is asked to do.
#[derive(Serialize, Deserialize)]
enum Action {
    Get,
    Set(u32),
    Add(u32),
}

/// The answer is how many there are afterwards.
#[derive(Serialize, Deserialize)]
struct Request {
    fruit: String,
    action: Action,
    answer: IpcSender<u32>,
}

/// What a process has that may ask the owner. (Python calls it a proxy.)
struct Basket {
    requests: IpcSender<Request>,
}

pub fn run() -> Result<()> {
    let (basket, owner) = start_owner()?;
    println!("I ({}) have started the owner of a basket, pid {}.", getpid(), owner.pid());
    add_in_one_request(&basket)?;
    add_in_two_requests(&basket)?;
    drop(basket);
    owner.join()
}

fn start_owner() -> Result<(Basket, Child)> {
    let (requests, receiver) = channel().context("channel")?;
    let Some(owner) = child::fork()? else {
        // A sender kept here would keep the owner waiting for its own requests.
        drop(requests);
        child::exit(own(&receiver))
    };
    Ok((Basket { requests }, owner))
}

/// Handles each request before it looks at the next, until nobody can ask any more.
fn own(requests: &IpcReceiver<Request>) -> Result<()> {
    let mut basket = BTreeMap::<String, u32>::new();
    let mut handled = 0;
    loop {
        match requests.recv() {
            Ok(Request { fruit, action, answer }) => {
                let count = basket.entry(fruit).or_default();
                match action {
                    Action::Get => {}
                    Action::Set(new) => *count = new,
                    Action::Add(more) => *count += more,
                }
                // It fails if the process that asked has ended. The others still need the owner.
                let _ = answer.send(*count);
                handled += 1;
            }
            Err(IpcError::Disconnected) => break,
            Err(error) => return Err(error).context("receive a request"),
        }
    }
    println!("owner (pid {}): after {handled} requests I have {basket:?}", getpid());
    Ok(())
}

impl Basket {
    fn ask(&self, fruit: &str, action: Action) -> Result<u32> {
        let (answer, answers) = channel().context("channel")?;
        let request = Request { fruit: fruit.to_owned(), action, answer };
        self.requests.send(request).context("send a request")?;
        answers.recv().context("receive the answer")
    }
}

/// Right: the owner reads and writes the value in one request.
fn add_in_one_request(basket: &Basket) -> Result<()> {
    println!("{CHILDREN} children, {TIMES} times each: add one pear");
    let add = || (0..TIMES).try_for_each(|_| basket.ask("pears", Action::Add(1)).map(drop));
    let children = (0..CHILDREN).map(|_| fork_child(add)).collect::<Result<Vec<_>>>()?;
    children.into_iter().try_for_each(Child::join)?;
    println!("  pears: {}", basket.ask("pears", Action::Get)?);
    Ok(())
}

/// Wrong: between the two requests of a child the owner handles those of others.
fn add_in_two_requests(basket: &Basket) -> Result<()> {
    println!("2 children, once each: get the number of plums, then set it to one more");
    // It ends when both children have closed the other end: then each has its number.
    let (both_have_it, have_it) = pipe().context("pipe")?;
    let mut children = Vec::new();
    for _ in 0..2 {
        let Some(child) = child::fork()? else {
            child::exit(get_and_set(basket, have_it, both_have_it))
        };
        children.push(child);
    }
    drop(have_it);
    children.into_iter().try_for_each(Child::join)?;
    println!("  plums: {}", basket.ask("plums", Action::Get)?);
    Ok(())
}

fn get_and_set(basket: &Basket, have_it: PipeWriter, mut both_have_it: PipeReader) -> Result<()> {
    let count = basket.ask("plums", Action::Get)?;
    println!("  child (pid {}): I got {count}", getpid());
    drop(have_it);
    both_have_it.read_to_end(&mut Vec::new()).context("wait for the other child")?;
    let count = basket.ask("plums", Action::Set(count + 1))?;
    println!("  child (pid {}): I have set it to {count}", getpid());
    Ok(())
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn the_owner_survives_those_who_ask() {
        let lines = printed::lines("0", || {
            let (requests, receiver) = channel().unwrap();
            for _ in 0..2 {
                // Nobody waits for the answer.
                let (answer, _) = channel().unwrap();
                let request = Request { fruit: "figs".to_owned(), action: Action::Add(3), answer };
                requests.send(request).unwrap();
            }
            drop(requests);
            own(&receiver).unwrap();
        });
        assert!(lines[0].ends_with(": after 2 requests I have {\"figs\": 6}"), "{lines:#?}");
    }
}
