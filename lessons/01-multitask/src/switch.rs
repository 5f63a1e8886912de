//! What one switch between two tasks costs, beside a call, and how often tasks that
//! compute are switched. Compare with `tasks`, which shows the switches.

mod ping_pong;

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use common::menu::Options;
use common::{cpus, text};
use nix::unistd::getppid;
use ping_pong::{PingPong, alone, ping_pong};
use recorder::{Team, now, record_until};

/// How long the computing tasks run, and how many there are.
const DURATION: Duration = Duration::from_millis(50);
const COMPUTING: [usize; 3] = [2, 20, 200];

pub fn run(options: &Options) -> Result<()> {
    let rounds = options.number("--rounds", 100..=1_000_000)?.unwrap_or(2000);
    let cpus = cpus::allowed()?;
    let [function, system_call, pipe] = calls(cpus[0], rounds)?;
    print("a function call", function);
    print("a system call: getppid()", system_call);
    print("a byte into a pipe and out again, one process", pipe);

    let on_one = ping_pong(rounds, [cpus[0]; 2])?;
    print_round_trip("on one CPU", on_one, rounds);
    // The byte cannot come back before both have been switched in.
    ensure!(on_one.switches >= 2 * rounds - 1, "only {} switches: impossible", on_one.switches);
    if let [first, .., last] = cpus[..] {
        print_round_trip("on two CPUs", ping_pong(rounds, [first, last])?, rounds);
    } else {
        println!("(on two CPUs: this process may use only one)");
    }
    let switch = (nanoseconds(on_one.time, rounds) / 2.0 - pipe).max(0.0);
    println!(
        "\nA round trip on one CPU is two switches, and two bytes in and out. Without the bytes,"
    );
    print("one switch, with its sleep and wake-up", switch);

    println!(
        "\nTasks that compute, all on one CPU, for {}. The kernel only takes the CPU from",
        text::time(DURATION)
    );
    println!("them, and wakes none of them, so their switches cost no more than:");
    for tasks in COMPUTING {
        compute(tasks, cpus[0], switch)?;
    }
    Ok(())
}

/// What a call of each of three kinds takes, in nanoseconds.
fn calls(cpu: usize, rounds: u64) -> Result<[f64; 3]> {
    let measure = |_, _| {
        let function = time_of(rounds, || _ = black_box(a_function(black_box(1))))?;
        let system_call = time_of(rounds, || _ = black_box(getppid()))?;
        Ok([function, system_call, alone(rounds)?].map(|time| time.as_nanos() as u64).to_vec())
    };
    let run = Team::fork(1, &[cpu], measure)?.run()?;
    let each = |number: usize| run.results[0][number] as f64 / rounds as f64;
    Ok([0, 1, 2].map(each))
}

fn time_of(count: u64, call: impl Fn()) -> Result<Duration> {
    let start = now()?;
    for _ in 0..count {
        call();
    }
    Ok(now()? - start)
}

#[inline(never)]
fn a_function(number: u64) -> u64 {
    number + 1
}

/// How often tasks that compute are switched out, and what that takes.
fn compute(tasks: usize, cpu: usize, switch: f64) -> Result<()> {
    let job = |_, start| Ok(record_until(start + DURATION)?.to_words());
    let run = Team::fork(tasks, &[cpu], job)?.run()?;
    let switches: u64 = run.recordings()?.iter().map(|recording| recording.switches).sum();
    let lost = Duration::from_nanos((switches as f64 * switch) as u64);
    let share = 100.0 * lost.div_duration_f64(DURATION);
    println!(
        "{tasks:4} tasks: ≈ {switches} switches × {switch:.1} ns = {}, ≈ {share:.2} % of the time",
        text::time(lost)
    );
    Ok(())
}

fn print_round_trip(place: &str, PingPong { time, switches }: PingPong, rounds: u64) {
    print(&format!("a byte to another process and back, {place}"), nanoseconds(time, rounds));
    println!("    in {rounds} round trips the kernel counted ≈ {switches} switches");
}

fn nanoseconds(time: Duration, rounds: u64) -> f64 {
    time.as_nanos() as f64 / rounds as f64
}

fn print(what: &str, nanoseconds: f64) {
    println!("{what:48} {nanoseconds:9.1} ns");
}
