use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// Reads each source in a thread of its own, and does the work in one more thread. Returns all
/// results.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let (results_tx, results) = sync_channel(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            let (numbers_tx, numbers) = sync_channel(1);
            let threads: Vec<_> = sources
                .into_iter()
                .map(|source| {
                    let numbers_tx = numbers_tx.clone();
                    thread::spawn(move || {
                        for number in source {
                            if numbers_tx.send(number).is_err() {
                                return;
                            }
                        }
                    })
                })
                .collect();
            drop(numbers_tx);
            while let Ok(number) = numbers.recv() {
                results_tx.send(work(number)).unwrap();
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
        let mut all = Vec::new();
        while let Ok(result) = results.recv() {
            all.push(result);
        }
        all
    })
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
