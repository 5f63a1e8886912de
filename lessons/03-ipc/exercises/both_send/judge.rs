//! Do two processes that send to each other more than a pipe holds both come to the end?

use anyhow::{Result, ensure};
use record::{Event, Group};

use crate::practice::{Exercise, Fault, Judge, Ran, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "both_send",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it does not end; it waits here"),
        ("right/forks", ""),
        ("right/in_pieces", ""),
        ("right/poll", ""),
        ("right/thread", ""),
        ("cheats/a_file", "the parent reads 0 of the 2500000 bytes"),
        ("cheats/as_large_as_needed", "it makes a pipe larger"),
        ("cheats/asks", "again and again"),
        ("cheats/both_receive_first", "it does not end; it waits here"),
        ("cheats/computes", "the parent reads 0 of the 2500000 bytes"),
        ("cheats/drops_the_rest", " of the 2500000 bytes"),
        ("cheats/larger_pipe", "it does not end; it waits here"),
        ("cheats/leaves_thread", " of the 2500000 bytes"),
        ("cheats/naps", "again and again"),
        ("cheats/sleeps", "it does not end; it waits here"),
        ("cheats/spins", "again and again"),
    ],
};

/// More than a pipe or a socket can be made to hold by an ordinary user.
const MANY: u64 = 2_500_000;

/// How often a program is run again that may look again and again, and by chance has not.
const MORE_RUNS: usize = 5;

fn judge(trial: &Trial) -> Result<()> {
    for [parents, childs] in [[MANY, MANY], [MANY, 10], [0, MANY], [1, 1]] {
        let words = [parents.to_string(), childs.to_string()];
        let arguments = words.each_ref().map(String::as_str);
        let record = trial.record(&arguments)?;
        record.require_no_larger_pipe()?;
        record.require_no_panic()?;
        record.require_none_killed()?;
        record.require_no_sleep()?;
        record.require_all_waited_for()?;
        record.require_no_retries()?;
        if record.may_look_again() {
            for _ in 0..MORE_RUNS {
                trial.record(&arguments)?.require_no_retries()?;
            }
        }
        require_received(&record, ["parent", "child"], childs)?;
        require_received(&record, ["child", "parent"], parents)?;

        let ran = trial.run(&arguments)?;
        require_printed(&ran, ["parent", "child"], childs)?;
        require_printed(&ran, ["child", "parent"], parents)?;
        ran.require_lines_in_any_order(&[
            format!("child: {parents} bytes, and their sum is {}", 2 * parents),
            format!("parent: {childs} bytes, and their sum is {childs}"),
        ])?;
    }
    Ok(())
}

/// Checks that one of them has read that many bytes from the other, or more, if they were packed.
fn require_received(record: &Record, [name, other]: [&str; 2], bytes: u64) -> Result<()> {
    // Whichever process says so: it may have forked another one.
    let says_so = |process: &i32| record.printed_by(*process).contains(&format!("{name}: "));
    let Some(process) = record.processes().into_iter().find(says_so) else {
        let lines = record.lines(|event| matches!(event.group, Group::Exit | Group::Print));
        return Err(Fault::new(format!("the {name} prints nothing"), lines).into());
    };
    let count = record.bytes_read_by(process);
    let is_cut_off = 0 < count && count < bytes && record.saw_end_of_file(process);
    let what = match is_cut_off {
        true => format!("the {other} ended after sending {count} of the {bytes} bytes"),
        false => {
            format!("the {name} reads {count} of the {bytes} bytes that the {other} should send")
        }
    };
    let is_shown = |event: &Event| matches!(event.group, Group::Data | Group::Exit | Group::Print);
    ensure!(count >= bytes, Fault::new(what, record.lines(is_shown)));
    Ok(())
}

/// Checks that one of them says of no fewer bytes that the other has sent them. While the program
/// was recorded they may have been in time, and now they are not.
fn require_printed(ran: &Ran, [name, other]: [&str; 2], bytes: u64) -> Result<()> {
    let said = ran.lines.iter().find_map(|line| {
        let (count, _) = line.strip_prefix(name)?.strip_prefix(": ")?.split_once(' ')?;
        count.parse().ok()
    });
    let count: u64 = said.unwrap_or(bytes);
    let what = format!("the {name} gets {count} of the {bytes} bytes that the {other} should send");
    let lines = ran.lines.iter().map(|line| format!("it prints: {line}"));
    ensure!(count >= bytes, Fault::new(what, lines.collect()));
    Ok(())
}
