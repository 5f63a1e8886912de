//! How long a message takes: one after the other in one direction, or there and back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::child::fork_child;

use super::ways::{Receive, Send, Way};

/// The time for each message, while a child sends one after the other to this process for
/// `time`. `None` if messages of this length are too long for this way.
///
/// # Errors
/// If a call fails, or what was received is not what was sent.
pub fn one_way(way: &Way, length: usize, time: Duration) -> Result<Option<Duration>> {
    let Some((mut send, mut receive)) = (way.open)(length)? else { return Ok(None) };
    let message = pattern(length);
    // It is killed when this function returns.
    let _child = fork_child(|| {
        loop {
            send(&message)?;
        }
    })?;
    drop(send);

    let mut received = vec![0; length];
    let each = repeat(time, || receive(&mut received))?;
    ensure!(received == message, "{}: received something else than was sent", way.name);
    Ok(Some(each))
}

/// The time for a message to a child and back, repeated for `time`. `None` if messages of
/// this length are too long for this way.
///
/// # Errors
/// If a call fails, or what was received is not what was sent.
pub fn round_trip(way: &Way, length: usize, time: Duration) -> Result<Option<Duration>> {
    let Some((mut send, there)) = (way.open)(length)? else { return Ok(None) };
    let Some((back, mut receive)) = (way.open)(length)? else { return Ok(None) };
    let _child = fork_child(move || echo(length, there, back))?;

    let message = pattern(length);
    let mut received = vec![0; length];
    let each = repeat(time, || {
        // One message at a time: if both sides sat in `send`, neither would receive.
        send(&message)?;
        receive(&mut received)
    })?;
    ensure!(received == message, "{}: received something else than was sent", way.name);
    Ok(Some(each))
}

/// Sends back what comes, until this process is killed.
fn echo(length: usize, mut there: Receive, mut back: Send) -> Result<()> {
    let mut message = vec![0; length];
    loop {
        there(&mut message)?;
        back(&message)?;
    }
}

/// The time to copy `length` bytes within this process: the limit for every way.
pub fn copy(length: usize, time: Duration) -> Result<Duration> {
    let from = pattern(length);
    let mut to = vec![0; length];
    let each = repeat(time, || {
        std::hint::black_box(&mut to).copy_from_slice(std::hint::black_box(&from));
        Ok(())
    })?;
    ensure!(to == from, "the copy is not what was copied");
    Ok(each)
}

/// Repeats a step for `time`, and returns how long each took: the median of three parts, as
/// other programs want the CPU too. The first tenth does not count: after it a ring has gone
/// round, and all of its memory is in use.
fn repeat(time: Duration, mut step: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut batch = 1;
    let mut times = Vec::new();
    for (time, least) in [(time / 10, 5), (time / 3, 1), (time / 3, 1), (time / 3, 1)] {
        let start = Instant::now();
        let mut done = 0;
        while done < least || start.elapsed() < time {
            for _ in 0..batch {
                step()?;
            }
            done += batch;
        }
        let each = start.elapsed() / done;
        // Reading the clock may take longer than a message.
        batch = (20_000 / each.as_nanos().max(1)).clamp(1, 1000) as u32;
        times.push(each);
    }
    Ok(median([times[1], times[2], times[3]]))
}

fn median(mut times: [Duration; 3]) -> Duration {
    times.sort_unstable();
    times[1]
}

/// `length` bytes, not all the same.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 + 7) as u8).collect()
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let times = [1, 5, 20].map(Duration::from_millis);
        let [one, two, three] = times;
        for order in [[one, two, three], [two, three, one], [three, one, two], [three, two, one]] {
            assert_eq!(median(order), two);
        }
    }

    #[test]
    fn a_step_takes_no_less_than_the_shortest_and_no_more_than_the_longest() {
        let mut starts = Vec::new();
        let each = repeat(Duration::from_millis(12), || {
            starts.push(Instant::now());
            sleep(Duration::from_millis(1));
            Ok(())
        });
        let (each, end) = (each.unwrap(), Instant::now());
        let ends = starts[1..].iter().chain([&end]);
        let longest = starts.iter().zip(ends).map(|(start, end)| *end - *start).max().unwrap();
        assert!((Duration::from_millis(1)..=longest).contains(&each), "{each:?}, {longest:?}");
    }

    #[test]
    fn one_of_three_parts_that_is_much_faster_does_not_count() {
        // Again where the machine stood still in the fast part, and it became two.
        let is_slow = |_| {
            let mut steps = 0;
            let each = repeat(Duration::from_millis(9), || {
                steps += 1;
                if !(6..1000).contains(&steps) {
                    sleep(Duration::from_millis(1));
                }
                Ok(())
            });
            each.unwrap() >= Duration::from_millis(1)
        };
        assert!((0..20).any(is_slow));
    }

    #[test]
    fn the_first_steps_do_not_count() {
        // Again where the machine stood still in two of three parts.
        let is_left_out = |_| {
            let mut steps = 0;
            let each = repeat(Duration::from_millis(3), || {
                steps += 1;
                if steps <= 5 {
                    sleep(Duration::from_millis(10));
                }
                Ok(())
            });
            each.unwrap() < Duration::from_millis(1)
        };
        assert!((0..20).any(is_left_out));
    }

    #[test]
    fn all_of_the_bytes_are_copied() {
        let time = |length| copy(length, Duration::from_millis(3)).unwrap();
        // A thousand times as many, and a machine that is busy with something else.
        assert!((0..20).any(|_| time(1 << 20) > 20 * time(1 << 10)));
        assert!((0..256).all(|byte| pattern(256).contains(&(byte as u8))));
    }
}
