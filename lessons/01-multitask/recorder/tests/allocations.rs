//! A measurement should not disturb what it measures: recording allocates no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use recorder::{Error, Recording, now, record_readings, record_until};

thread_local! {
    /// How often this thread has allocated memory.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts.
struct Counting;

// SAFETY: it passes everything on to the system's allocator. Counting allocates nothing:
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

/// Records until the clock has jumped at least once, and asserts that memory was
/// allocated once: before the recording.
fn assert_one_allocation(record: impl Fn() -> Result<Recording, Error>) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let before = COUNT.get();
        let recording = record().unwrap();
        let count = COUNT.get() - before;
        assert_eq!(count, 1, "{} stretches", recording.stretches.len());
        if recording.stretches.len() > 2 {
            return;
        }
        assert!(Instant::now() < deadline, "in 30 seconds no recording with jumps of the clock");
    }
}

#[test]
fn a_recording_until_a_time_allocates_once() {
    assert_one_allocation(|| record_until(now()? + Duration::from_millis(20)));
}

#[test]
fn a_recording_of_a_number_of_readings_allocates_once() {
    assert_one_allocation(|| record_readings(200_000));
}

#[test]
fn the_counter_counts() {
    let before = COUNT.get();
    let mut numbers = std::hint::black_box(Vec::<u64>::with_capacity(1));
    numbers.extend([1, 2, 3]);
    assert_eq!(COUNT.get() - before, 2, "one to reserve, one to grow");
}
