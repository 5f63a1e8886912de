//! What must hold in every order.

use std::cell::Cell;
use std::iter;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use harness::unseen::{AtomicUsize, SeqCst, thread_bit};
use harness::{Scenario, settle};

use super::program::{Source, Work, process};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a source has the numbers 1 and 2",
        run: || require(vec![list(&[1, 2])], &[2, 3]),
    },
    Scenario { name: "there is no source", run: || require(Vec::new(), &[]) },
    Scenario {
        name: "a source is empty, and another one has the number 3",
        run: || require(vec![list(&[]), list(&[3])], &[4]),
    },
    Scenario {
        name: "a source has the numbers 0, 7, 0 and 8, and is faster than the work",
        run: is_bounded,
    },
    Scenario { name: "a source has the numbers 0 to 7, and the work is slow", run: many },
    Scenario {
        name: "two sources have a number each, and give it when both are read",
        run: both_are_read,
    },
    Scenario {
        name: "a source gives its second number while the first is worked on",
        run: overlap,
    },
];

/// Does not say how many numbers there will be.
fn list(numbers: &'static [u32]) -> Source {
    let mut numbers = numbers.iter();
    Box::new(iter::from_fn(move || numbers.next().copied()))
}

fn plus_one() -> Work {
    Box::new(|number| number + 1)
}

/// Each says that it is read, and waits for the other one.
fn both_are_read() {
    // Their names are for the reader of an order.
    let (judges_channel_1_to_2, from_1) = channel();
    let (judges_channel_2_to_1, from_2) = channel();
    let sources = [(10u32, judges_channel_1_to_2, from_2), (20, judges_channel_2_to_1, from_1)];
    let sources = sources.map(|(number, here, other)| {
        let mut ends = Some((here, other));
        Box::new(iter::from_fn(move || {
            let (here, other) = ends.take()?;
            send(here);
            receive(other);
            Some(number)
        })) as Source
    });
    require(sources.into(), &[11, 21]);
}

/// The source and the work wait for each other.
fn overlap() {
    let (judges_work_to_source, begun) = channel();
    let (judges_source_to_work, read_on) = channel();
    let (mut count, mut ends) = (0, Some((judges_source_to_work, begun)));
    let source = iter::from_fn(move || {
        count += 1;
        if count == 2 {
            let (reads, begun) = ends.take()?;
            send(reads);
            receive(begun);
        }
        (count <= 2).then_some(count)
    });
    let ends = Cell::new(Some((judges_work_to_source, read_on)));
    let work = move |number| {
        if let Some((works, read_on)) = ends.take() {
            send(works);
            receive(read_on);
        }
        number + 1
    };
    let results = process(vec![Box::new(source)], Box::new(work));
    assert_results(results, &[2, 3]);
}

fn is_bounded() {
    // To count these is no step.
    let (given, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most = Arc::new(AtomicUsize::new(0));
    let source = {
        let (given, done, most) = (Arc::clone(&given), Arc::clone(&done), Arc::clone(&most));
        iter::from_fn(move || {
            let number = given.load(SeqCst);
            most.fetch_max(number - done.load(SeqCst), SeqCst);
            given.store(number + 1, SeqCst);
            [0, 7, 0, 8].get(number).copied()
        })
    };
    let work = move |number| {
        done.fetch_add(1, SeqCst);
        number + 1
    };
    let results = process(vec![Box::new(source)], Box::new(work));
    assert_results(results, &[1, 8, 1, 9]);
    // One number is worked on, and there is room for one more, or for a few.
    let most = most.load(SeqCst);
    assert!(most <= 3, "{most} numbers wait for the work: is there room for so many?");
}

/// More numbers than in the program's `main`. The work is so slow that there are few orders.
fn many() {
    let work = |number| {
        settle();
        number + 1
    };
    let results = process(vec![Box::new(0..8)], Box::new(work));
    assert_results(results, &[1, 2, 3, 4, 5, 6, 7, 8]);
}

fn require(sources: Vec<Source>, expected: &[u32]) {
    let count = sources.len();
    // A bit for each thread that reads a source, and for each that does the work.
    let (readers, workers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let sources = sources.into_iter().map(|mut source| {
        let readers = Arc::clone(&readers);
        Box::new(iter::from_fn(move || {
            readers.fetch_or(thread_bit(), SeqCst);
            source.next()
        })) as Source
    });
    let work = {
        let (work, workers) = (plus_one(), Arc::clone(&workers));
        Box::new(move |number| {
            workers.fetch_or(thread_bit(), SeqCst);
            work(number)
        })
    };
    let results = process(sources.collect(), work);
    assert_results(results, expected);
    let (readers, workers) = (readers.load(SeqCst), workers.load(SeqCst));
    assert!(workers & thread_bit() == 0, "the thread that calls `process` does the work itself");
    assert!(readers & thread_bit() == 0, "the thread that calls `process` reads a source itself");
    assert!(readers & workers == 0, "a thread that reads a source does the work, too");
    assert!(
        readers.count_ones() as usize == count,
        "sources share a thread: each should have one of its own"
    );
}

/// The results of different sources can come in any order.
fn assert_results(mut results: Vec<u32>, expected: &[u32]) {
    results.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert!(results == expected, "the results are {results:?}, and not {expected:?}");
}

/// Does not drop the sender: that would be one step more, and many orders more.
fn send(tx: Sender<()>) {
    tx.send(()).expect("it is received");
    mem::forget(tx);
}

fn receive(rx: Receiver<()>) {
    rx.recv().expect("it is sent");
    mem::forget(rx);
}
