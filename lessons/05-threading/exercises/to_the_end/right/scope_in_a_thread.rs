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
    let collects = thread::spawn(move || {
        let (results_tx, results) = sync_channel(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                for number in numbers {
                    results_tx.send(work(number)).unwrap();
                }
            });
            results.into_iter().collect()
        })
    });
    for source in sources {
        let numbers_tx = numbers_tx.clone();
        thread::spawn(move || source.for_each(|number| numbers_tx.send(number).unwrap()));
    }
    drop(numbers_tx);
    collects.join().unwrap()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
