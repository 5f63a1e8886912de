//! The pool beside Python's, in one run, as ratios: `cargo bench -p lesson-04-pool`. What
//! is measured is what the demo `speed` measures; and how long it takes to start.

use std::process::Command;
use std::time::{Duration, Instant};

use process_pool::{Function, ProcessPool, Tasks, work_if_worker};
use serde_json::Value;

static NUMBER: Function<u64, u64> = Function::new("number", |number| number);
static TASKS: Tasks = &[&NUMBER];

/// How often everything is measured. The medians count.
const ROUNDS: usize = 5;

/// From nothing to the first result, with Python's Pool started in one of its ways.
const PYTHON_START: &str = "
import multiprocessing, sys, time
def same(value): return value
if __name__ == '__main__':
    start = time.perf_counter()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        pool.map(same, [1], 1)
        print(time.perf_counter() - start)
";

fn main() {
    work_if_worker(TASKS);
    let start = median((0..ROUNDS).map(|_| start()).collect());
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let script = folder.path().join("start.py");
    std::fs::write(&script, PYTHON_START).expect("a file for Python");
    let python = |way: &str| {
        let times = (0..ROUNDS).map(|_| {
            let output = Command::new("python3").arg(&script).arg(way).output();
            let output = output.expect("python3 is needed for this").stdout;
            String::from_utf8_lossy(&output).trim().parse().expect("a number of seconds")
        });
        median(times.collect())
    };
    ratio("start, beside Pool with fork", python("fork"), start);
    ratio("start, beside Pool with spawn", python("spawn"), start);

    let runs: Vec<Value> = (0..ROUNDS).map(|_| speed()).collect();
    let figure = |way: &str, what: &str| -> f64 {
        let of_run = |run: &Value| {
            let ways = run.as_array().expect("a list");
            let way = ways.iter().find(|it| it["name"] == way).expect("python3 is needed for this");
            way[what].as_f64().expect("a number")
        };
        median(runs.iter().map(of_run).collect())
    };
    for (what, name) in [
        ("empty tasks, one by one", "one_by_one_per_second"),
        ("empty tasks, in chunks", "in_chunks_per_second"),
    ] {
        ratio(what, figure("this pool", name), figure("Pool", name));
    }
    for (what, name) in [
        ("64 KiB there and back", "seconds_64KiB"),
        ("1 MiB there and back", "seconds_1MiB"),
        ("16 MiB there and back", "seconds_16MiB"),
    ] {
        ratio(what, figure("Pool", name), figure("this pool", name));
    }
    for (what, name) in [
        ("10 µs tasks, in chunks", "share_10us"),
        ("10 µs tasks, one by one", "share_10us_one_by_one"),
        ("1 ms tasks, in chunks", "share_1ms"),
    ] {
        println!("{what:40} {:.3} of two CPUs", figure("this pool", name));
    }
}

/// From nothing to the first result, in seconds.
fn start() -> f64 {
    let begin = Instant::now();
    let pool = ProcessPool::with_workers(TASKS, 2).expect("a pool");
    pool.apply(&NUMBER, 1).expect("a result");
    let time: Duration = begin.elapsed();
    time.as_secs_f64()
}

/// What the demo measures.
fn speed() -> Value {
    let demo = env!("CARGO_BIN_EXE_04-pool");
    let output = Command::new(demo).args(["speed", "--json", "--tasks", "50000"]).output();
    serde_json::from_slice(&output.expect("the demo").stdout).expect("JSON")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratio(what: &str, more: f64, less: f64) {
    println!("{what:40} {:6.1} times", more / less);
}
