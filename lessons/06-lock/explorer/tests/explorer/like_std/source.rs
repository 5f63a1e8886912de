//! Small programs with one result. This file is compiled once with std's types, and once with
//! the explorer's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::hint;
use super::sync::atomic::{
    AtomicBool, AtomicI16, AtomicI32, AtomicU8, AtomicU64, AtomicUsize, Ordering,
};
use super::sync::mpsc::{self, RecvTimeoutError, TryRecvError, TrySendError};
use super::sync::{
    Arc, Barrier, Condvar, Mutex, Once, OnceLock, PoisonError, RwLock, TryLockError,
};
use super::thread;

const SHORT: Duration = Duration::from_millis(1);

/// Panics, without a message on the screen.
fn fail() {
    std::panic::resume_unwind(Box::new("it fails"));
}

pub fn a_panic_poisons_a_lock() -> String {
    let lock = Arc::new(Mutex::new(1));
    let other = Arc::clone(&lock);
    let failed = thread::spawn(move || {
        let mut guard = other.lock().unwrap();
        *guard = 2;
        // `resume_unwind` unwinds as a panic does.
        fail();
    });
    let is_err = failed.join().is_err();
    let before = lock.is_poisoned();
    let inside = lock.lock().map_or_else(|poisoned| *poisoned.into_inner(), |_| 0);
    let tried = matches!(lock.try_lock(), Err(TryLockError::Poisoned(_)));
    lock.clear_poison();
    let after = lock.lock().is_ok();
    let value = Arc::into_inner(lock).unwrap().into_inner().unwrap_or_else(PoisonError::into_inner);
    format!("{is_err} {before} {inside} {tried} {after} {value}")
}

pub fn a_panic_poisons_a_lock_of_readers_and_writers() -> String {
    let lock = RwLock::new(1);
    let reads = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.read().unwrap();
        fail();
    }));
    let after_a_reader = lock.is_poisoned();
    let writes = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.write().unwrap();
        fail();
    }));
    let after_a_writer = (lock.is_poisoned(), lock.read().is_err(), lock.try_write().is_err());
    lock.clear_poison();
    let cleared = lock.into_inner().is_ok();
    format!("{} {after_a_reader} {} {after_a_writer:?} {cleared}", reads.is_err(), writes.is_err())
}

pub fn try_lock_finds_a_lock_taken() -> String {
    let lock = Mutex::new(0);
    let guard = lock.lock().unwrap();
    let taken = thread::scope(|scope| {
        let other = scope.spawn(|| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        other.join().unwrap()
    });
    drop(guard);
    let free = lock.try_lock().is_ok();
    format!("{taken} {free}")
}

pub fn readers_are_inside_together() -> String {
    let lock = RwLock::new(7);
    let mine = lock.read().unwrap();
    let (theirs, written) = thread::scope(|scope| {
        let reads = scope.spawn(|| *lock.read().unwrap());
        let writes = scope.spawn(|| lock.try_write().is_ok());
        (reads.join().unwrap(), writes.join().unwrap())
    });
    let seen = *mine;
    drop(mine);
    *lock.write().unwrap() += 1;
    format!("{seen} {theirs} {written} {}", lock.read().unwrap())
}

pub fn a_thread_waits_while_a_condition_holds() -> String {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let other = Arc::clone(&pair);
    let counts = thread::spawn(move || {
        for _ in 0..2 {
            *other.0.lock().unwrap() += 1;
            other.1.notify_one();
        }
    });
    let (lock, changed) = &*pair;
    let count = *changed.wait_while(lock.lock().unwrap(), |count| *count < 2).unwrap();
    counts.join().unwrap();
    format!("{count}")
}

pub fn the_time_of_a_wait_is_over() -> String {
    let (lock, never) = (Mutex::new(()), Condvar::new());
    let guard = lock.lock().unwrap();
    let (guard, result) = never.wait_timeout_while(guard, SHORT, |()| true).unwrap();
    let (guard, at_once) = never.wait_timeout_while(guard, SHORT, |()| false).unwrap();
    drop(guard);
    thread::park_timeout(SHORT);
    format!("{} {}", result.timed_out(), at_once.timed_out())
}

pub fn a_channel_ends_with_its_senders() -> String {
    let (sender, receiver) = mpsc::channel();
    let threads = [1, 2].map(|item| {
        let sender = sender.clone();
        thread::spawn(move || sender.send(item).unwrap())
    });
    drop(sender);
    let mut items: Vec<i32> = receiver.iter().collect();
    items.sort_unstable();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let end = receiver.try_recv() == Err(TryRecvError::Disconnected);
    format!("{items:?} {:?} {end} {}", receiver.recv(), receiver.into_iter().count())
}

pub fn what_cannot_be_sent_comes_back() -> String {
    let (sender, receiver) = mpsc::channel();
    sender.send(1).unwrap();
    drop(receiver);
    let (bounded, receiver) = mpsc::sync_channel(1);
    drop(receiver);
    let back = bounded.try_send(3) == Err(TrySendError::Disconnected(3));
    format!(
        "{:?} {:?} {back}",
        sender.send(2).map_err(|it| it.0),
        bounded.send(4).map_err(|it| it.0)
    )
}

pub fn a_channel_has_room_for_one() -> String {
    let (sender, receiver) = mpsc::sync_channel(1);
    let is_empty = receiver.try_recv() == Err(TryRecvError::Empty);
    sender.send(1).unwrap();
    let is_full = sender.try_send(2) == Err(TrySendError::Full(2));
    let sends = thread::spawn(move || sender.send(3).is_ok());
    let items = [receiver.recv().unwrap(), receiver.recv().unwrap()];
    format!("{is_empty} {is_full} {items:?} {}", sends.join().unwrap())
}

pub fn items_are_handed_over() -> String {
    let (sender, receiver) = mpsc::sync_channel(0);
    let is_full = sender.try_send(0) == Err(TrySendError::Full(0));
    let received = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&received);
    let receives = thread::spawn(move || {
        flag.store(true, Ordering::SeqCst);
        let items = [receiver.recv().unwrap(), receiver.recv().unwrap()];
        // The third is not taken: it goes back.
        items
    });
    sender.send(1).unwrap();
    let is_later = received.load(Ordering::SeqCst);
    sender.send(2).unwrap();
    let back = sender.send(3).map_err(|it| it.0);
    format!("{is_full} {is_later} {:?} {back:?}", receives.join().unwrap())
}

