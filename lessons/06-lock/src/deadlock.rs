//! Two threads take the same two locks in opposite order: each has one and waits for the
//! other. The explorer finds that; two real threads show it, in a process that is killed after
//! a second. Then both take the locks in the same order. Compare with `schedule`.

use std::io::{self, Read, Write};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child;
use common::menu::Options;
use common::{paced, pidfd, proc, text};
use explorer::{self, Explorer, Program};
use nix::unistd::{Pid, gettid};

use crate::found::{show_simplest, try_all};
use crate::game::{Game, Played};

/// Moves money from one account to another, both locked.
fn transfer(from: &explorer::Mutex<i64>, to: &explorer::Mutex<i64>, n: i64) {
    let mut from = from.lock();
    let mut to = to.lock();
    *from -= n;
    *to += n;
}

/// One thread moves 5 from a to b, the other moves 8 from b to a. Each locks the account
/// first that it takes the money from.
fn opposite_order(program: &mut Program) {
    let (a, b) = (explorer::Mutex::new("a", 100), explorer::Mutex::new("b", 100));
    let (a1, b1) = (a.clone(), b.clone());
    program.thread("t1", move || transfer(&a1, &b1, 5));
    program.thread("t2", move || transfer(&b, &a, 8));
}

/// The same, and both lock a first.
fn same_order(program: &mut Program) {
    let (a, b) = (explorer::Mutex::new("a", 100), explorer::Mutex::new("b", 100));
    let (a1, b1) = (a.clone(), b.clone());
    program.thread("t1", move || transfer(&a1, &b1, 5));
    program.thread("t2", move || transfer(&a, &b, -8));
}

pub fn run(options: &Options) -> Result<()> {
    if options.has("--html") {
        return Game::new(played(), include_str!("deadlock.rs")).play(options);
    }
    let explorer = Explorer::default();
    println!("t1 locks a, then b; t2 locks b, then a:");
    try_all(explorer, opposite_order)?;
    show_simplest(explorer, opposite_order, include_str!("deadlock.rs"))?;
    let deadline = paced(Duration::from_secs(1));
    println!("two real threads, which get {} to finish:", text::time(deadline));
    real_opposite_order(deadline)?;

    println!("both lock a, then b:");
    try_all(explorer, same_order)?;
    real_same_order()
}

/// Both programs, for a page.
fn played() -> Vec<Played> {
    let right = "the money is moved";
    let (hint, keys) = (String::new(), "1, 2");
    let opposite = Played {
        program: Box::new(opposite_order),
        title: "two locks in opposite order: make both threads wait for ever",
        right,
        hint: hint.clone(),
        keys,
    };
    let title = "both lock a first: can you make them wait for ever?";
    vec![opposite, Played { program: Box::new(same_order), title, right, hint, keys }]
}

/// An account of the real threads.
struct Account {
    name: &'static str,
    money: Mutex<i64>,
}

static A: Account = Account { name: "a", money: Mutex::new(100) };
static B: Account = Account { name: "b", money: Mutex::new(100) };

/// Moves money; calls `between` when this thread has its first lock.
fn move_money(from: &Account, to: &Account, n: i64, between: impl Fn()) {
    let (thread, tid) = (thread::current(), gettid());
    let thread = thread.name().expect("it has a name");
    let mut money = from.money.lock().expect(NO_PANIC);
    println!("  {thread} (tid {tid}) has {} and wants {}", from.name, to.name);
    between();
    let mut others = to.money.lock().expect(NO_PANIC);
    println!("  {thread} (tid {tid}) has both");
    *money -= n;
    *others += n;
}

/// Two real threads, in a process of their own that can be killed.
fn real_opposite_order(deadline: Duration) -> Result<()> {
    let (reader, writer) = io::pipe().context("pipe")?;
    let child = child::fork_child(move || {
        let both = Barrier::new(2);
        // No thread asks for its second lock before each has its first. Reports its id then.
        let meet = || {
            both.wait();
            (&writer).write_all(&gettid().as_raw().to_ne_bytes()).expect("the parent reads");
        };
        run_threads(|| move_money(&A, &B, 5, meet), || move_money(&B, &A, 8, meet))
    })?;
    report_asleep(reader)?;
    let ended = pidfd::wait(&pidfd::open(child.pid())?, Some(deadline))?;
    ensure!(!ended, "both have ended, and were to wait for ever");
    println!("  still there after {}; I kill their process", text::time(deadline));
    println!("  it was {}", child::describe(child.kill()?));
    Ok(())
}

/// Waits until the two threads whose ids it reads are asleep.
fn report_asleep(mut reader: impl Read) -> Result<()> {
    let mut threads = Vec::new();
    for _ in 0..2 {
        let mut tid = [0; 4];
        reader.read_exact(&mut tid).context("read from the pipe")?;
        let tid = Pid::from_raw(i32::from_ne_bytes(tid));
        ensure!(proc::poll_until_asleep(tid)?, "tid {tid} has ended, and was to wait for ever");
        threads.push((proc::field(format!("/proc/{tid}/status"), "Name")?, tid));
    }
    threads.sort();
    for (name, tid) in threads {
        println!("  {name} (tid {tid}) sleeps");
    }
    Ok(())
}

fn real_same_order() -> Result<()> {
    let child = child::fork_child(|| {
        run_threads(|| move_money(&A, &B, 5, || ()), || move_money(&A, &B, -8, || ()))
    })?;
    child.join()?;
    println!("  both have ended");
    Ok(())
}

fn run_threads(t1: impl FnOnce() + Send, t2: impl FnOnce() + Send) -> Result<()> {
    thread::scope(|scope| {
        let builder = |name: &str| thread::Builder::new().name(name.to_owned());
        let t1 = builder("t1").spawn_scoped(scope, t1).context("start a thread")?;
        let t2 = builder("t2").spawn_scoped(scope, t2).context("start a thread")?;
        for thread in [t1, t2] {
            thread.join().ok().context("join: the thread panicked")?;
        }
        Ok(())
    })
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use testing::printed;

    use super::*;

    #[test]
    fn a_thread_is_not_said_to_sleep_before_it_does() {
        static BUSY: AtomicBool = AtomicBool::new(true);
        printed::lines("0", || {
            let (reader, mut writer) = io::pipe().unwrap();
            let busy = thread::spawn(move || {
                for _ in 0..2 {
                    writer.write_all(&gettid().as_raw().to_ne_bytes()).unwrap();
                }
                while BUSY.load(Relaxed) {
                    std::hint::spin_loop();
                }
                thread::park();
            });
            let reports = thread::spawn(|| report_asleep(reader).unwrap());
            // Time enough for a report that does not wait.
            thread::sleep(Duration::from_millis(50));
            assert!(!reports.is_finished());
            BUSY.store(false, Relaxed);
            reports.join().unwrap();
            busy.thread().unpark();
            busy.join().unwrap();
        });
    }

    #[test]
    fn the_money_is_moved() {
        printed::lines("0", || {
            let t1 = thread::Builder::new().name("t1".to_owned());
            t1.spawn(|| move_money(&A, &B, 5, || ())).unwrap().join().unwrap();
            let left = [&A, &B].map(|account| *account.money.lock().unwrap());
            assert_eq!(left, [95, 105]);
        });
    }
}
