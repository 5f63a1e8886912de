use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Adds up after every second item: all threads still need the atomic again and again.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    let total = AtomicUsize::new(0);
    thread::scope(|scope| {
        for part in items.chunks(size) {
            scope.spawn(|| {
                for pair in part.chunks(2) {
                    let wanted = pair.iter().filter(|item| is_wanted(item)).count();
                    total.fetch_add(wanted, Ordering::Relaxed);
                }
            });
        }
    });
    total.into_inner()
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
