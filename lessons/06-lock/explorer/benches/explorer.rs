//! The explorer beside loom and shuttle's `check_dfs`, on the same programs, in turns:
//! `cargo bench -p explorer`. Medians of several rounds; run it on an idle machine.
//!
//! Executions a second are printed for programs with many orders only: with few orders, the
//! time goes into starting the explorer's threads.

// The programs that go wrong are not used: the peers stop at the first fault.
#[allow(dead_code)]
#[path = "../tests/explorer/peers/here.rs"]
mod here;
#[allow(dead_code)]
#[path = "../tests/explorer/peers/loom.rs"]
mod loom;
#[allow(dead_code)]
#[path = "../tests/explorer/peers/shuttle.rs"]
mod shuttle;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::shuttle::scheduler::DfsScheduler;
use explorer::{Bounds, Explorer, Orders};

const ROUNDS: usize = 5;
/// For each peer in each round.
const TIME: Duration = Duration::from_millis(100);
/// For each exploration whose executions are counted.
const MOST_TIME: Duration = Duration::from_secs(3);
/// How many executions of an exploration are timed: the explorer has no limit on the time.
const MOST: u64 = 4_000;

/// A program with the locks of each peer.
struct Case {
    name: &'static str,
    here: fn(),
    loom: fn(),
    shuttle: fn(),
}

macro_rules! cases {
    ($($program:ident($($argument:expr)?);)*) => { [$(Case {
        name: stringify!($program($($argument)?)),
        here: || _ = here::programs::$program($($argument)?),
        loom: || _ = loom::programs::$program($($argument)?),
        shuttle: || _ = shuttle::programs::$program($($argument)?),
    }),*] };
}

const LONG: &[Case] = &cases! {
    add(2);
    add(3);
    fetch_add(8);
    compare_exchange(2);
    locked(6);
    peterson(true);
    buffer(true);
};

const SHORT: &[Case] = &cases! {
    add(1);
    fetch_add(3);
    locked(1);
    locked(3);
    store_buffering();
    two_locks(true);
    ring_of_locks(true);
    double_checked(true);
    wait_for_word(true);
    read_then_write(true);
    receive(2);
};

/// How many executions there were, and whether no order is left.
struct Done {
    executions: u64,
    finished: bool,
}

fn explore(orders: Orders, most: u64, program: fn()) -> Done {
    let explorer = Explorer { bounds: Bounds { executions: most, ..Bounds::default() } };
    let report = explorer.explore(orders, |threads| threads.thread("main", program));
    Done { executions: report.executions + report.redundant, finished: report.finished }
}

fn check_loom(time: Duration, program: fn()) -> Done {
    let mut model = ::loom::model::Builder::new();
    (model.max_duration, model.checkpoint_interval) = (Some(time), 100);
    let executions = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let counted = Arc::clone(&executions);
    model.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        program();
    });
    Done { executions: executions.load(Ordering::Relaxed), finished: start.elapsed() < time }
}

fn check_dfs(time: Duration, program: fn()) -> Done {
    let mut config = ::shuttle::Config::new();
    config.max_time = Some(time);
    let start = Instant::now();
    let runner = ::shuttle::Runner::new(DfsScheduler::new(None, false), config);
    Done { executions: runner.run(program) as u64, finished: start.elapsed() < time }
}

/// Executions a second: as many explorations as there is time for.
fn rate(run: impl Fn() -> Done) -> f64 {
    let (start, mut executions) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        executions += run().executions;
    }
    executions as f64 / start.elapsed().as_secs_f64()
}

fn main() {
    println!("executions a second; medians of {ROUNDS} rounds of {TIME:?}");
    println!("{:21}{:>9}{:>9}{:>9}{:>10}", "", "All", "Distinct", "loom", "check_dfs");
    for case in LONG {
        let mut rates = [(); 4].map(|()| Vec::new());
        for _ in 0..ROUNDS {
            rates[0].push(rate(|| explore(Orders::All, MOST, case.here)));
            rates[1].push(rate(|| explore(Orders::Distinct, MOST, case.here)));
            rates[2].push(rate(|| check_loom(TIME, case.loom)));
            rates[3].push(rate(|| check_dfs(TIME, case.shuttle)));
        }
        let [all, distinct, loom, dfs] = rates.map(median);
        println!(
            "{:21}{all:9.0}{distinct:9.0}{loom:9.0}{dfs:10.0}   All / loom {:4.1}, Distinct / loom {:4.1}",
            case.name,
            all / loom,
            distinct / loom
        );
    }

    println!("\nexecutions until all is tried, within {MOST_TIME:?}");
    println!("{:21}{:>9}{:>9}{:>10}", "", "Distinct", "loom", "check_dfs");
    for case in LONG.iter().chain(SHORT) {
        let distinct = explore(Orders::Distinct, 100_000, case.here);
        let dfs = check_dfs(MOST_TIME, case.shuttle);
        println!(
            "{:21}{:>9}{:>9}{:>10}   check_dfs / Distinct {}{:.1}",
            case.name,
            shown(&distinct),
            shown(&check_loom(MOST_TIME, case.loom)),
            shown(&dfs),
            if dfs.finished { "" } else { ">" },
            dfs.executions as f64 / distinct.executions as f64
        );
    }
}

fn shown(done: &Done) -> String {
    let sign = if done.finished { "" } else { ">" };
    format!("{sign}{}", done.executions)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
