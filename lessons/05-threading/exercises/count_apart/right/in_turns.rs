use std::thread;

/// Counts the items for which `is_wanted` returns true. It divides them into parts of the same
/// size, as far as possible, and has a thread for each.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    // Thread 0 has the items 0, 2, 4, …
    thread::scope(|scope| {
        let threads: Vec<_> = (1..parts)
            .map(|first| {
                let part = items.iter().skip(first).step_by(parts);
                scope.spawn(move || part.filter(|item| is_wanted(item)).count())
            })
            .collect();
        let mut count = items.iter().step_by(parts).filter(|item| is_wanted(item)).count();
        for thread in threads {
            count += thread.join().unwrap();
        }
        count
    })
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
