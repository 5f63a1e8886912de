use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// Takes as many results as there are in `main`, at most.
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
    thread::spawn(move || {
        for number in numbers {
            results_tx.send(work(number)).unwrap();
        }
    });
    // The worker's channel ends when the last sender is gone, and this is one.
    drop(numbers_tx);
    results.iter().take(6).collect()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
