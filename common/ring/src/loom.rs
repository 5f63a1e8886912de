//! The counters and bells under loom, which runs the orders of the two sides' steps that
//! C11's memory model permits, with up to two preemptions: nothing is read before it is
//! written, nothing is overwritten before it is read, and neither side sleeps for ever.

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// `bell` and `index` once more, with loom's atomics.
mod atomic {
    pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
}
#[allow(clippy::duplicate_mod)]
#[path = "bell.rs"]
mod bell;
#[allow(clippy::duplicate_mod, dead_code)]
#[path = "index.rs"]
mod index;

use atomic::AtomicU32;
use atomic::Ordering::{Acquire, Relaxed, Release};
use bell::{ASLEEP, Bell};
use index::{Indices, Reader, STEP, Writer};

/// A ring for words of eight bytes.
struct Ring {
    indices: Indices,
    words: Vec<UnsafeCell<u64>>,
    /// In place of the kernel: a side that sleeps on a bell sleeps here.
    sleepers: Mutex<()>,
    woken: Condvar,
    /// In place of the lifeline: 1 if the sender has closed it.
    closed: AtomicU32,
}

impl Ring {
    fn new(words: usize) -> Arc<Self> {
        Arc::new(Ring {
            indices: Indices::new(),
            words: (0..words).map(|_| UnsafeCell::new(0)).collect(),
            sleepers: Mutex::new(()),
            woken: Condvar::new(),
            closed: AtomicU32::new(0),
        })
    }

    fn size(&self) -> u64 {
        (self.words.len() * STEP) as u64
    }

    /// As `Waiting::until`, but without a time limit, as the tests show that it is woken.
    /// Returns whether it is ready; if not, the other side is gone.
    fn wait_until(&self, bell: &Bell, gone: &mut bool, mut ready: impl FnMut() -> bool) -> bool {
        loop {
            bell.will_sleep();
            if *gone || ready() {
                break;
            }
            let guard = self.sleepers.lock().unwrap();
            if bell.word().load(Relaxed) == ASLEEP {
                drop(self.woken.wait(guard));
            }
            if ready() {
                break;
            }
            *gone |= bell.was_told_closed() && self.closed.load(Relaxed) == 1;
        }
        bell.is_awake();
        ready()
    }

    fn wake(&self) {
        let _guard = self.sleepers.lock().unwrap();
        self.woken.notify_all();
    }
}

/// Sends 1, 2, 3 and so on, each in a message that takes the given number of words: the
/// first of them holds the number.
fn send(ring: &Ring, messages: &[u64]) {
    let mut writer = Writer::open(&ring.indices, ring.size()).unwrap();
    for (number, words) in (1..).zip(messages) {
        let taken = words * STEP as u64;
        let room = || writer.has_room(&ring.indices, taken).unwrap();
        assert!(ring.wait_until(ring.indices.sender(), &mut false, room));
        // loom fails if the other side uses the word at the same time.
        // SAFETY: the word is the sender's.
        ring.words[writer.place() / STEP].with_mut(|word| unsafe { *word = number });
        if writer.publish(&ring.indices, taken) {
            ring.wake();
        }
    }
    ring.closed.store(1, Relaxed);
    if ring.indices.receiver().tell_closed() {
        ring.wake();
    }
}

/// Receives them until the sender is gone.
fn receive(ring: &Ring, messages: &[u64]) {
    let mut reader = Reader::open(&ring.indices, ring.size()).unwrap();
    let mut gone = false;
    let mut next = |reader: &mut Reader, expected: Option<u64>| {
        let unread = || reader.unread(&ring.indices).unwrap() > 0;
        let came = ring.wait_until(ring.indices.receiver(), &mut gone, unread);
        // SAFETY: the word is the receiver's.
        let read = |word: *const u64| unsafe { *word };
        let word = came.then(|| ring.words[reader.place() / STEP].with(read));
        assert_eq!(word, expected);
    };
    for (number, words) in (1..).zip(messages) {
        next(&mut reader, Some(number));
        if reader.consume(&ring.indices, words * STEP as u64) {
            ring.wake();
        }
    }
    next(&mut reader, None);
}

/// Sends messages that take the given numbers of words through a ring of `words`.
fn check(words: usize, messages: &'static [u64], preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let ring = Ring::new(words);
        let sending = thread::spawn({
            let ring = Arc::clone(&ring);
            move || send(&ring, messages)
        });
        receive(&ring, messages);
        sending.join().unwrap();
    });
}

/// What every user of a bell does: one side changes a counter and rings, the other sleeps
/// until it sees the change. A pool's workers and manager do it, too, with other counters.
#[test]
fn a_sleeper_sees_the_change_or_is_woken_for_it() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let ring = Ring::new(1);
        let changed = Arc::new(AtomicU32::new(0));
        let changing = thread::spawn({
            let (ring, changed) = (Arc::clone(&ring), Arc::clone(&changed));
            move || {
                changed.store(1, Release);
                if ring.indices.receiver().must_ring() {
                    ring.wake();
                }
            }
        });
        let ready = || changed.load(Acquire) == 1;
        assert!(ring.wait_until(ring.indices.receiver(), &mut false, ready));
        changing.join().unwrap();
    });
}

#[test]
fn every_message_arrives_and_neither_side_sleeps_for_ever() {
    check(2, &[1, 1, 1], 2);
}

#[test]
fn a_sender_that_is_not_woken_for_every_message_is_woken_for_some() {
    check(4, &[1, 1, 1, 1, 1], 1);
    check(4, &[1, 4], 2);
}
