use std::thread;

/// There is a thread for each item.
pub fn count<T: Sync>(items: &[T], _parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for part in items.chunks(1) {
            threads.push(scope.spawn(|| part.iter().filter(|item| is_wanted(item)).count()));
        }
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
