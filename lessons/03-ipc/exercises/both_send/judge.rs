//! Do two processes that send to each other more than a pipe holds both come to the end?

use anyhow::{Result, ensure};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "both_send",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it does not end; it waits here"),
        ("right/in_pieces", ""),
        ("right/poll", ""),
        ("right/thread", ""),
        ("cheats/a_file", "the parent reads 0 of the 2500000 bytes"),
        ("cheats/as_large_as_needed", "it makes a pipe larger"),
        ("cheats/both_receive_first", "it does not end; it waits here"),
        ("cheats/computes", "the parent reads 0 of the 2500000 bytes"),
        ("cheats/drops_the_rest", "the parent reads 65536 of the 2500000 bytes"),
        ("cheats/larger_pipe", "it does not end; it waits here"),
        ("cheats/sleeps", "it does not end; it waits here"),
        ("cheats/spins", "again and again"),
    ],
};

/// More than a pipe or a socket can be made to hold by an ordinary user.
const MANY: u64 = 2_500_000;

fn judge(trial: &Trial) -> Result<()> {
    for [parents, childs] in [[MANY, MANY], [MANY, 10], [0, MANY], [1, 1]] {
        let words = [parents.to_string(), childs.to_string()];
        let arguments = words.each_ref().map(String::as_str);
        let record = trial.record(&arguments)?;
        record.require_no_larger_pipe()?;
        record.require_no_panic()?;
        record.require_none_killed()?;
        record.require_no_sleep()?;
        record.require_children(record.main(), 1)?;
        record.require_all_waited_for()?;
        record.require_no_retries()?;
        let child = record.children_of(record.main())[0];
        require_received(&record, "parent", record.main(), childs)?;
        require_received(&record, "child", child, parents)?;

        trial.run(&arguments)?.require_lines_in_any_order(&[
            format!("child: {parents} bytes, and their sum is {}", 2 * parents),
            format!("parent: {childs} bytes, and their sum is {childs}"),
        ])?;
    }
    Ok(())
}

/// Checks that a process has read that many bytes, or more, if they were packed.
fn require_received(record: &Record, name: &str, process: i32, bytes: u64) -> Result<()> {
    let count = record.bytes_read_by(process);
    ensure!(
        count >= bytes,
        Fault::new(
            format!("the {name} reads {count} of the {bytes} bytes that the other one is to send"),
            record.lines(|event| event.process == process)
        )
    );
    Ok(())
}
