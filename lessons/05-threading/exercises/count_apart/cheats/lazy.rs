use std::thread;

/// The iterator is lazy: it joins each thread before it starts the next one.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    thread::scope(|scope| {
        items
            .chunks(size)
            .map(|part| scope.spawn(|| part.iter().filter(|item| is_wanted(item)).count()))
            .map(|thread| thread.join().unwrap())
            .sum()
    })
}

fn is_prime(number: &u32) -> bool {
    *number >= 2 && (2..*number).all(|divisor| number % divisor > 0)
}

pub fn main() {
    let numbers: Vec<u32> = (1..=10_000).collect();
    println!("there are {} primes up to 10000", count(&numbers, 2, is_prime));
}
