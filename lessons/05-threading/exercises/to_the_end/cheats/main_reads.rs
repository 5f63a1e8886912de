use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// The worker collects the results, and the caller reads the last source.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let (numbers_tx, numbers) = sync_channel(1);
    let worker = thread::spawn(move || numbers.iter().map(work).collect());
    let mut sources = sources;
    let last = sources.pop();
    for source in sources {
        let numbers_tx = numbers_tx.clone();
        thread::spawn(move || {
            for number in source {
                numbers_tx.send(number).unwrap();
            }
        });
    }
    for number in last.into_iter().flatten() {
        numbers_tx.send(number).unwrap();
    }
    drop(numbers_tx);
    worker.join().unwrap()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
