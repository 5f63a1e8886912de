use std::sync::Mutex;
use std::thread;

/// Each has a counter of its own, but they take turns.
pub fn count<T: Sync>(items: &[T], parts: usize, is_wanted: fn(&T) -> bool) -> usize {
    let size = items.len().div_ceil(parts).max(1);
    let turn = Mutex::new(());
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for part in items.chunks(size) {
            threads.push(scope.spawn(|| {
                let _turn = turn.lock().unwrap();
                part.iter().filter(|item| is_wanted(item)).count()
            }));
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
