use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a thread is to do.
pub type Task = Box<dyn FnOnce() -> u32 + Send>;

/// Sleeps in place of joining.
pub fn run_all(tasks: Vec<Task>) -> Vec<Result<u32, String>> {
    let results = Arc::new(Mutex::new(vec![Err("it has panicked".to_owned()); tasks.len()]));
    for (number, task) in tasks.into_iter().enumerate() {
        let results = Arc::clone(&results);
        thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(task)).map_err(message);
            results.lock().unwrap()[number] = result;
        });
    }
    thread::sleep(Duration::from_millis(300));
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
