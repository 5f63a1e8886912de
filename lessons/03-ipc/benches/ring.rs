//! The ring beside a pipe and beside a copy: `cargo bench --package lesson-03-ipc`.
//! All peers take turns, several rounds; what is printed are medians. On a machine that
//! has nothing else to do: otherwise both processes may have to share a CPU.

/// The demo's own measuring.
#[allow(dead_code, reason = "the demo measures more ways")]
#[path = "../src/speed"]
mod speed {
    pub mod timing;
    pub mod ways;
}

use std::time::Duration;

use anyhow::Result;
use common::cpus;
use nix::unistd::Pid;
use speed::timing;
use speed::ways::WAYS;

const ROUNDS: usize = 9;
const TIME: Duration = Duration::from_millis(40);
const MIB: usize = 1 << 20;

fn main() -> Result<()> {
    let allowed = cpus::allowed()?;
    let two = &allowed[..allowed.len().min(2)];
    println!("on {} CPUs; medians of {ROUNDS} rounds of {TIME:?} each", two.len());
    cpus::pin(Pid::from_raw(0), two)?;

    let [by_pipe, .., by_ring] = &WAYS;
    let one_way = |way, length| Ok(timing::one_way(way, length, TIME)?.expect("carried"));
    let round_trip = |way| Ok(timing::round_trip(way, 8, TIME)?.expect("carried"));
    let [pipe, ring] = medians([&|| one_way(by_pipe, 8), &|| one_way(by_ring, 8)])?;
    println!("8 bytes one way:   pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, messages a second: {:.1}", pipe.div_duration_f64(ring));

    let [copy, pipe, ring] =
        medians([&|| timing::copy(MIB, TIME), &|| one_way(by_pipe, MIB), &|| {
            one_way(by_ring, MIB)
        }])?;
    println!("1 MiB one way:     copy {copy:?}, pipe {pipe:?}, ring {ring:?}");
    println!("  ring / copy, bandwidth: {:.2}", copy.div_duration_f64(ring));

    let [pipe, ring] = medians([&|| round_trip(by_pipe), &|| round_trip(by_ring)])?;
    println!("round trip, awake: pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, time: 1 / {:.0}", pipe.div_duration_f64(ring));

    cpus::pin(Pid::from_raw(0), &two[..1])?;
    let [pipe, ring] = medians([&|| round_trip(by_pipe), &|| round_trip(by_ring)])?;
    println!("round trip, on one CPU: pipe {pipe:?}, ring {ring:?}");
    println!("  ring / pipe, time: {:.2}", ring.div_duration_f64(pipe));
    Ok(())
}

fn medians<const N: usize>(peers: [&dyn Fn() -> Result<Duration>; N]) -> Result<[Duration; N]> {
    let mut times = [(); N].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (times, peer) in times.iter_mut().zip(peers) {
            times.push(peer()?);
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    }))
}
