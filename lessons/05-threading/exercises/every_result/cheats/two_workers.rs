use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

/// What a thread is to do.
pub type Task = Box<dyn FnOnce() -> u32 + Send>;

/// Two threads take the tasks one after another, from the last to the first.
pub fn run_all(tasks: Vec<Task>) -> Vec<Result<u32, String>> {
    let results = Mutex::new(vec![Ok(0); tasks.len()]);
    let tasks = Mutex::new(tasks.into_iter().enumerate().collect::<Vec<_>>());
    let work = || {
        loop {
            let next = tasks.lock().unwrap().pop();
            let Some((place, task)) = next else { break };
            let result = catch_unwind(AssertUnwindSafe(task)).map_err(message);
            results.lock().unwrap()[place] = result;
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    results.into_inner().unwrap()
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
