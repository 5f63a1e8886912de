//! The ring beside a pipe and beside a copy: `cargo bench --package lesson-03-ipc`. The demo
//! `speed` measures them in several rounds; what is printed are medians. On a machine that
//! has nothing else to do: otherwise both processes may have to share a CPU.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

const ROUNDS: usize = 9;
const MIB: usize = 1 << 20;

/// What the demo calls them.
const PIPE: &str = "pipe";
const RING: &str = "shared memory, ring";
const COPY: &str = "a copy (the limit)";

fn main() {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| speed()).collect();
    println!("medians of {ROUNDS} rounds");
    let one_way = |way, bytes| median(&rounds, way, "one way", 2, bytes);
    let round_trip = |way, cpus| median(&rounds, way, "round trip", cpus, 8);

    let (pipe, ring) = (one_way(PIPE, 8), one_way(RING, 8));
    println!("8 bytes one way:   pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, messages a second: {:.1}", pipe.div_duration_f64(ring));

    let copy = one_way(COPY, MIB);
    let (pipe, ring) = (one_way(PIPE, MIB), one_way(RING, MIB));
    println!("1 MiB one way:     copy {copy:?}, pipe {pipe:?}, ring {ring:?}");
    println!("  ring / copy, bandwidth: {:.2}", copy.div_duration_f64(ring));

    let (pipe, ring) = (round_trip(PIPE, 2), round_trip(RING, 2));
    println!("round trip, awake: pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, time: 1 / {:.0}", pipe.div_duration_f64(ring));

    let (pipe, ring) = (round_trip(PIPE, 1), round_trip(RING, 1));
    println!("round trip, on one CPU: pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, time: {:.2}", ring.div_duration_f64(pipe));
}

/// One round: what the demo prints, an object for each time.
fn speed() -> Vec<Value> {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_03-ipc"));
    demo.args(["speed", "--json", "--without-python", "--most", &MIB.to_string()]);
    let output = demo.output().expect("the demo").stdout;
    let lines = output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn median(rounds: &[Vec<Value>], way: &str, measured: &str, cpus: usize, bytes: usize) -> Duration {
    let of_round = |round: &Vec<Value>| {
        let wanted = |time: &&Value| {
            time["way"] == way
                && time["measured"] == measured
                && time["cpus"] == cpus
                && time["bytes"] == bytes
        };
        let time = round.iter().find(wanted).expect("two CPUs are needed for this");
        Duration::from_secs_f64(time["seconds"].as_f64().expect("a number"))
    };
    let mut times: Vec<_> = rounds.iter().map(of_round).collect();
    times.sort_unstable();
    times[rounds.len() / 2]
}
