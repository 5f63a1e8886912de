//! The pool beside Python's, in one run, as ratios: `cargo bench -p lesson-04-pool`. It takes a
//! minute if the machine has nothing else to do. What is measured is what the demo `speed`
//! measures; and how long it takes to start, to map many small integers, and to send large
//! arguments.

use std::process::Command;
use std::time::{Duration, Instant};

use process_pool::{Function, ProcessPool, Tasks, work_if_worker};
use serde_bytes::ByteBuf;
use serde_json::Value;

static NUMBER: Function<u64, u64> = Function::new("number", |number| number);
static BYTES: Function<ByteBuf, ByteBuf> = Function::new("bytes", |bytes| bytes);
static TASKS: Tasks = &[&NUMBER, &BYTES];

/// How often everything is measured. The medians count.
const ROUNDS: usize = 3;

const INTEGERS: u64 = 100_000;

/// How many large arguments there are, and how large they are.
const LARGE: usize = 8;
const LARGE_SIZE: usize = 16 << 20;

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

/// What [`map`] and [`large`] measure, with Python's Pool.
const PYTHON_WORK: &str = "
import multiprocessing, sys, time
def same(value): return value
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool:
        pool.map(same, [1], 1)
        arguments = [bytes(16 << 20)] * 8
        def work():
            if sys.argv[1] == 'map':
                pool.map(same, range(100_000))
            else:
                for result in pool.imap_unordered(same, arguments): pass
        def timed():
            start = time.perf_counter()
            work()
            return time.perf_counter() - start
        print(sorted(timed() for _ in range(5))[2])
";

fn main() {
    work_if_worker(TASKS);
    let beside = |what, script, way, ours: fn() -> Duration| {
        let measured = (0..ROUNDS).map(|_| (python(script, way), ours().as_secs_f64()));
        let (theirs, ours) = measured.unzip();
        ratio(what, median(theirs), median(ours));
    };
    beside("start, beside Pool with fork", PYTHON_START, "fork", start);
    beside("start, beside Pool with spawn", PYTHON_START, "spawn", start);
    beside("map over 100,000 small integers", PYTHON_WORK, "map", map);
    beside("16 MiB there and back", PYTHON_WORK, "large", large);

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
    for (what, name) in
        [("64 KiB there and back", "seconds_64KiB"), ("1 MiB there and back", "seconds_1MiB")]
    {
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

/// The seconds that a script of Python prints.
fn python(script: &str, way: &str) -> f64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    // With `spawn` its workers read it, too.
    let file = folder.path().join("script.py");
    std::fs::write(&file, script).expect("a file for Python");
    let output = Command::new("python3").arg(&file).arg(way).output();
    let output = output.expect("python3 is needed for this").stdout;
    String::from_utf8_lossy(&output).trim().parse().expect("a number of seconds")
}

/// From nothing to the first result.
fn start() -> Duration {
    let begin = Instant::now();
    pool();
    begin.elapsed()
}

/// A pool whose workers have started.
fn pool() -> ProcessPool {
    let pool = ProcessPool::with_workers(TASKS, 2).expect("a pool");
    pool.apply(&NUMBER, 1).expect("a result");
    pool
}

fn map() -> Duration {
    let pool = pool();
    usual(|| {
        let results = pool.map(&NUMBER, 0..INTEGERS, None).expect("the pool takes them");
        assert_eq!(results.len() as u64, INTEGERS);
    })
}

fn large() -> Duration {
    let pool = pool();
    let argument = ByteBuf::from(vec![1; LARGE_SIZE]);
    usual(|| {
        let arguments = std::iter::repeat_n(&argument, LARGE);
        let results = pool.imap_unordered(&BYTES, arguments.cloned(), 1);
        let mut results = results.expect("the pool takes them");
        assert!(results.all(|(_, result)| result.is_ok()));
    })
}

/// How long it usually takes: the median of five times.
fn usual(mut work: impl FnMut()) -> Duration {
    let mut times = [(); 5].map(|()| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    times.sort_unstable();
    times[2]
}

/// What the demo measures.
fn speed() -> Value {
    let demo = env!("CARGO_BIN_EXE_04-pool");
    let output = Command::new(demo).args(["speed", "--json", "--tasks", "10000"]).output();
    serde_json::from_slice(&output.expect("the demo").stdout).expect("JSON")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratio(what: &str, more: f64, less: f64) {
    println!("{what:40} {:6.1} times", more / less);
}