pub fn a_receiver_does_not_wait_for_ever() -> String {
    let (sender, receiver) = mpsc::channel::<i32>();
    let empty = receiver.recv_timeout(SHORT) == Err(RecvTimeoutError::Timeout);
    sender.send(1).unwrap();
    let items: Vec<_> = receiver.try_iter().collect();
    drop(sender);
    format!("{empty} {items:?}")
}

pub fn one_of_those_at_a_barrier_is_the_leader() -> String {
    let barrier = Barrier::new(2);
    let leaders = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2 {
                    if barrier.wait().is_leader() {
                        leaders.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    format!("{}", leaders.into_inner())
}

pub fn it_is_done_once() -> String {
    let once = Once::new();
    let times = AtomicI32::new(0);
    let before = once.is_completed();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                once.call_once(|| _ = times.fetch_add(1, Ordering::AcqRel));
                assert!(once.is_completed());
            });
        }
    });
    format!("{before} {}", times.load(Ordering::Acquire))
}

pub fn a_value_is_made_once() -> String {
    let mut value = OnceLock::new();
    let before = value.get().is_none();
    let made = AtomicUsize::new(0);
    let sum: i32 = thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            scope.spawn(|| {
                *value.get_or_init(|| {
                    made.fetch_add(1, Ordering::SeqCst);
                    5
                })
            })
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let refused = value.set(6);
    let taken = value.take();
    format!("{before} {sum} {made:?} {refused:?} {taken:?} {:?}", value.into_inner())
}

pub fn what_panics_is_not_done() -> String {
    let once = Once::new();
    let failed = catch_unwind(AssertUnwindSafe(|| once.call_once(fail))).is_err();
    let is_done = once.is_completed();
    let mut was_poisoned = false;
    once.call_once_force(|state| was_poisoned = state.is_poisoned());
    let value = OnceLock::new();
    let made = catch_unwind(AssertUnwindSafe(|| {
        value.get_or_init(|| {
            fail();
            1
        });
    }));
    let again = *value.get_or_init(|| 2);
    format!("{failed} {is_done} {was_poisoned} {} {} {again}", once.is_completed(), made.is_err())
}

pub fn a_thread_is_unparked() -> String {
    let flag = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&flag);
    let parks = thread::spawn(move || {
        while !other.load(Ordering::Acquire) {
            thread::park();
        }
        "unparked"
    });
    flag.store(true, Ordering::Release);
    parks.thread().unpark();
    parks.join().unwrap().to_owned()
}

pub fn scoped_threads_borrow() -> String {
    let mut items = vec![1, 2];
    let sum = Mutex::new(0);
    let first = thread::scope(|scope| {
        let first = thread::Builder::new().name("first".to_owned());
        let first = first.spawn_scoped(scope, || {
            *sum.lock().unwrap() += items[0];
            items[0]
        });
        scope.spawn(|| {
            // A thread of a scope starts another.
            scope.spawn(|| *sum.lock().unwrap() += items[1]);
        });
        first.unwrap().join().unwrap()
    });
    items.push(3);
    format!("{first} {} {items:?}", sum.into_inner().unwrap())
}

