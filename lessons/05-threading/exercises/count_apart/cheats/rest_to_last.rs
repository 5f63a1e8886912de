use std::thread;

/// Counts the items for which `is_wanted` returns true. The last thread has its part, and all that
/// is left.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len() / parts;
    thread::scope(|scope| {
        let start = |part: usize| {
            let end = if part + 1 == parts { items.len() } else { (part + 1) * size };
            let items = &items[part * size..end];
            scope.spawn(move || items.iter().filter(|item| is_wanted(item)).count())
        };
        let threads: Vec<_> = (0..parts).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
