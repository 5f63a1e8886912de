use std::sync::{Arc, Mutex};
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// The sources do the work themselves, and cannot read on while it is done.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let shared = Arc::new(Mutex::new((work, Vec::new())));
    let threads: Vec<_> = sources
        .into_iter()
        .map(|source| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for number in source {
                    let mut shared = shared.lock().unwrap();
                    let result = (shared.0)(number);
                    shared.1.push(result);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let results = shared.lock().unwrap().1.clone();
    results
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
