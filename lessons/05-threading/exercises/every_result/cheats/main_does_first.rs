use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// What a thread is to do.
pub type Task = Box<dyn FnOnce() -> u32 + Send>;

/// Does the first task itself, while the threads do the others.
pub fn run_all(tasks: Vec<Task>) -> Vec<Result<u32, String>> {
    let mut tasks = tasks.into_iter();
    let first = tasks.next();
    let threads: Vec<_> = tasks.map(thread::spawn).collect();
    let first = first.map(|task| catch_unwind(AssertUnwindSafe(task)).map_err(message));
    let others = threads.into_iter().map(|thread| thread.join().map_err(message));
    first.into_iter().chain(others).collect()
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
