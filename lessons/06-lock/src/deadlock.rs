//! Two threads take the same two locks in opposite order: each has one and waits for the
//! other. The explorer finds it; then two real threads do it, under a deadline; then both
//! take the locks in the same order. Compare with `schedule`.

use std::io::{self, PipeWriter, Read, Write};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child;
use common::{paced, pidfd, proc, text};
use explorer::{self, Explorer, Program};
use nix::unistd::{Pid, gettid};

use crate::found::{show_simplest, try_all};

/// Moves money from one account to another, both locked.
fn transfer(from: &explorer::Mutex<i64>, to: &explorer::Mutex<i64>, n: i64) {
    let mut from = from.lock();
    let mut to = to.lock();
    *from -= n;
    *to += n;
}

/// One thread moves 5 from a to b. The other moves 8 from b to a: with the lock of b
/// first, or in order.
fn transfers(program: &mut Program, in_order: bool) {
    let (a, b) = (explorer::Mutex::new("a", 100), explorer::Mutex::new("b", 100));
    {
        let (a, b) = (a.clone(), b.clone());
        program.thread("t1", move || transfer(&a, &b, 5));
    }
    program.thread("t2", move || match in_order {
        true => transfer(&a, &b, -8),
        false => transfer(&b, &a, 8),
    });
}

pub fn run() -> Result<()> {
    let explorer = Explorer::default();
    println!("t1 locks a, then b; t2 locks b, then a:");
    try_all(explorer, |program| transfers(program, false))?;
    show_simplest(explorer, |program| transfers(program, false), include_str!("deadlock.rs"))?;

    println!("two real threads, and a second to end:");
    live(false)?;
    println!("both lock a, then b:");
    try_all(explorer, |program| transfers(program, true))?;
    live(true)
}

/// Two real threads in a process of their own, which can be killed.
fn live(in_order: bool) -> Result<()> {
    let (mut said, say) = io::pipe().context("pipe")?;
    let child = child::fork_child(move || lock_both(in_order, &say))?;
    if in_order {
        child.join()?;
        println!("  both have ended");
        return Ok(());
    }
    // Each has one lock now, and has said who it is.
    let mut threads = Vec::new();
    for _ in 0..2 {
        let mut tid = [0; 4];
        said.read_exact(&mut tid).context("read from the pipe")?;
        let tid = Pid::from_raw(i32::from_ne_bytes(tid));
        ensure!(proc::wait_until_asleep(tid)?, "tid {tid} has ended, and was to wait for ever");
        threads.push((proc::field(format!("/proc/{tid}/status"), "Name")?, tid));
    }
    threads.sort();
    for (name, tid) in threads {
        println!("  {name} (tid {tid}) sleeps");
    }
    let deadline = paced(Duration::from_secs(1));
    let ended = pidfd::wait(&pidfd::open(child.pid())?, Some(deadline))?;
    ensure!(!ended, "both have ended, and were to wait for ever");
    println!("  still there after {}: only the end of the process ends it", text::time(deadline));
    Ok(())
}

/// What the child does. Before it asks for the second lock a thread waits until the other
/// has its first; in the same order one of them cannot, so there they do not wait.
fn lock_both(in_order: bool, say: &PipeWriter) -> Result<()> {
    let (a, b, both) = (Mutex::new(()), Mutex::new(()), Barrier::new(2));
    let run = |name: &str, [(first, one), (second, other)]: [(&str, &Mutex<()>); 2]| {
        let _first = one.lock().expect(NO_PANIC);
        if !in_order {
            both.wait();
        }
        let tid = gettid();
        println!("  {name} (tid {tid}) has {first} and wants {second}");
        (&mut &*say).write_all(&tid.as_raw().to_ne_bytes()).expect("the parent reads");
        let _second = other.lock().expect(NO_PANIC);
        println!("  {name} (tid {tid}) has both");
    };
    let (a, b) = (("a", &a), ("b", &b));
    thread::scope(|scope| {
        let t1 = thread::Builder::new().name("t1".to_owned());
        let t1 = t1.spawn_scoped(scope, || run("t1", [a, b])).context("start a thread")?;
        let t2 = thread::Builder::new().name("t2".to_owned());
        let t2 = t2.spawn_scoped(scope, || run("t2", if in_order { [a, b] } else { [b, a] }));
        for thread in [t1, t2.context("start a thread")?] {
            thread.join().ok().context("join: the thread panicked")?;
        }
        Ok(())
    })
}

const NO_PANIC: &str = "no thread panics while it holds the lock";
