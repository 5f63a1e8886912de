use std::env::{args, current_exe};
use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use crossbeam::channel::{Receiver, unbounded};
use nix::sys::signal::{Signal, raise};

/// A pool of one.
pub fn main() {
    if args().nth(1).as_deref() == Some("worker") {
        return work();
    }
    let (tx, tasks) = unbounded();
    for task in args().skip(1) {
        tx.send(task).expect("the receiver is there");
    }
    drop(tx);
    // Each of these threads has a worker of its own, and gives it one task after the other.
    thread::scope(|scope| {
        for _ in 0..1 {
            scope.spawn(|| hand_out(&tasks));
        }
    });
}

fn hand_out(tasks: &Receiver<String>) {
    let mut worker = Worker::start();
    for task in tasks {
        match worker.run(&task) {
            Some(result) => println!("{task}: {result}"),
            None => {
                println!("{task}: its worker died");
                worker.end();
                worker = Worker::start();
            }
        }
    }
    worker.end();
}

struct Worker {
    child: Child,
    tasks: ChildStdin,
    results: BufReader<ChildStdout>,
}

impl Worker {
    fn start() -> Worker {
        let mut command = Command::new(current_exe().expect("current_exe"));
        command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("start a worker");
        let tasks = child.stdin.take().expect("piped");
        let results = BufReader::new(child.stdout.take().expect("piped"));
        Worker { child, tasks, results }
    }

    /// Returns the task's result, or `None` if the worker has died of it.
    fn run(&mut self, task: &str) -> Option<String> {
        writeln!(self.tasks, "{task}").ok()?;
        let mut result = String::new();
        let length = self.results.read_line(&mut result).ok()?;
        (length > 0).then(|| result.trim().to_owned())
    }

    /// Lets it end, and waits for it.
    fn end(mut self) {
        drop(self.tasks);
        self.child.wait().expect("wait");
    }
}

/// A worker squares each number that comes, until no more can come. Task 0 kills it, as the kernel
/// does to a process when memory runs out.
fn work() {
    for task in stdin().lines() {
        let number: u64 = task.expect("read").parse().expect("a number");
        if number == 0 {
            raise(Signal::SIGKILL).expect("raise");
        }
        println!("{}", number * number);
    }
}
