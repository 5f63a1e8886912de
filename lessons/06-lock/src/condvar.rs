//! A buffer: a thread that finds it empty or full waits on a condition variable. The explorer
//! finds three mistakes with the wait; then the right buffer, with real threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use explorer::{self, Bounds, Explorer, Program};

use crate::found::{show_simplest, try_all};

/// A buffer with room for one item, for the explorer.
#[derive(Clone)]
struct Slot {
    item: explorer::Mutex<Option<u32>>,
    changed: explorer::Condvar,
}

impl Slot {
    fn put(&self, new: u32) {
        let mut item = self.item.lock();
        while item.is_some() {
            item = self.changed.wait(item);
        }
        *item = Some(new);
        self.changed.notify_all();
    }

    fn take(&self) {
        let mut item = self.item.lock();
        while item.is_none() {
            item = self.changed.wait(item);
        }
        item.take().expect(NOTHING);
        self.changed.notify_all();
    }

    /// Wrong: waits without a look before it.
    fn take_blindly(&self) {
        let mut item = self.item.lock();
        item = self.changed.wait(item);
        item.take().expect(NOTHING);
        self.changed.notify_all();
    }

    /// Wrong: does not look again after the wait.
    fn take_looking_once(&self) {
        let mut item = self.item.lock();
        if item.is_none() {
            item = self.changed.wait(item);
        }
        item.take().expect(NOTHING);
        self.changed.notify_all();
    }

    /// Wrong: wakes one thread, which may wait for an item or for room.
    fn take_and_wake_one(&self) {
        let mut item = self.item.lock();
        while item.is_none() {
            item = self.changed.wait(item);
        }
        item.take().expect(NOTHING);
        self.changed.notify_one();
    }

    /// Wrong in the same way.
    fn put_and_wake_one(&self, new: u32) {
        let mut item = self.item.lock();
        while item.is_some() {
            item = self.changed.wait(item);
        }
        *item = Some(new);
        self.changed.notify_one();
    }
}

const NOTHING: &str = "woken, and there is nothing";

/// One thread puts as many items as others take, one each.
fn items(takers: usize, put: fn(&Slot, u32), take: fn(&Slot)) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let item = explorer::Mutex::new("item", None);
        let slot = Slot { item, changed: explorer::Condvar::new("changed") };
        for name in &["t1", "t2"][..takers] {
            let slot = slot.clone();
            program.thread(name, move || take(&slot));
        }
        program.thread("puts", move || (0..takers as u32).for_each(|item| put(&slot, item)));
    }
}

pub fn run(options: &Options) -> Result<()> {
    let count = options.number("--items", 0..=1_000_000)?.unwrap_or(1000);
    let explorer = Explorer::default();
    let source = include_str!("condvar.rs");
    println!("a loop around each wait, and all are woken; one puts two items, two take one each:");
    ensure!(try_all(explorer, items(2, Slot::put, Slot::take))?.failures == 0, "it is right");

    println!("a wait without a look before it:");
    show_simplest(explorer, items(1, Slot::put, Slot::take_blindly), source)?;
    println!("a look before the wait, and none after it:");
    show_simplest(explorer, items(2, Slot::put, Slot::take_looking_once), source)?;
    println!("the same with one taker, where a wait may end for no reason:");
    let spurious = Explorer { bounds: Bounds { spurious: 1, ..Bounds::default() } };
    show_simplest(spurious, items(1, Slot::put, Slot::take_looking_once), source)?;
    println!("a loop, and one is woken:");
    show_simplest(explorer, items(2, Slot::put_and_wake_one, Slot::take_and_wake_one), source)?;
    real_threads(&Buffer::default(), count)
}

/// The right buffer without the explorer, with room for two.
#[derive(Default)]
struct Buffer {
    items: Mutex<VecDeque<u32>>,
    not_full: Condvar,
    not_empty: Condvar,
}

const ROOM: usize = 2;
const NO_PANIC: &str = "no thread panics while it holds the lock";

impl Buffer {
    fn put(&self, item: u32) {
        let items = self.items.lock().expect(NO_PANIC);
        let mut items =
            self.not_full.wait_while(items, |items| items.len() == ROOM).expect(NO_PANIC);
        items.push_back(item);
        self.not_empty.notify_one();
    }

    fn take(&self) -> u32 {
        let items = self.items.lock().expect(NO_PANIC);
        let mut items = self.not_empty.wait_while(items, |items| items.is_empty()).expect(NO_PANIC);
        self.not_full.notify_one();
        items.pop_front().expect("the wait ends when there is an item")
    }
}

fn real_threads(buffer: &Buffer, count: u32) -> Result<()> {
    let taken = thread::scope(|scope| {
        let puts = thread::Builder::new().name("puts".to_owned());
        let puts = puts.spawn_scoped(scope, || (0..count).for_each(|item| buffer.put(item)));
        puts.context("start a thread")?;
        anyhow::Ok((0..count).map(|_| buffer.take()).collect::<Vec<_>>())
    })?;
    ensure!(taken.iter().copied().eq(0..count), "an item was lost, or out of order");
    println!("two real threads, with room for {ROOM}: {count} items came, in their order");
    Ok(())
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
            // In no other futex, such as that of a thread that is parked.
            let inside = place..place + size_of::<Buffer>() as u64;
            until("it waits in the buffer", || {
                waits_in(tid).is_some_and(|(call, arguments)| {
                    call == libc::SYS_futex && inside.contains(&arguments[0])
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
        let error = real_threads(&buffer, 1).unwrap_err();
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
