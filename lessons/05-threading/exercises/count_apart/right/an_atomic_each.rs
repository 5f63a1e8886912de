use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Counts the items for which `is_wanted` returns true. It divides them into parts of the same
/// size, as far as possible, and has a thread for each.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    let counters: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for (part, counter) in items.chunks(size).zip(&counters) {
            scope.spawn(move || {
                for item in part {
                    if is_wanted(item) {
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
