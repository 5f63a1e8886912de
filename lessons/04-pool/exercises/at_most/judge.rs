//! Are there never more jobs at the same time than the limit, and as many as that while there are
//! jobs? Is each waited for? The jobs wait for each other, so those of a program that runs too few
//! at a time never end.

use std::time::Duration;

use anyhow::{Result, ensure};
use common::text;
use record::{End, Event, Group};

use crate::practice::{Exercise, Fault, JobRun, Judge, Record, Signals, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "04-pool",
    name: "at_most",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "runs at the same time as 3 others"),
        ("right/forks", ""),
        ("right/pool", ""),
        ("right/threads", ""),
        (
            "cheats/batches",
            "2 of its jobs are running and 7 are not started yet, but it starts none",
        ),
        ("cheats/forgets_last", "was never waited for"),
        ("cheats/naps", "it looks again and again whether a child has ended"),
        ("cheats/no_status", "its exit status is 0, and not 2"),
        ("cheats/oldest_first", "not started yet, but it starts none"),
        ("cheats/one_by_one", "not started yet, but it starts none"),
        ("cheats/one_fewer", "not started yet, but it starts none"),
        ("cheats/one_more", "runs at the same time as 3 others"),
        ("cheats/only_once", "runs at the same time as"),
        ("cheats/sleeps", "it sleeps for a fixed time"),
        ("cheats/spins", "system calls"),
    ],
};

/// How often the program may ask, without a pause, whether a child has ended.
const MAX_ASKED: usize = 60;

/// More CPU time than a program needs that waits.
const MAX_CPU: Duration = Duration::from_millis(80);

/// In each: the limit, the jobs, and how many of them fail.
const CASES: [(usize, &[&str], i32); 4] = [
    // Job 1 waits until 9 runs at the same time as it and 8.
    (
        3,
        &[
            "wait 0",
            "wait 1",
            "sleep 0.2; exit 3",
            "sleep 0.1; give 1",
            "true",
            "kill $$",
            "true",
            "wait 2",
            "sleep 0.1; give 2; give 0",
            "sleep 0.1",
        ],
        2,
    ),
    (1, &["sleep 0.1", "exit 1", "exit 2"], 2),
    (5, &["wait 0", "wait 1", "wait 2", "wait 3", "give 0; give 1; give 2; give 3"], 0),
    (4, &["wait 0", "give 0"], 0),
];

fn judge(trial: &Trial) -> Result<()> {
    for (limit, commands, failed) in CASES {
        let signals = Signals::new(4)?;
        let jobs = signals.jobs(commands);
        let limit_text = limit.to_string();
        let arguments: Vec<&str> =
            [&limit_text[..]].into_iter().chain(jobs.iter().map(String::as_str)).collect();
        let case = format!("with a limit of {limit}");
        let record = trial.record_jobs(&arguments, commands.len(), limit);
        let record = record.map_err(Fault::of(&case))?;
        judge_record(&record, limit, commands.len(), failed).map_err(Fault::of(&case))?;
    }
    let ran = trial.run(&["1", "sleep 0.2"])?;
    let (cpu, time) = (text::time(ran.cpu), text::time(ran.time));
    let what = format!("it uses {cpu} of CPU time to wait for {time}");
    ensure!(ran.cpu < MAX_CPU, Fault::new(what, Vec::new()));
    Ok(())
}

fn judge_record(record: &Record, limit: usize, count: usize, failed: i32) -> Result<()> {
    record.require_no_panic()?;
    let sleeps = |event: &Event| event.group == Group::Sleep && event.process == record.main();
    let sleeps = record.lines(sleeps);
    ensure!(
        sleeps.is_empty(),
        Fault::new("it sleeps for a fixed time, and does not wait for the end of a job", sleeps)
    );
    let shown = || {
        record.lines(|event| {
            let job = record.jobs().iter().any(|run| run.process == event.id);
            job && (event.group == Group::Exec || event.end.is_some())
        })
    };
    let runs = record.jobs();
    for run in &runs {
        let runs_then = |other: &&JobRun| other.start < run.start && run.start < other.end;
        let others = runs.iter().filter(|other| other.number != run.number).filter(runs_then);
        let others = others.count();
        ensure!(
            others < limit,
            Fault::new(
                format!("job {} runs at the same time as {others} others", run.number),
                shown()
            )
        );
    }
    let asks = |event: &Event| event.group == Group::Wait && event.asks();
    if let Some(asked) = record.longest_spin(asks).filter(|asked| asked.len() > MAX_ASKED) {
        let count = asked.len();
        let what = format!("it makes {count} system calls, without a pause, to ask for ended jobs");
        return Err(Fault::new(what, record.lines(asks)).into());
    }
    record.require_no_naps_between_asks()?;
    record.require_all_waited_for()?;
    record.require_jobs_once(count)?;
    let status = match record.end_of(record.main()) {
        Some(End::Exited(status)) => status,
        _ => -1,
    };
    let what = format!("its exit status is {status}, and not {failed}");
    ensure!(status == failed, Fault::new(what, shown()));
    Ok(())
}
