//! What a reading of the recorder costs, beside a bare reading of the clock: the cheaper,
//! the shorter the jumps that it sees. `cargo bench -p recorder`.

use std::hint::black_box;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use recorder::{now, record_readings};

const READINGS: u64 = 1_000_000;
const RUNS: usize = 15;

fn main() {
    let clock = || {
        for _ in 0..READINGS {
            clock_gettime(ClockId::CLOCK_MONOTONIC).expect("the clock");
        }
    };
    let poll = || {
        black_box(record_readings(READINGS)).expect("a recording");
    };
    // In turns, so that a disturbance affects both.
    let runs: Vec<_> = (0..RUNS).map(|_| (time(clock), time(poll))).collect();
    print("clock_gettime", runs.iter().map(|run| run.0));
    print("poll, with the clock and the CPU", runs.iter().map(|run| run.1));
}

fn time(work: impl Fn()) -> Duration {
    let start = now().expect("the clock");
    work();
    now().expect("the clock") - start
}

fn print(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    let each = |time: Duration| time.as_nanos() as f64 / READINGS as f64;
    println!(
        "{what:34} {:5.1} ns (median of {RUNS}; best {:.1} ns)",
        each(times[RUNS / 2]),
        each(times[0])
    );
}
