use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// Reads each source in a thread of its own, and does the work in one more thread. Returns all
/// results.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let (numbers_tx, numbers) = sync_channel(1);
    let (results_tx, results) = sync_channel(1);
    let mut running = sources.len();
    for source in sources {
        let numbers_tx = numbers_tx.clone();
        thread::spawn(move || {
            for number in source {
                numbers_tx.send(Some(number)).unwrap();
            }
            numbers_tx.send(None).unwrap();
        });
    }
    thread::spawn(move || {
        while running > 0 {
            match numbers.recv().unwrap() {
                Some(number) => results_tx.send(work(number)).unwrap(),
                None => running -= 1,
            }
        }
    });
    results.iter().collect()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
