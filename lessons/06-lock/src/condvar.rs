//! A buffer: who finds it empty or full waits on a condition variable. Three mistakes with
//! the wait, found by the explorer; then the right one, with real threads.

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
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Right,
    /// It waits without having looked.
    WaitsBlindly,
    /// Woken, it does not look again.
    LooksOnce,
    /// It wakes one of all that wait, for an item or for room.
    WakesOne,
}

impl Slot {
    fn put(&self, new: u32) {
        let mut item = self.item.lock();
        while item.is_some() {
            item = self.changed.wait(item);
        }
        *item = Some(new);
        self.notify();
    }

    fn take(&self) {
        let mut item = self.item.lock();
        match self.how {
            How::WaitsBlindly => item = self.changed.wait(item),
            How::LooksOnce if item.is_none() => item = self.changed.wait(item),
            How::LooksOnce => {}
            How::Right | How::WakesOne => {
                while item.is_none() {
                    item = self.changed.wait(item);
                }
            }
        }
        item.take().expect("woken, and there is nothing");
        self.notify();
    }

    fn notify(&self) {
        match self.how {
            How::WakesOne => self.changed.notify_one(),
            _ => self.changed.notify_all(),
        }
    }
}

/// One thread puts as many items as others take, one each.
fn items(takers: usize, how: How) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let item = explorer::Mutex::new("item", None);
        let slot = Slot { item, changed: explorer::Condvar::new("changed"), how };
        for name in &["t1", "t2"][..takers] {
            let slot = slot.clone();
            program.thread(name, move || slot.take());
        }
        program.thread("puts", move || (0..takers as u32).for_each(|item| slot.put(item)));
    }
}

pub fn run(options: &Options) -> Result<()> {
    let count = options.number("--items", 0..=1_000_000)?.unwrap_or(1000);
    let explorer = Explorer::default();
    let source = include_str!("condvar.rs");
    println!("a loop around each wait, and all are woken; one puts two items, two take one each:");
    ensure!(try_all(explorer, items(2, How::Right))?.failures == 0, "it is right");

    println!("a wait without a look before it:");
    show_simplest(explorer, items(1, How::WaitsBlindly), source)?;
    println!("a look before the wait, and none after it:");
    show_simplest(explorer, items(2, How::LooksOnce), source)?;
    println!("the same with one taker, where a wait may end for no reason:");
    let spurious = Explorer { bounds: Bounds { spurious: 1, ..Bounds::default() } };
    show_simplest(spurious, items(1, How::LooksOnce), source)?;
    println!("a loop, and one is woken:");
    show_simplest(explorer, items(2, How::WakesOne), source)?;
    real_threads(count)
}

/// The right one without the explorer, with room for two.
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
        items.pop_front().expect("the wait has looked")
    }
}

fn real_threads(count: u32) -> Result<()> {
    let buffer = Buffer::default();
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
