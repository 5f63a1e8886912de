//! Is each seat sold once, in whatever order the two processes carry out their instructions?

use anyhow::{Result, ensure};
use nix::libc;
use record::End;

use crate::practice::{Exercise, Fault, Judge, Ran, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "seats",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "seats were sold, but there are only"),
        ("right/compare_exchange", ""),
        ("right/token", ""),
        ("right/undo", ""),
        ("cheats/check_then_add", "seats were sold, but there are only"),
        ("cheats/locks_all_night", "it does not end; it waits here"),
        ("cheats/never_meets", "does not meet the other"),
        ("cheats/one_by_one", "it does not end; it waits here"),
        ("cheats/private", "it makes no memory that its processes share"),
        ("cheats/sleeps", "it sleeps for a fixed time"),
        ("cheats/std_mutex", "it does not end"),
        ("cheats/shared_out", "seats were sold"),
        ("cheats/stops_early", "seats were "),
        ("cheats/undoes_always", "more than a second of CPU time to sell the seats"),
        ("cheats/swaps", "seats were sold, but there are only"),
    ],
};

/// Seats and nights. An odd number of seats can't be shared out. A quarter of the seats is sold when the children meet.
const FEW: [u64; 2] = [41, 2];
const INTERLEAVED: [u64; 2] = [5, 12];
const MANY: [u64; 2] = [50_000, 2];

/// How many lines are shown of what was printed.
const MAX_LINES: usize = 10;

fn judge(trial: &Trial) -> Result<()> {
    let words = |numbers: [u64; 2]| numbers.map(|number| number.to_string());
    let few = words(FEW);
    let record = trial.record_within_a_second(&few.each_ref().map(String::as_str))?;
    let [seats, nights] = FEW;
    for (number, child) in (1..).zip(record.children_of(record.main())) {
        ensure!(
            record.end_of(child) != Some(End::Killed(libc::SIGXCPU)),
            Fault::new(
                format!(
                    "child {number} (pid {child}) needs more than a second of CPU time to sell the \
                     seats, {seats} for each of {nights} nights: does it find out that none is left?"
                ),
                record.lines(|event| event.process == child)
            )
        );
    }
    record.require_no_panic()?;
    record.require_none_killed()?;
    record.require_no_sleep()?;
    record.require_children(record.main(), 2)?;
    record.require_all_waited_for()?;
    record.require_shared_memory()?;
    for (number, child) in (1..).zip(record.children_of(record.main())) {
        ensure!(
            record.bytes_read_by(child) >= FEW[1],
            Fault::new(
                format!("child {number} (pid {child}) does not meet the other each night"),
                record.lines(|event| event.process == child)
            )
        );
    }
    for seed in [1, 2] {
        let interleaved = words(INTERLEAVED);
        let arguments = interleaved.each_ref().map(String::as_str);
        trial
            .run_interleaved(seed, &arguments)
            .and_then(|ran| require_each_sold_once(&ran, INTERLEAVED))
            .map_err(Fault::of("when the two processes take turns after every few instructions"))?;
    }
    for numbers in [FEW, MANY] {
        let arguments = words(numbers);
        let ran = trial.run(&arguments.each_ref().map(String::as_str))?;
        require_each_sold_once(&ran, numbers)?;
    }
    Ok(())
}

/// Checks what the children say that they have sold.
fn require_each_sold_once(ran: &Ran, [seats, nights]: [u64; 2]) -> Result<()> {
    let sold = ["child 1", "child 2"].map(|name| {
        let begin = format!("{name} has sold ");
        ran.lines
            .iter()
            .find_map(|line| line.strip_prefix(&begin)?.strip_suffix(" seats")?.parse::<u64>().ok())
    });
    let printed =
        || ran.lines.iter().take(MAX_LINES).map(|line| format!("it printed: {line}")).collect();
    let each_least = nights * (seats / 4);
    let [Some(first), Some(second)] = sold else {
        // It was at the meeting alone.
        let is_alone = |line: &String| line.starts_with("read: ") || line.starts_with("write: ");
        let what = match sold.iter().position(Option::is_some) {
            Some(place) if ran.lines.iter().any(is_alone) => {
                format!("child {} stopped although seats were left", place + 1)
            }
            _ => "the children do not say what they have sold".to_owned(),
        };
        return Err(Fault::new(what, printed()).into());
    };
    let (all, sold) = (seats * nights, first + second);
    ensure!(
        sold <= all,
        Fault::new(format!("{sold} seats were sold, but there are only {all}"), printed())
    );
    ensure!(sold == all, Fault::new(format!("only {sold} of {all} seats were sold"), printed()));
    ensure!(
        ran.status == 0,
        Fault::new(format!("its exit status is {}, and not 0", ran.status), printed())
    );
    ensure!(
        first.min(second) >= each_least,
        Fault::new("one of them does not sell a quarter each night", printed())
    );
    Ok(())
}
