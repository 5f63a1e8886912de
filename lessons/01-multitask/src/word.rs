//! A word processor does three things at once: as three threads of one process,
//! and then as three processes. Each adds to a variable and looks at it again.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::child::{self, Child};
use common::paced;
use nix::unistd::{ForkResult, fork, getpid, gettid};

/// Its name, and what it adds.
type Subtask = (&'static str, u32);

/// The subtasks of the notes.
const SUBTASKS: [Subtask; 3] = [("typing", 1), ("spelling", 10), ("printing", 100)];

pub fn run() -> Result<()> {
    println!("three threads, started by pid {}:", getpid());
    as_threads(SUBTASKS)?;
    println!("\nthree processes, started by pid {}:", getpid());
    as_processes()
}

fn as_threads(subtasks: [Subtask; 3]) -> Result<()> {
    let variable = Arc::new(AtomicU32::new(0));
    let barrier = Arc::new(Barrier::new(subtasks.len()));
    let threads = subtasks.into_iter().map(|(name, amount)| {
        let (variable, barrier) = (Arc::clone(&variable), Arc::clone(&barrier));
        let wait = move || {
            barrier.wait();
            Ok(())
        };
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || subtask(name, amount, &variable, wait))
    });
    // All of them before the first join: it would wait for one that is missing.
    let threads = threads.collect::<Result<Vec<_>, _>>().context("start a thread")?;
    for thread in threads {
        thread.join().ok().context("join: the thread panicked")??;
    }
    report("main", "nothing", &variable);
    Ok(())
}

fn as_processes() -> Result<()> {
    let variable = &AtomicU32::new(0);
    let (mut added, to_parent) = pipe().context("pipe")?;
    let (all_have_added, from_parent) = pipe().context("pipe")?;
    let parent = getpid();
    let mut children = Vec::new();
    for (name, amount) in SUBTASKS {
        child::ensure_one_thread()?;
        // SAFETY: there is no other thread (the three have been joined), so no lock is held
        // by a thread that the child lacks.
        match unsafe { fork() }.context("fork")? {
            ForkResult::Child => {
                // The others read to the end of this pipe, and it ends only when no process
                // has this write end open.
                drop(from_parent);
                let wait = || arrive_and_wait(to_parent, all_have_added);
                let work = || subtask(name, amount, variable, wait);
                child::exit(child::end_with(parent).and_then(|()| work()))
            }
            ForkResult::Parent { child } => children.push(Child::new(child)),
        }
    }
    drop(to_parent);
    added.read_exact(&mut [0; SUBTASKS.len()]).context("wait until all have added")?;
    drop(from_parent);
    for child in children {
        child.join()?;
    }
    report("main", "nothing", variable);
    Ok(())
}

/// What each of them does, thread or process.
fn subtask(
    name: &str,
    amount: u32,
    variable: &AtomicU32,
    wait_for_the_others: impl FnOnce() -> Result<()>,
) -> Result<()> {
    thread::sleep(paced(Duration::from_millis(300)));
    variable.fetch_add(amount, SeqCst);
    wait_for_the_others()?;
    report(name, &amount.to_string(), variable);
    Ok(())
}

/// A barrier for processes: a byte says that this process has arrived, and the pipe from
/// the parent ends when all have.
fn arrive_and_wait(mut to_parent: PipeWriter, mut from_parent: PipeReader) -> Result<()> {
    to_parent.write_all(&[1]).context("write to the parent")?;
    from_parent.read_to_end(&mut Vec::new()).context("wait for the others")?;
    Ok(())
}

fn report(name: &str, added: &str, variable: &AtomicU32) {
    let (tid, pid, sees) = (gettid(), getpid(), variable.load(SeqCst));
    println!("{name:8}  tid {tid} of pid {pid}: added {added}, sees {sees}");
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn threads_see_what_all_of_them_have_added() {
        let lines = printed::lines("0", || {
            as_threads([("writing", 2), ("reading", 30), ("counting", 400)]).unwrap();
        });
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.ends_with(", sees 432")), "{lines:#?}");
        assert!(lines[3].starts_with("main "), "{lines:#?}");
    }
}
