use std::thread;

/// Each thread has a copy of its part.
pub fn count<T: Clone + Send + 'static>(
    items: &[T],
    parts: usize,
    is_wanted: fn(&T) -> bool,
) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    let mut threads = Vec::new();
    for part in items.chunks(size) {
        let part = part.to_vec();
        threads.push(thread::spawn(move || part.iter().filter(|item| is_wanted(item)).count()));
    }
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
