//! What else is running right now, unseen. All of it is in /proc, where every program
//! can read it, as `ps` and `top` do.

mod processes;

use std::io::Write;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::menu::Options;
use common::{paced, text};
use nix::unistd::{SysconfVar, sysconf};
use processes::Snapshot;
use recorder::timeline::shorten;

/// How long to measure before the first picture, and before each later one.
const FIRST: Duration = Duration::from_millis(200);
const NEXT: Duration = Duration::from_secs(1);
/// The lines of a picture besides those of the busiest.
const LINES: usize = 6;

pub fn run(options: &Options) -> Result<()> {
    let busiest = options.number("--busiest", 1..=500)?;
    let before = Snapshot::take()?;
    thread::sleep(FIRST);
    let now = Snapshot::take()?;
    if options.has("--watch") && text::window().is_some() {
        return watch(before, now, busiest);
    }
    println!("{}", picture(&before, &now, busiest.unwrap_or(3))?.join("\n"));
    Ok(())
}

/// Draws each picture over the last one, for ever.
fn watch(mut before: Snapshot, mut now: Snapshot, busiest: Option<usize>) -> Result<()> {
    let mut frame = "\x1b[2J".to_owned();
    loop {
        let (width, height) = text::window().unwrap_or((80, 24));
        // One line is for the last words, and one for the cursor, which stays below the
        // picture, where it belongs when Ctrl-C comes.
        let room = height.saturating_sub(2);
        let rows = busiest.unwrap_or(room.saturating_sub(LINES));
        let mut lines = picture(&before, &now, rows)?;
        lines.truncate(room);
        lines.push("Every second, until Ctrl-C".to_owned());
        frame += "\x1b[H";
        for line in lines {
            frame += &format!("{}\x1b[K\n", shorten(&line, width));
        }
        frame += "\x1b[J";
        // In one write, so that half a picture is never seen.
        let mut output = std::io::stdout().lock();
        output.write_all(frame.as_bytes()).context("write to the terminal")?;
        output.flush().context("write to the terminal")?;
        drop(output);

        frame.clear();
        before = now;
        thread::sleep(paced(NEXT));
        now = Snapshot::take()?;
    }
}

/// The lines of a picture.
fn picture(before: &Snapshot, now: &Snapshot, busiest: usize) -> Result<Vec<String>> {
    let ticks = sysconf(SysconfVar::CLK_TCK).context("sysconf(_SC_CLK_TCK)")?;
    let ticks = ticks.context("sysconf(_SC_CLK_TCK): no answer")? as f64;
    let time = now.time - before.time;

    let threads: u64 = now.processes.iter().map(|process| process.threads).sum();
    let (runs, sleeps) = (now.count(|state| state == 'R'), now.count(|state| state == 'S'));
    let others = now.processes.len() - runs - sleeps;
    let switches = (now.switches - before.switches) as f64 / time.as_secs_f64();
    let (first, more) = now.largest_program().context("/proc/self/exe")?;
    let mut lines = vec![
        format!("processes in sight  ≈ {}; their threads: ≈ {threads}", now.processes.len()),
        format!("what they do        ≈ {runs} run, ≈ {sleeps} sleep, ≈ {others} neither"),
        format!("switches            ≈ {switches:.0} /s, of all CPUs"),
        format!(
            "largest program     ≈ \"{}\": process ≈ {}, and ≈ {more} below it",
            first.name, first.pid
        ),
        String::new(),
        format!("The busiest in the last {}:", text::time(time)),
    ];
    let by_share = now.busiest_since(before);
    let by_share = by_share.iter().map(|(used, process)| {
        let share = 100.0 * *used as f64 / ticks / time.as_secs_f64();
        (share, process.pid, process.name.as_str())
    });
    // The number of lines is the same where there are fewer processes, as in a container.
    let by_share = by_share.chain(std::iter::repeat((0.0, 0, "no other process")));
    lines.extend(by_share.take(busiest).map(|(share, pid, name)| {
        format!("≈ {share:3.0} % of a CPU  process ≈ {pid:7}  ≈ \"{name}\"")
    }));
    Ok(lines)
}
