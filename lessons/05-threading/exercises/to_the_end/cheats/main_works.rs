use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// There is no worker: the thread that collects the results does the work.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let (numbers_tx, numbers) = sync_channel(1);
    for source in sources {
        let numbers_tx = numbers_tx.clone();
        thread::spawn(move || {
            for number in source {
                numbers_tx.send(number).unwrap();
            }
        });
    }
    drop(numbers_tx);
    numbers.iter().map(work).collect()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
