//! A pool of processes: four workers share five tasks. The first worker to finish gets
//! the last task. Compare with `notes.py`, the same in Python, and with the demo `threads`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{self, Child};
use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender};
use nix::unistd::getpid;

use crate::tasks::{self, TASKS};

/// A worker, as the parent sees it: its ends of the two channels between them.
struct Worker {
    commands: IpcSender<usize>,
    results: IpcReceiver<Duration>,
}

pub fn run(workers: usize) -> Result<()> {
    println!("Parent process (pid {}).", getpid());
    let start = Instant::now();
    let mut children = Vec::new();

    let results = start_workers(workers, &mut children).and_then(hand_out_tasks);

    // The channels are closed now, even after an error, so every worker ends. Wait for all
    // of them before reporting one that ended badly.
    let ends: Vec<_> = children.into_iter().map(Child::join).collect();
    ends.into_iter().collect::<Result<()>>()?;

    let results = results?;
    ensure!(results.len() == TASKS.len(), "{} of {} tasks done", results.len(), TASKS.len());
    println!("All subprocesses done.");
    let (work, time) = (results.iter().sum::<Duration>(), start.elapsed());
    println!("{:.2} seconds of work in {:.2} seconds.", work.as_secs_f64(), time.as_secs_f64());
    Ok(())
}

/// Forks the workers, and adds each to `children`, so that it is known even after an error.
fn start_workers(count: usize, children: &mut Vec<Child>) -> Result<Vec<Worker>> {
    let mut workers = Vec::new();
    for _ in 0..count {
        let (commands, worker_commands) = ipc::channel().context("ipc::channel")?;
        // Each worker has a result channel of its own: when it closes, that worker has ended.
        let (worker_results, results) = ipc::channel().context("ipc::channel")?;

        match child::fork()? {
            None => {
                // Copies of the parent's ends. A channel closes only when the last copy of
                // its sender is gone.
                drop((workers, commands, results));
                child::exit(work(&worker_commands, &worker_results))
            }
            Some(child) => children.push(child),
        }
        drop((worker_commands, worker_results));
        workers.push(Worker { commands, results });
    }
    Ok(workers)
}

/// Runs each task that arrives, until the parent closes the channel.
fn work(commands: &IpcReceiver<usize>, results: &IpcSender<Duration>) -> Result<()> {
    let pid = format!("pid {}", getpid());
    loop {
        match commands.recv() {
            Ok(task) => results.send(tasks::run(task, &pid)).context("send a result")?,
            Err(IpcError::Disconnected) => return Ok(()),
            Err(error) => return Err(error).context("recv a task"),
        }
    }
}

/// Gives each worker a task, and another one whenever it has sent a result. Returns all
/// results when all workers have closed their channels.
fn hand_out_tasks(workers: Vec<Worker>) -> Result<Vec<Duration>> {
    let mut queue = 0..TASKS.len();
    let mut set = IpcReceiverSet::new().context("IpcReceiverSet::new")?;
    let mut commands = HashMap::new();
    for (worker, task) in workers.into_iter().zip(&mut queue) {
        worker.commands.send(task).context("send a task")?;
        commands.insert(set.add(worker.results).context("add")?, worker.commands);
    }
    println!("Waiting for all subprocesses done...");

    let mut results = Vec::new();
    let mut open = commands.len();
    while open > 0 {
        for event in set.select().context("select")? {
            match event {
                IpcSelectionResult::MessageReceived(worker, message) => {
                    results.push(message.to().context("decode a result")?);
                    match queue.next() {
                        Some(task) => commands[&worker].send(task).context("send a task")?,
                        // No more tasks: close its channel, and it ends.
                        None => drop(commands.remove(&worker)),
                    }
                }
                // It has ended. `waitpid` will report how.
                IpcSelectionResult::ChannelClosed(_) => open -= 1,
            }
        }
    }
    Ok(results)
}
