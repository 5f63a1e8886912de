//! Are the results in the order of the arguments, although the jobs end in another? Do the jobs run
//! at the same time? They wait for each other, so those of a program that runs fewer than three at
//! a time never end.

use anyhow::Result;

use crate::practice::{Exercise, Fault, Judge, Signals, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "04-pool",
    name: "in_order",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "prints the wrong lines"),
        ("right/as_soon_as_possible", ""),
        ("right/children", ""),
        ("right/one_channel_each", ""),
        ("right/threads", ""),
        ("cheats/last_first", "prints the wrong lines"),
        ("cheats/no_failures", "with 5 jobs: it prints the wrong lines"),
        ("cheats/numbers_when_done", "prints the wrong lines"),
        ("cheats/one_after_the_other", "1 of its jobs is running and"),
        ("cheats/one_worker", "1 of its jobs is running and"),
        ("cheats/runs_again", "job 1 was run 2 times"),
        ("cheats/reads_the_jobs", "with 5 jobs: it prints the wrong lines"),
        // With 1 job; on a slow machine, its sleep is too short for the 12 jobs already.
        ("cheats/sleeps", "with 1"),
        ("cheats/sorts_as_text", "with 12 jobs: it prints the wrong lines"),
        ("cheats/sorts_the_results", "prints the wrong lines"),
        ("cheats/waits_for_the_pool", "prints the wrong lines"),
    ],
};

/// In each: the jobs, and what they print. In the first, job 1 ends only when others have; in the
/// second, job 2 and job 3 do. One that fails has printed something, too. The third
/// takes longer than a program that does not wait for it.
const CASES: [(&[&str], &[&str]); 3] = [
    (
        &[
            "wait 0; echo plum",
            "wait 1; echo apple",
            "give 1; echo pear",
            "echo apple",
            "echo apple",
            "echo kiwi",
            "give 0; echo lime",
            "echo fig",
            "echo",
            "echo fig",
            "echo quince",
            "echo date",
        ],
        &[
            "plum", "apple", "pear", "apple", "apple", "kiwi", "lime", "fig", "", "fig", "quince",
            "date",
        ],
    ),
    (
        &[
            "echo $((3 * 3))",
            "wait 0; echo 10",
            "wait 1; echo 8",
            "echo 11; exit 1",
            "give 0; give 1; echo 7",
        ],
        &["9", "10", "8", "11", "7"],
    ),
    (&["sleep 0.6; echo alone"], &["alone"]),
];

/// How many of them run at the same time.
const AT_A_TIME: usize = 3;

fn judge(trial: &Trial) -> Result<()> {
    for (commands, expected) in CASES {
        let case = match commands.len() {
            1 => "with 1 job".to_owned(),
            count => format!("with {count} jobs"),
        };
        judge_case(trial, commands, expected).map_err(Fault::of(&case))?;
    }
    Ok(())
}

fn judge_case(trial: &Trial, commands: &[&str], expected: &[&str]) -> Result<()> {
    let signals = Signals::new(2)?;
    let jobs = signals.jobs(commands);
    let arguments: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let record = trial.record_jobs(&arguments, commands.len(), AT_A_TIME)?;
    record.require_no_panic()?;
    record.require_jobs_once(commands.len())?;
    record.require_all_waited_for()?;

    let signals = Signals::new(2)?;
    let jobs = signals.jobs(commands);
    let arguments: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
    trial.run(&arguments)?.require_lines(&expected)
}
