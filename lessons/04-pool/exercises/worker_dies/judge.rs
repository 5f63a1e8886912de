//! Is each task done by a worker, or reported, when workers are killed? Is each dead worker
//! replaced, and waited for, and each that lives used again?

use std::slice;

use anyhow::{Result, bail, ensure};
use record::{End, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "04-pool",
    name: "worker_dies",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "task 0 is lost"),
        ("right/thread_each", ""),
        ("right/tries_again", ""),
        ("right/when_needed", ""),
        ("cheats/avoids", "task 0 was given to no worker"),
        ("cheats/does_it_itself", "was given to no worker"),
        ("cheats/goes_on", "prints the wrong lines"),
        ("cheats/immortal", "task 0 was given to no worker"),
        ("cheats/leaves_zombies", "was never waited for"),
        ("cheats/one_each", "it starts 7 workers"),
        ("cheats/one_worker", "one worker does all tasks, and the pool has two"),
        ("cheats/only_replaces", "task 0 is lost"),
        ("cheats/only_reports", "prints the wrong lines"),
    ],
};

/// How many workers are to be there at a time.
const WORKERS: usize = 2;

/// With this many tasks, two workers both get some: if not the first time, in one of these tries.
const MANY: usize = 40;
const TRIES: usize = 5;

/// The number of SIGKILL.
const KILL: i32 = 9;

/// The tasks. Some are there twice; 0 is the one that kills.
const CASES: [&[u64]; 4] =
    [&[3, 0, 11, 0, 0, 5, 7], &[2, 3, 4, 5, 6, 7, 8], &[0, 0, 12], &[4, 4, 9, 4, 0]];

fn judge(trial: &Trial) -> Result<()> {
    for tasks in CASES {
        let words: Vec<String> = tasks.iter().map(u64::to_string).collect();
        let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        let case = format!("with {}", words.join(" "));
        judge_case(trial, tasks, &arguments).map_err(Fault::of(&case))?;
    }
    both_work(trial)
}

/// Checks that two workers do the tasks.
fn both_work(trial: &Trial) -> Result<()> {
    let tasks = || (2..).take(MANY);
    let words: Vec<String> = tasks().map(|task: u64| task.to_string()).collect();
    let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut lines = Vec::new();
    // Which worker gets a task is chance, and one of them may come too late for any.
    for _ in 0..TRIES {
        let record = trial.record(&arguments)?;
        let workers = record.children_of(record.main());
        let works = |worker: &&i32| {
            tasks().any(|task| done_by(&record, slice::from_ref(*worker), task * task) > 0)
        };
        if workers.iter().filter(works).count() >= WORKERS {
            return Ok(());
        }
        lines = record.lines(|event| event.child.is_some() || event.end.is_some());
    }
    let what = format!("with {MANY} tasks: one worker does all tasks, and the pool has two");
    bail!(Fault::new(what, lines))
}

fn judge_case(trial: &Trial, tasks: &[u64], arguments: &[&str]) -> Result<()> {
    let record = trial.record(arguments)?;
    record.require_no_panic()?;
    let main = record.main();
    let workers = record.children_of(main);
    // By task 0, and not by its parent.
    let killed = workers.iter().filter(|worker| kills_itself(&record, **worker)).count();
    let deadly = tasks.iter().filter(|task| **task == 0).count();

    let ran = trial.run(arguments)?;
    let reported = ran.lines.iter().filter(|line| line.starts_with("0: ")).count();
    let printed = || ran.lines.iter().map(|line| format!("it printed: {line}")).collect();
    ensure!(
        reported >= deadly.min(1),
        Fault::new("task 0 is lost: nothing says that its worker died", printed())
    );
    let line = |task: &u64| match task {
        0 => "0: its worker died".to_owned(),
        task => format!("{task}: {}", task * task),
    };
    let expected: Vec<String> = tasks.iter().map(line).collect();
    ran.require_lines_in_any_order(&expected)?;

    let ends = || record.lines(|event| event.child.is_some() || event.end.is_some());
    ensure!(
        killed >= deadly,
        Fault::new("task 0 was given to no worker: too few were killed by it", ends())
    );
    for task in tasks.iter().filter(|task| **task != 0) {
        let what = format!("task {task} was given to no worker: none has written its result");
        let times = tasks.iter().filter(|other| *other == task).count();
        ensure!(done_by(&record, &workers, task * task) >= times, Fault::new(what, ends()));
    }
    let count = workers.len();
    ensure!(
        count <= WORKERS + killed,
        Fault::new(
            format!("it starts {count} workers, although {killed} have died: use them again"),
            ends()
        )
    );
    record.require_all_waited_for()
}

fn kills_itself(record: &Record, worker: i32) -> bool {
    let mut own = record.events.iter().filter(|event| event.process == worker);
    record.end_of(worker) == Some(End::Killed(KILL))
        && own.any(|event| event.group == Group::Signal && event.text.contains("SIGKILL"))
}

/// How often one of these processes has written this result.
fn done_by(record: &Record, workers: &[i32], result: u64) -> usize {
    let text = format!("\"{result}\\n\"");
    let written = record.events.iter().filter(|event| {
        workers.contains(&event.process)
            && matches!(event.group, Group::Data | Group::Print)
            && event.text.contains(&text)
            && event.text.contains("write")
    });
    written.count()
}
