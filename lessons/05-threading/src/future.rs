//! A result that is not there yet: it can be waited for with a time limit, and several can be taken
//! in the order in which they are complete. Compare with `join`, and with `future.py`.

use std::iter;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{paced, panics, text};
use crossbeam::channel::{Receiver, RecvTimeoutError, Select, bounded};

const SECOND: Duration = Duration::from_secs(1);

pub fn run() -> Result<()> {
    panics::silence();
    println!("a result that takes a second:");
    wait_twice(submit("half of 8", || half(8, SECOND))?, paced(SECOND / 10));

    println!("three results, as they are complete:");
    let pending = [
        submit("half of 4", || half(4, SECOND))?,
        submit("half of 7", || half(7, SECOND * 6 / 10))?,
        submit("half of 6", || half(6, SECOND * 2 / 10))?,
    ];
    for (name, result) in as_completed(pending.into()) {
        report(&name, result);
    }
    Ok(())
}

fn half(number: u32, time: Duration) -> u32 {
    thread::sleep(paced(time));
    assert!(number.is_multiple_of(2), "{number} is odd");
    number / 2
}

/// The result of a task that may still be running.
struct Pending<T> {
    value: Receiver<T>,
    thread: JoinHandle<()>,
}

fn submit<T: Send + 'static>(
    name: &str,
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<Pending<T>> {
    // With room for the value, so that the thread never waits.
    let (tx, value) = bounded(1);
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // If the receiver is gone, nobody wants it any more.
        let _ = tx.send(task());
    });
    Ok(Pending { value, thread: thread.context("start a thread")? })
}

impl<T> Pending<T> {
    fn name(&self) -> String {
        self.thread.thread().name().unwrap_or("a thread").to_owned()
    }

    /// The result, or all of this again if it has not come in time.
    fn result(self, limit: Duration) -> Result<thread::Result<T>, Pending<T>> {
        match self.value.recv_timeout(limit) {
            Err(RecvTimeoutError::Timeout) => Err(self),
            end => Ok(self.ended(end.ok())),
        }
    }

    /// The result, however long it takes.
    fn wait(self) -> thread::Result<T> {
        let value = self.value.recv().ok();
        self.ended(value)
    }

    /// The value that the thread has sent, or else the panic that has ended it.
    fn ended(self, value: Option<T>) -> thread::Result<T> {
        self.thread.join().map(|()| value.expect("without a panic it sends a value"))
    }
}

fn wait_twice(pending: Pending<u32>, limit: Duration) {
    let (name, start) = (pending.name(), Instant::now());
    let result = match pending.result(limit) {
        Ok(result) => result,
        Err(pending) => {
            println!("  {name}: not there after {}", text::time(start.elapsed()));
            pending.wait()
        }
    };
    report(&name, result);
}

/// Each result with the name of its thread. The one that is there first comes first.
fn as_completed<T>(
    mut pending: Vec<Pending<T>>,
) -> impl Iterator<Item = (String, thread::Result<T>)> {
    iter::from_fn(move || {
        if pending.is_empty() {
            return None;
        }
        let mut select = Select::new();
        for it in &pending {
            select.recv(&it.value);
        }
        let ready = select.select();
        let place = ready.index();
        let value = ready.recv(&pending[place].value).ok();

        let first = pending.swap_remove(place);
        Some((first.name(), first.ended(value)))
    })
}

fn report(name: &str, result: thread::Result<u32>) {
    match result {
        Ok(half) => println!("  {name}: {half}"),
        Err(panic) => println!("  {name}: panicked: {}", panics::message(&*panic)),
    }
}

#[cfg(test)]
mod tests {
    use crossbeam::channel::Sender;
    use testing::printed;

    use super::*;

    /// A task that returns what it is sent, or panics if that is nothing.
    fn echo(name: &str) -> (Sender<u32>, Pending<u32>) {
        let (tx, rx) = bounded(1);
        (tx, submit(name, move || rx.recv().expect("a number")).unwrap())
    }

    #[test]
    fn a_result_comes_when_it_is_there_and_not_before() {
        for limit in [Duration::ZERO, Duration::from_millis(1)] {
            let (number, pending) = echo("echo");
            let Err(pending) = pending.result(limit) else { panic!("it is there already") };
            number.send(77).unwrap();
            assert_eq!(pending.wait().unwrap(), 77);

            let (number, pending) = echo("echo");
            number.send(78).unwrap();
            let result = pending.result(Duration::from_secs(60));
            assert_eq!(result.ok().expect("it is there").unwrap(), 78);
        }
    }

    #[test]
    fn a_panic_is_a_result_with_a_limit_and_without() {
        let ways: [fn(Pending<u32>) -> thread::Result<u32>; 2] =
            [Pending::wait, |it| it.result(Duration::MAX).ok().unwrap()];
        for way in ways {
            let (number, pending) = echo("echo");
            drop(number);
            let panic = way(pending).unwrap_err();
            assert!(panics::message(&*panic).contains("a number"));
        }
    }

    #[test]
    fn results_come_in_the_order_in_which_they_are_complete() {
        let (mut numbers, pending): (Vec<_>, Vec<_>) =
            ["a", "b", "c", "d"].into_iter().map(echo).unzip();
        let mut results = as_completed(pending);
        for (place, name) in [(2, "c"), (0, "a"), (1, "d"), (0, "b")] {
            numbers.remove(place).send(5).unwrap();
            let (first, result) = results.next().unwrap();
            assert_eq!((&*first, result.unwrap()), (name, 5));
        }
        assert!(results.next().is_none());
    }

    #[test]
    fn what_is_reported_is_what_came() {
        let lines = printed::lines("0", || {
            wait_twice(submit("half of 90", || half(90, SECOND)).unwrap(), SECOND * 60);
            report("a", Ok(3));
            report("b", submit("b", || half(9, SECOND)).unwrap().wait());
        });
        // The hook of the tests prints on the other stream.
        assert_eq!(lines, ["  half of 90: 45", "  a: 3", "  b: panicked: 9 is odd"]);
    }
}
