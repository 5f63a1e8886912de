//! The main thread starts a second thread and waits until it has ended. Each thread asks for its
//! own name. Compare with `notes.py`, the same in Python.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::paced;

pub fn run() -> Result<()> {
    println!("thread {} is running...", current_name());

    let t = thread::Builder::new().name("LoopThread".to_owned()).spawn(count);
    let t = t.context("start a thread")?;
    t.join().ok().context("join: the thread panicked")?;

    println!("thread {} ended.", current_name());
    Ok(())
}

/// What the second thread does. (The notes call it `loop`, which is a keyword in Rust.)
fn count() {
    println!("thread {} is running...", current_name());
    for n in 1..=5 {
        println!("thread {} >>> {n}", current_name());
        thread::sleep(paced(Duration::from_secs(1)));
    }
    println!("thread {} ended.", current_name());
}

/// The name of the thread that calls this.
fn current_name() -> String {
    thread::current().name().unwrap_or("without a name").to_owned()
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_thread_counts_under_the_name_that_it_has() {
        let lines = printed::lines("0", || {
            thread::Builder::new().name("Other".to_owned()).spawn(count).unwrap().join().unwrap();
        });
        assert_eq!(lines.len(), 7);
        assert!(lines.iter().all(|line| line.starts_with("thread Other ")), "{lines:#?}");
    }
}
