//! Thousands of tasks wait at the same time: in a thread each, in one thread with epoll, and in
//! one thread with async. What they need, side by side. Compare with `crowd`.

mod by_async;
mod by_epoll;
mod by_threads;

use std::io::{Read, Write, pipe};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{self, Child};
use common::{Unsupported, paced, proc, text};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

/// Lets a task wait at each of the sockets, until all of them have ended.
type Serve = fn(Vec<UnixStream>) -> Result<()>;

pub fn run(tasks: usize) -> Result<()> {
    // A pair of sockets for each task, and some files that are open anyway.
    allow_descriptors(2 * tasks as u64 + 50)?;
    println!("Tasks: {tasks}. Each waits for a byte, answers with the next one, and waits again.");
    println!("          threads  all there    all answer      memory    one task");
    row("threads", tasks, by_threads::serve)?;
    row("epoll", tasks, by_epoll::serve)?;
    row("async", tasks, by_async::serve)
}

/// Lets this process open as many files as it needs, if the system lets it.
fn allow_descriptors(needed: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("getrlimit")?;
    if hard < needed {
        let why = format!("RLIMIT_NOFILE: {hard}, and {needed} are needed; --tasks sets how many");
        return Err(Unsupported(why).into());
    }
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(needed), hard).context("setrlimit")
}

/// The tasks are in a process of their own, and this one asks them.
fn row(name: &str, tasks: usize, serve: Serve) -> Result<()> {
    let pairs = (0..tasks).map(|_| UnixStream::pair()).collect::<Result<Vec<_>, _>>();
    let (mut ours, theirs): (Vec<_>, Vec<_>) = pairs.context("socketpair")?.into_iter().unzip();
    let (mut gate, open) = pipe().context("pipe")?;

    let Some(child) = child::fork()? else {
        drop((ours, open));
        let begin = gate.read(&mut [0]).context("wait for the beginning");
        child::exit(begin.and_then(|_| serve(theirs)));
    };
    drop((theirs, gate));
    // Polls /proc: it can sleep only at the gate, so nothing of it is counted as a task's.
    proc::poll_until_asleep(child.pid())?;
    let measured = measure(&child, &mut ours, || drop(open));
    if let Ok(Measured { threads, start, answers, bytes }) = &measured {
        let (start, answers) = (text::time(*start), text::time(*answers));
        let (all, one) = (*bytes as f64 / 1024.0, bytes / tasks as u64);
        println!(
            "{name:7} {threads:>9} {start:>10} {answers:>13} ≈ {all:>6.0} KiB ≈ {one:>5} bytes"
        );
        thread::sleep(paced(Duration::from_millis(200)));
    }
    // A task ends when nobody can ask it any more.
    drop(ours);
    // If the child has failed, it is the one that knows why.
    child.join().and(measured.map(drop))
}

struct Measured {
    threads: usize,
    /// Until all tasks were there, and had answered once.
    start: Duration,
    /// Until all had answered once more.
    answers: Duration,
    /// By how much their process has grown.
    bytes: u64,
}

fn measure(child: &Child, sockets: &mut [UnixStream], begin: impl FnOnce()) -> Result<Measured> {
    let before = anonymous(child.pid())?;
    let now = Instant::now();
    begin();
    ask(sockets)?;
    let start = now.elapsed();

    let bytes = anonymous(child.pid())?.saturating_sub(before);
    let threads = proc::field(format!("/proc/{}/status", child.pid()), "Threads")?;
    let now = Instant::now();
    ask(sockets)?;
    Ok(Measured { threads: threads.parse()?, start, answers: now.elapsed(), bytes })
}

/// Asks all tasks, and then takes their answers.
fn ask(sockets: &mut [UnixStream]) -> Result<()> {
    for (task, socket) in sockets.iter_mut().enumerate() {
        socket.write_all(&[task as u8]).with_context(|| format!("ask task {task}"))?;
    }
    for (task, socket) in sockets.iter_mut().enumerate() {
        let mut answer = [0];
        socket.read_exact(&mut answer).with_context(|| format!("the answer of task {task}"))?;
        ensure!(answer == [next(task as u8)], "task {task} has answered {answer:?}");
    }
    Ok(())
}

