//! Whoever measures should not disturb: no memory is asked for while recording.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use recorder::recording::Recording;
use recorder::{now, record_readings, record_until};

thread_local! {
    /// How often this thread has asked for memory.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts.
struct Counting;

// SAFETY: it passes all on to the system's allocator. Counting asks for no memory:
// the counter is a constant until it is changed, and has nothing to drop.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Records until there is something to record, a jump of the clock at least, and
/// asserts that memory was asked for once: before the recording.
fn is_reserved_once(record: impl Fn() -> Recording) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let before = COUNT.get();
        let recording = record();
        let count = COUNT.get() - before;
        assert_eq!(count, 1, "{} stretches", recording.stretches.len());
        if recording.stretches.len() > 2 {
            return;
        }
        assert!(Instant::now() < deadline, "in 30 seconds no recording with jumps of the clock");
    }
}

#[test]
fn a_recording_until_a_time_asks_for_memory_once() {
    is_reserved_once(|| record_until(now().unwrap() + Duration::from_millis(20)).unwrap());
}

#[test]
fn a_recording_of_so_many_readings_asks_for_memory_once() {
    is_reserved_once(|| record_readings(200_000).unwrap());
}

#[test]
fn the_counter_counts() {
    let before = COUNT.get();
    let mut numbers = std::hint::black_box(Vec::<u64>::with_capacity(1));
    numbers.extend([1, 2, 3]);
    assert_eq!(COUNT.get() - before, 2, "one to reserve, one to grow");
}
