//! A thread's result comes back through `join`. So does a panic, with its message, and
//! the other threads carry on. Compare with `detach`, where nobody joins.

use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use common::{paced, panics};
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    panics::silence();
    halve([6, 7, 8])
}

/// The one in the middle is odd.
fn halve(numbers: [u32; 3]) -> Result<()> {
    let [first, odd, last] = numbers;
    println!("three threads, for the halves of {first}, {odd} and {last}");
    // The main thread waits there, too, and the thread that panics never gets there.
    let panic_is_over = Arc::new(Barrier::new(numbers.len()));
    let threads = numbers.map(|number| {
        let panic_is_over = Arc::clone(&panic_is_over);
        thread::Builder::new().name(format!("half of {number}")).spawn(move || {
            let half = half(number);
            panic_is_over.wait();
            println!("  tid {}: I go on, and return {half}", gettid());
            half
        })
    });
    let threads = threads.into_iter().collect::<Result<Vec<_>, _>>();
    let mut threads = threads.context("start a thread")?;

    report_end(threads.remove(1));
    thread::sleep(paced(Duration::from_secs(1)));
    panic_is_over.wait();
    threads.into_iter().for_each(report_end);
    Ok(())
}

fn half(number: u32) -> u32 {
    assert!(number.is_multiple_of(2), "{number} is odd");
    number / 2
}

fn report_end(thread: JoinHandle<u32>) {
    let name = thread.thread().name().unwrap_or("a thread").to_owned();
    match thread.join() {
        Ok(half) => println!("main: '{name}' returned {half}"),
        Err(panic) => println!("main: '{name}' panicked: {}", panics::message(&*panic)),
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use testing::printed;

    use super::*;

    #[test]
    fn the_result_and_the_message_of_a_thread_are_printed() {
        let lines = printed::lines("0", || {
            panics::silence();
            let start = |name: &str, work: fn() -> u32| {
                thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
            };
            report_end(start("half of 6", || 99));
            report_end(start("half of 8", || panic!("it is {}", "late")));
        });
        assert_eq!(
            lines,
            ["main: 'half of 6' returned 99", "main: 'half of 8' panicked: it is late"]
        );
    }

    #[test]
    fn a_thread_panics_and_the_others_return() {
        let lines = printed::lines("0", || {
            panic::set_hook(Box::new(|_| println!("a panic of {:?}", thread::current().name())));
            halve([20, 5, 30]).unwrap();
        });
        assert!(lines.contains(&"a panic of Some(\"half of 5\")".to_owned()), "{lines:#?}");
        let by_main: Vec<_> = lines.iter().filter(|line| line.starts_with("main: ")).collect();
        assert_eq!(
            by_main,
            [
                "main: 'half of 5' panicked: 5 is odd",
                "main: 'half of 20' returned 10",
                "main: 'half of 30' returned 15"
            ]
        );
    }

    #[test]
    fn a_half_is_half_and_of_an_odd_number_there_is_none() {
        assert_eq!(half(1000), 500);
        assert!(thread::spawn(|| half(9)).join().is_err());
    }
}
