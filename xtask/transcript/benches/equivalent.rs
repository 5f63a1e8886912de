//! How long a comparison of 12,800 lines of 256 actors takes, where all of them
//! may interleave: `cargo bench --package xtask --bench equivalent`.

#[path = "../tests/large/mod.rs"]
mod large;

use std::time::{Duration, Instant};

use transcript::equivalent::{BUDGET, Refusal, equivalent};
use transcript::order::Order;

fn main() {
    let page = large::large(10_000, 1);
    let rerun = large::large(20_000, 7);

    let mut changed_text = rerun.clone();
    changed_text[6_400] = changed_text[6_400].replace("step", "stop");
    let mut changed_id = rerun.clone();
    changed_id[12_799] = changed_id[12_798].clone();

    println!("{} lines, the median of 9 comparisons each:", page.len());
    for (name, output, verdict) in [
        ("another run", &rerun, Ok(())),
        ("one line changed", &changed_text, Err(Refusal::Different)),
        ("one id changed", &changed_id, Err(Refusal::Different)),
    ] {
        let mut times: Vec<Duration> = (0..9).map(|_| time(&page, output, &verdict)).collect();
        times.sort();
        println!("{name:<16}  {:>7.1} ms", times[4].as_secs_f64() * 1e3);
    }
}

fn time(page: &[String], output: &[String], verdict: &Result<(), Refusal>) -> Duration {
    let page: Vec<&str> = page.iter().map(String::as_str).collect();
    let output: Vec<&str> = output.iter().map(String::as_str).collect();
    let start = Instant::now();
    let came = equivalent(&page, &output, &Order::interleave_all(), BUDGET);
    let time = start.elapsed();
    assert_eq!(came, *verdict);
    time
}
