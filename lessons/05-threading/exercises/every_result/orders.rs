//! What must hold in every order.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use harness::Scenario;
use harness::unseen::{AtomicUsize, SeqCst, thread_bit};

use super::program::{Task, run_all};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "two tasks return 3 and 4",
        run: || require(vec![returns(3), returns(4)], &[Ok(3), Ok(4)]),
    },
    Scenario { name: "the second of two tasks panics", run: second_panics },
    Scenario { name: "the first of two tasks panics", run: first_panics },
    Scenario { name: "both tasks panic", run: both_panic },
    Scenario { name: "each of three tasks waits for a value from the next one", run: backwards },
    Scenario { name: "a task waits for a value from one that panics", run: loses_its_sender },
    Scenario { name: "there are no tasks", run: || require(Vec::new(), &[]) },
];

fn returns(number: u32) -> Task {
    Box::new(move || number)
}

fn panics(message: &'static str) -> Task {
    Box::new(move || panic!("{message}"))
}

fn second_panics() {
    let tasks = vec![returns(1), panics("the disk is full")];
    require(tasks, &[Ok(1), Err("the disk is full")]);
}

fn first_panics() {
    require(vec![panics("the disk is full"), returns(2)], &[Err("the disk is full"), Ok(2)]);
}

fn both_panic() {
    // One message is made when the thread panics, the other is in the program's text.
    fn no_more() -> u32 {
        panic!("no more")
    }
    require(vec![panics("9 is odd"), Box::new(no_more)], &[Err("9 is odd"), Err("no more")]);
}

/// None of them can end before all have been started.
fn backwards() {
    // Their names are for the reader of an order.
    let (judges_channel_2_to_1, second) = channel();
    let (judges_channel_3_to_2, third) = channel();
    let tasks: Vec<Task> = vec![
        Box::new(move || received(second)),
        Box::new(move || {
            let number = received(third);
            send(judges_channel_2_to_1, number - 1);
            number
        }),
        Box::new(move || {
            send(judges_channel_3_to_2, 8);
            9
        }),
    ];
    require(tasks, &[Ok(7), Ok(8), Ok(9)]);
}

/// Does not drop the sender: that would be one step more, and many orders more.
fn send(tx: Sender<u32>, number: u32) {
    tx.send(number).expect("another task receives");
    mem::forget(tx);
}

fn received(rx: Receiver<u32>) -> u32 {
    let number = rx.recv().expect("another task sends");
    mem::forget(rx);
    number
}

/// A panic drops what the task has: so the other task learns of it.
fn loses_its_sender() {
    let (judges_channel, rx) = channel::<u32>();
    let waits = Box::new(move || rx.recv().unwrap_or(0));
    let panics = Box::new(move || {
        let _tx = judges_channel;
        panic!("{} is odd", 5)
    });
    require(vec![waits, panics], &[Ok(0), Err("5 is odd")]);
}

fn require(tasks: Vec<Task>, expected: &[Result<u32, &str>]) {
    let count = tasks.len();
    // A bit for each thread that does a task.
    let threads = Arc::new(AtomicUsize::new(0));
    let tasks = tasks.into_iter().map(|task| noting(task, &threads)).collect();
    let results = panic::catch_unwind(AssertUnwindSafe(|| run_all(tasks)));
    let results = results.unwrap_or_else(|why| match message(&*why) {
        Some(message) => panic!("`run_all` panics ({message}), and no result is left"),
        None => panic::resume_unwind(why),
    });
    assert!(
        results.len() == count,
        "{count} tasks, but {}: {}",
        match results.len() {
            1 => "only one result".to_owned(),
            many => format!("{many} results"),
        },
        list(&results)
    );
    for (number, (result, expected)) in (1..).zip(results.iter().zip(expected)) {
        let expected = expected.map_err(str::to_owned);
        assert!(
            *result == expected,
            "the result of task {number} is {}, and not {}",
            text(result),
            text(&expected)
        );
    }
    let threads = threads.load(SeqCst);
    assert!(threads & thread_bit() == 0, "the thread that calls `run_all` does a task itself");
    let threads = threads.count_ones() as usize;
    assert!(threads == count, "tasks share a thread: each should have one of its own");
}

/// The same task, which notes the thread that does it.
fn noting(task: Task, threads: &Arc<AtomicUsize>) -> Task {
    let threads = Arc::clone(threads);
    Box::new(move || {
        threads.fetch_or(thread_bit(), SeqCst);
        task()
    })
}

/// The message of a panic, if it is one of the program's.
fn message(why: &(dyn Any + Send)) -> Option<&str> {
    let text = why.downcast_ref::<&str>().copied();
    text.or_else(|| why.downcast_ref::<String>().map(String::as_str))
}

fn list(results: &[Result<u32, String>]) -> String {
    results.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn text(result: &Result<u32, String>) -> String {
    match result {
        Ok(number) => number.to_string(),
        Err(message) => format!("a panic with '{message}'"),
    }
}
