//! What can go wrong after a wait: the item is gone again, the wait ended for no reason, or
//! the notification woke the wrong thread. The explorer finds all three. Compare with
//! `condvar`, which waits the right way.

use anyhow::{Result, ensure};
use explorer::{Bounds, Condvar, Explorer, Mutex, Program};

use crate::found::{show_simplest, try_all};

/// A buffer with room for one item. Threads wait on `changed` for an item, and for room.
#[derive(Clone)]
struct Slot {
    item: Mutex<Option<u32>>,
    changed: Condvar,
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

    /// Wrong: does not look again after the wait.
    fn take_looking_once(&self) {
        let mut item = self.item.lock();
        if item.is_none() {
            item = self.changed.wait(item);
        }
        item.take().expect(NOTHING);
        self.changed.notify_all();
    }

    /// Wrong: wakes one thread, which may be waiting for an item or for room.
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

pub fn run() -> Result<()> {
    let explorer = Explorer::default();
    let source = include_str!("woken.rs");
    println!("one thread puts two items, two threads take one each");
    println!("a loop around each wait, and all are woken:");
    let report = try_all(explorer, items(2, Slot::put, Slot::take))?;
    ensure!(report.failures == 0, "it went wrong, and is right");

    println!("no look after the wait:");
    show_simplest(explorer, items(2, Slot::put, Slot::take_looking_once), source)?;
    println!("the same with one taker, where a wait may end for no reason:");
    let spurious = Explorer { bounds: Bounds { spurious: 1, ..Bounds::default() } };
    show_simplest(spurious, items(1, Slot::put, Slot::take_looking_once), source)?;
    println!("a loop, but only one thread is woken:");
    show_simplest(explorer, items(2, Slot::put_and_wake_one, Slot::take_and_wake_one), source)
}

/// One thread puts as many items as others take, one each.
fn items(takers: usize, put: fn(&Slot, u32), take: fn(&Slot)) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let item = Mutex::new("item", None);
        let slot = Slot { item, changed: Condvar::new("changed") };
        for name in &["t1", "t2"][..takers] {
            let slot = slot.clone();
            program.thread(name, move || take(&slot));
        }
        program.thread("puts", move || (0..takers as u32).for_each(|item| put(&slot, item)));
    }
}