pub fn a_scoped_thread_panics() -> String {
    let joined = thread::scope(|scope| scope.spawn(fail).join().is_err());
    let left = catch_unwind(|| thread::scope(|scope| _ = scope.spawn(fail)));
    let message = left.unwrap_err().downcast_ref::<&str>().copied().unwrap_or("?");
    format!("{joined} {message}")
}

pub fn a_thread_panics() -> String {
    let panics = thread::spawn(|| std::panic::resume_unwind(Box::new(7)));
    let payload: Box<dyn std::any::Any + Send> = panics.join().map(|()| 0).unwrap_err();
    // What nobody joins does not matter.
    thread::spawn(fail);
    format!("{:?}", payload.downcast_ref::<i32>())
}

pub fn threads_have_names() -> String {
    let name = || thread::current().name().map(str::to_owned);
    let named = thread::Builder::new().name("worker".to_owned()).spawn(name).unwrap();
    let is_other = named.thread().id() != thread::current().id();
    let before = named.thread().name().map(str::to_owned);
    let without = thread::spawn(name).join().unwrap();
    format!("{is_other} {before:?} {:?} {without:?}", named.join().unwrap())
}

pub fn numbers_are_changed_in_one_step() -> String {
    let number = AtomicU64::new(12);
    let order = Ordering::SeqCst;
    let before = [
        number.fetch_add(3, order),
        number.fetch_sub(1, order),
        number.fetch_and(6, order),
        number.fetch_or(9, order),
        number.fetch_xor(1, order),
        number.fetch_nand(2, order),
        number.fetch_max(20, order),
        number.fetch_min(9, order),
        number.swap(5, order),
    ];
    let exchanged = [
        number.compare_exchange(5, 6, order, Ordering::Relaxed),
        number.compare_exchange(5, 7, order, Ordering::Relaxed),
    ];
    let flag = AtomicBool::new(true);
    let flags = [flag.fetch_and(false, order), flag.fetch_not(order), flag.fetch_xor(true, order)];
    format!("{before:?} {exchanged:?} {flags:?} {flag:?} {number:?}")
}

pub fn small_numbers_wrap_around() -> String {
    let (state, low) = (AtomicU8::new(255), AtomicI16::new(i16::MIN));
    let order = Ordering::SeqCst;
    let exchanged = state.compare_exchange(255, 254, order, order);
    let before = [state.fetch_add(3, order).into(), low.fetch_sub(1, order)];
    format!("{exchanged:?} {before:?} {state:?} {low:?}")
}

pub fn numbers_are_changed_by_a_function() -> String {
    let number = AtomicI32::new(0);
    let add = |limit| {
        let add = |old| (old < limit).then_some(old + 1);
        number.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add)
    };
    thread::scope(|scope| {
        scope.spawn(|| add(9));
        scope.spawn(|| add(9));
    });
    format!("{:?} {:?}", add(3), add(3))
}

pub fn a_thread_spins() -> String {
    let flag = AtomicBool::new(false);
    let turns = Mutex::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !flag.load(Ordering::Acquire) {
                hint::spin_loop();
            }
            while *turns.lock().unwrap() == 0 {
                thread::yield_now();
            }
        });
        flag.store(true, Ordering::Release);
        *turns.lock().unwrap() = 1;
    });
    format!("{flag:?}")
}

pub fn a_thread_spins_at_a_lock() -> String {
    let (taken, inside) = (AtomicBool::new(false), AtomicI32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while taken.swap(true, Ordering::Acquire) {
                    thread::sleep(SHORT);
                }
                let before = inside.load(Ordering::Relaxed);
                inside.store(before + 1, Ordering::Relaxed);
                taken.store(false, Ordering::Release);
            });
        }
    });
    format!("{inside:?}")
}

pub fn values_are_taken_out() -> String {
    let mut lock = Mutex::from(1);
    *lock.get_mut().unwrap() += 1;
    let mut readers: RwLock<i32> = RwLock::default();
    *readers.get_mut().unwrap() += 1;
    let mut number = AtomicI32::from(1);
    *number.get_mut() += 1;
    let dynamic: Arc<Mutex<dyn std::fmt::Debug + Send>> = Arc::new(Mutex::new(3));
    let shown = format!("{:?}", dynamic.lock().unwrap());
    format!("{:?} {:?} {} {shown}", lock.into_inner(), readers.into_inner(), number.into_inner())
}
