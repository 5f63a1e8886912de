//! Threads that borrow from the stack of the thread that starts them. The scope ends when all
//! of them have done their work. Compare with `scopes`, which has crossbeam's scope beside it.

use std::thread;

use anyhow::{Context, Result};
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    let mut numbers = [1, 2, 3, 4];
    println!("main: {numbers:?} at {:p}", &numbers);
    double_in_two_threads(&mut numbers)?;
    println!("main: {numbers:?} at {:p}", &numbers);
    Ok(())
}

/// Each thread has a half of the numbers to itself.
fn double_in_two_threads(numbers: &mut [u32; 4]) -> Result<()> {
    let (left, right) = numbers.split_at_mut(2);
    thread::scope(|scope| {
        for half in [left, right] {
            let thread = thread::Builder::new().spawn_scoped(scope, || double(half));
            thread.context("start a thread")?;
        }
        Ok(())
    })
}

fn double(half: &mut [u32]) {
    println!("  tid {}: I double {half:?} at {:p}", gettid(), half.as_ptr());
    for number in half {
        *number *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_is_doubled_where_it_is() {
        let mut numbers = [10, 0, 7, 1];
        double_in_two_threads(&mut numbers).unwrap();
        assert_eq!(numbers, [20, 0, 14, 2]);
    }
}
