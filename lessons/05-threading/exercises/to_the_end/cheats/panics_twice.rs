use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// Reads each source in a thread of its own, and does the work in one more thread. Returns all
/// results.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    // Channels with room for one number: a sender that is too fast waits.
    let (numbers_tx, numbers) = sync_channel(1);
    let (results_tx, results) = sync_channel(1);
    for source in sources {
        let numbers_tx = numbers_tx.clone();
        thread::spawn(move || {
            for number in source {
                numbers_tx.send(number).unwrap();
            }
        });
    }
    let (count_tx, count) = sync_channel(1);
    let _worker = Worker(count);
    thread::spawn(move || {
        let mut count = 0;
        for number in numbers {
            results_tx.send(work(number)).unwrap();
            count += 1;
        }
        count_tx.send(count).unwrap();
    });
    drop(numbers_tx);
    let results: Vec<u32> = results.iter().collect();
    assert!(results.len() != 2, "no more than two results");
    results
}

/// When it is dropped, it waits for the worker, which has counted its numbers.
struct Worker(Receiver<usize>);

impl Drop for Worker {
    fn drop(&mut self) {
        if thread::panicking() {
            panic!("the worker has counted {}", self.0.iter().sum::<usize>());
        }
    }
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
