use std::sync::mpsc::sync_channel;
use std::thread;

/// Where numbers come from, one after another.
pub type Source = Box<dyn Iterator<Item = u32> + Send>;

/// What is done with each number.
pub type Work = Box<dyn Fn(u32) -> u32 + Send>;

/// Reads the sources to their ends, and only then begins to work.
pub fn process(sources: Vec<Source>, work: Work) -> Vec<u32> {
    let threads: Vec<_> = sources
        .into_iter()
        .map(|source| thread::spawn(move || source.collect::<Vec<_>>()))
        .collect();
    let numbers: Vec<u32> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    thread::spawn(move || numbers.into_iter().map(work).collect()).join().unwrap()
}

pub fn main() {
    let sources: Vec<Source> = vec![Box::new(1..=3), Box::new(11..=13)];
    let results = process(sources, Box::new(|number| number * number));
    println!("{} squares: {results:?}", results.len());
}
