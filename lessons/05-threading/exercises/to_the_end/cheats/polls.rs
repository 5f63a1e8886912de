use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// The worker looks again and again whether there is a number.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let (numbers_tx, numbers) = sync_channel(1);
    let running = Arc::new(AtomicUsize::new(sources.len()));
    for source in sources {
        let (numbers_tx, running) = (numbers_tx.clone(), Arc::clone(&running));
        thread::spawn(move || {
            for number in source {
                numbers_tx.send(number).unwrap();
            }
            running.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let worker = thread::spawn(move || {
        let mut results = Vec::new();
        loop {
            let is_over = running.load(Ordering::SeqCst) == 0;
            results.extend(numbers.try_iter().map(&work));
            if is_over {
                return results;
            }
            thread::yield_now();
        }
    });
    worker.join().unwrap()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
