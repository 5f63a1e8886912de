//! A thread that nobody joins is detached. It outlives the thread that started it, and ends
//! with the process, half-way. Compare with `join`.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::paced;
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    let meeting = Arc::new(Barrier::new(2));
    let theirs = Arc::clone(&meeting);
    let maker = thread::Builder::new().name("maker".to_owned()).spawn(move || {
        println!("tid {}: I start a thread, and drop its handle", gettid());
        let detached = thread::Builder::new().name("detached".to_owned());
        detached.spawn(move || work(&theirs)).map(drop)
    });
    let maker = maker.context("start a thread")?.join().ok().context("join: it panicked")?;
    maker.context("start a thread in a thread")?;
    println!("main: the thread that started it has ended");

    meeting.wait();
    meeting.wait();
    thread::sleep(paced(Duration::from_secs(1)));
    println!("main: I return");
    Ok(())
}

fn work(meeting: &Barrier) {
    let _guard = TidyUp;
    meeting.wait();
    println!("tid {}: I am still here, and half of my work is done", gettid());
    meeting.wait();
    // No other thread comes to this one.
    meeting.wait();
    println!("tid {}: all of my work is done", gettid());
}

struct TidyUp;

impl Drop for TidyUp {
    fn drop(&mut self) {
        println!("tid {}: I tidy up", gettid());
    }
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_thread_that_is_met_a_third_time_does_all_of_its_work_and_tidies_up() {
        let lines = printed::lines("0", || {
            let meeting = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| work(&meeting));
                (0..3).for_each(|_| _ = meeting.wait());
            });
        });
        let told: Vec<_> = lines.iter().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(
            told,
            ["I am still here, and half of my work is done", "all of my work is done", "I tidy up"]
        );
    }
}
