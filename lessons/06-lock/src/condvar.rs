//! A buffer between two threads. A thread that finds it empty or full sleeps on a condition
//! variable until the other has changed that. And a mistake: a wait without looking first.
//! Compare with `woken`: what can go wrong after the wait.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use explorer::{self, Explorer, Program};

use crate::found::{show_simplest, try_all};
use crate::game::{Game, Played};

const ROOM: usize = 2;

#[derive(Default)]
struct Buffer {
    items: Mutex<VecDeque<u32>>,
    not_full: Condvar,
    not_empty: Condvar,
}

impl Buffer {
    fn put(&self, item: u32) {
        let mut items = self.items.lock().expect(NO_PANIC);
        while items.len() == ROOM {
            items = self.not_full.wait(items).expect(NO_PANIC);
        }
        items.push_back(item);
        self.not_empty.notify_one();
    }

    fn take(&self) -> u32 {
        let mut items = self.items.lock().expect(NO_PANIC);
        while items.is_empty() {
            items = self.not_empty.wait(items).expect(NO_PANIC);
        }
        let item = items.pop_front().expect("the loop ends when there is an item");
        self.not_full.notify_one();
        item
    }
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

pub fn run(options: &Options) -> Result<()> {
    if options.has("--html") {
        return Game::new(played(), include_str!("condvar.rs")).play(options);
    }
    let count = options.number("--items", 0..=1_000_000)?.unwrap_or(1000);
    println!("two real threads, with room for {ROOM}:");
    hand_over(&Buffer::default(), count)?;

    let explorer = Explorer::default();
    println!("look, then wait:");
    let report = try_all(explorer, one_item(Slot::take))?;
    ensure!(report.failures == 0, "it went wrong, and is right");
    println!("wait without looking first:");
    try_all(explorer, one_item(Slot::take_blindly))?;
    show_simplest(explorer, one_item(Slot::take_blindly), include_str!("condvar.rs"))
}

/// One thread puts items, and this one takes them.
fn hand_over(buffer: &Buffer, count: u32) -> Result<()> {
    let taken = thread::scope(|scope| {
        let puts = thread::Builder::new().name("puts".to_owned());
        let puts = puts.spawn_scoped(scope, || (0..count).for_each(|item| buffer.put(item)));
        puts.context("start a thread")?;
        anyhow::Ok((0..count).map(|_| buffer.take()).collect::<Vec<_>>())
    })?;
    ensure!(taken.iter().copied().eq(0..count), "an item was lost, or out of order");
    println!("  {count} items came, in their order");
    Ok(())
}

/// The smallest buffer, for the explorer: one item, which is put once.
#[derive(Clone)]
struct Slot {
    item: explorer::Mutex<Option<u32>>,
    full: explorer::Condvar,
}

impl Slot {
    fn put(&self) {
        let mut item = self.item.lock();
        *item = Some(1);
        self.full.notify_one();
    }

    fn take(&self) {
        let mut item = self.item.lock();
        while item.is_none() {
            item = self.full.wait(item);
        }
        item.take().expect(NOTHING);
    }

    /// Wrong: waits without looking first.
    fn take_blindly(&self) {
        let mut item = self.item.lock();
        item = self.full.wait(item);
        item.take().expect(NOTHING);
    }
}

const NOTHING: &str = "woken, and there is nothing";

/// One thread puts an item, another takes it.
fn one_item(take: fn(&Slot)) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let item = explorer::Mutex::new("item", None);
        let slot = Slot { item, full: explorer::Condvar::new("full") };
        let same = slot.clone();
        program.thread("takes", move || take(&slot));
        program.thread("puts", move || same.put());
    }
}

/// Both ways to take it, for a page.
fn played() -> Vec<Played> {
    let right = "the item was taken";
    let (hint, keys) = (String::new(), "1, 2");
    let blindly = Played {
        program: Box::new(one_item(Slot::take_blindly)),
        title: "wait without looking first: make it wait for ever",
        right,
        hint: hint.clone(),
        keys,
    };
    let title = "look, then wait: can you make it wait for ever?";
    vec![blindly, Played { program: Box::new(one_item(Slot::take)), title, right, hint, keys }]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use nix::libc;
    use nix::unistd::gettid;
    use testing::seen::{until, waits_in};
    use testing::start;

    use super::*;

    /// Checks that a call of another thread waits in the kernel until `wake` is called.
    fn waits_until_woken(call: fn(&Buffer), wake: fn(&Buffer), buffer: &Buffer) {
        let (tx, rx) = channel();
        let (ended, end) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                tx.send(gettid()).unwrap();
                call(buffer);
                ended.send(()).unwrap();
            });
            let tid = rx.recv().unwrap();
            let place = std::ptr::from_ref(buffer).addr() as u64;
            // In no other futex, such as that of a thread that is parked; and for good, not for
            // some time.
            let inside = place..place + size_of::<Buffer>() as u64;
            until("it waits in the buffer", || {
                waits_in(tid).is_some_and(|(call, arguments)| {
                    let [futex, _, _, time, ..] = arguments[..] else { return false };
                    call == libc::SYS_futex && inside.contains(&futex) && time == 0
                })
            });
            wake(buffer);
            end.recv_timeout(Duration::from_secs(60)).unwrap();
        });
    }

    #[test]
    fn an_item_that_was_not_put_is_noticed() {
        let buffer = Buffer::default();
        buffer.put(99);
        let error = hand_over(&buffer, 1).unwrap_err();
        assert_eq!(error.to_string(), "an item was lost, or out of order");
    }

    #[test]
    fn a_thread_sleeps_while_the_buffer_is_empty_and_while_it_is_full() {
        if fs::read("/proc/thread-self/syscall").is_err() {
            start::pass_over("this system does not say where a thread waits");
            return;
        }
        let buffer = Buffer::default();
        let take = |buffer: &Buffer| _ = buffer.take();
        let put = |buffer: &Buffer| buffer.put(1);
        waits_until_woken(take, put, &buffer);
        (0..ROOM).for_each(|_| put(&buffer));
        waits_until_woken(put, take, &buffer);
    }
}
