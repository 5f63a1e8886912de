use std::sync::Mutex;
use std::thread;

/// Counts the items for which `is_wanted` returns true. It divides them into parts of the same
/// size, as far as possible, and has a thread for each.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    let total = Mutex::new(0);
    thread::scope(|scope| {
        for part in items.chunks(size) {
            scope.spawn(|| {
                let mut count = 0;
                for item in part.iter() {
                    if is_wanted(item) {
                        count += 1;
                    }
                }
                *total.lock().unwrap() += count;
            });
        }
    });
    total.into_inner().unwrap()
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
