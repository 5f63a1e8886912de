use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a thread is to do.
pub type Task = Box<dyn FnOnce() -> u32 + Send>;

/// Each thread holds the lock of the results as long as its task runs.
pub fn run_all(tasks: Vec<Task>) -> Vec<Result<u32, String>> {
    let count = tasks.len();
    let results = Arc::new(Mutex::new(vec![Err("it has panicked".to_owned()); count]));
    let threads: Vec<_> = tasks
        .into_iter()
        .enumerate()
        .map(|(number, task)| {
            let results = Arc::clone(&results);
            thread::spawn(move || {
                let mut results = results.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                results[number] = catch_unwind(AssertUnwindSafe(task)).map_err(message);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let results = results.lock().unwrap().clone();
    results
}

/// The message of a panic.
pub fn message(panic: Box<dyn Any + Send>) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text.to_string()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}

fn half(number: u32) -> u32 {
    assert!(number % 2 == 0, "{number} is odd");
    number / 2
}

pub fn main() {
    let tasks = [6, 7, 8].map(|number| Box::new(move || half(number)) as Task);
    for result in run_all(tasks.into()) {
        match result {
            Ok(half) => println!("a thread has returned {half}"),
            Err(message) => println!("a thread has panicked: {message}"),
        }
    }
}