/// What a task answers.
fn next(byte: u8) -> u8 {
    byte.wrapping_add(1)
}

/// How many bytes of a process's memory are there and do not belong to a file: its heap and its
/// stacks. (Its code is loaded piece by piece while it runs, and belongs to no task.)
fn anonymous(process: Pid) -> Result<u64> {
    Ok(1024 * proc::kib(format!("/proc/{process}/smaps_rollup"), "Anonymous")?)
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::mem::ManuallyDrop;
    use std::net::Shutdown;

    use nix::unistd::getpid;

    use super::*;

    /// Pairs of sockets: those that ask, and those at which the tasks wait.
    fn pairs(count: usize) -> (Vec<UnixStream>, Vec<UnixStream>) {
        (0..count).map(|_| UnixStream::pair().unwrap()).unzip()
    }

    #[test]
    fn each_way_answers_with_the_next_byte_until_nobody_can_ask() {
        for serve in [by_threads::serve, by_epoll::serve, by_async::serve] {
            // More than the events that one call of epoll returns, and than a byte has values.
            let (mut ours, theirs) = pairs(300);
            let tasks = thread::spawn(move || serve(theirs));
            ask(&mut ours).unwrap();
            // In another order, and one that ends while the others wait.
            for byte in [255, 7, 0] {
                for socket in ours.iter_mut().rev() {
                    socket.write_all(&[byte]).unwrap();
                    let mut answer = [9];
                    socket.read_exact(&mut answer).unwrap();
                    assert_eq!(answer, [byte.wrapping_add(1)]);
                }
                drop(ours.swap_remove(0));
            }
            assert!(!tasks.is_finished());
            drop(ours);
            tasks.join().unwrap().unwrap();
        }
    }

    #[test]
    fn an_answer_that_is_wrong_or_missing_is_an_error() {
        let (mut ours, mut theirs) = pairs(2);
        theirs[0].write_all(&[1]).unwrap();
        theirs[1].write_all(&[1]).unwrap();
        let error = ask(&mut ours).unwrap_err();
        assert_eq!(error.to_string(), "task 1 has answered [1]");
        // Closing it might not be enough: a process that another test has just forked has it, too.
        theirs[0].shutdown(Shutdown::Both).unwrap();
        let error = ask(&mut ours).unwrap_err();
        assert_eq!(error.to_string(), "ask task 0");
    }

    #[test]
    fn what_is_measured_is_what_was_done() {
        // Not a child of its own: this process, which has the tasks.
        let this = ManuallyDrop::new(Child::new(getpid()));
        let (mut ours, theirs) = pairs(2);
        let [first, second] = [60, 30].map(Duration::from_millis);
        let begin = || {
            for mut socket in theirs {
                thread::spawn(move || {
                    // 8 MiB of memory, each page of it written to.
                    let memory = black_box(vec![1_u8; 8 << 20]);
                    for time in [first, second] {
                        let mut byte = [0];
                        socket.read_exact(&mut byte).unwrap();
                        thread::sleep(time);
                        socket.write_all(&[byte[0] + 1]).unwrap();
                    }
                    // Until nobody asks any more.
                    assert_eq!(socket.read(&mut [0]).unwrap(), 0);
                    drop(memory);
                });
            }
        };
        let now = Instant::now();
        let measured = measure(&this, &mut ours, begin).unwrap();
        let around = now.elapsed();
        assert!(measured.start >= first && measured.answers >= second);
        assert!(measured.start + measured.answers <= around);
        // Other tests of this process have memory, too.
        assert!((16 << 20..24 << 20).contains(&measured.bytes), "{}", measured.bytes);
        assert!(measured.threads >= 3);
    }
}
