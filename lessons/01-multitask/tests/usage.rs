//! The demos `waiting`, `switch` and `cores`: what they say, beside what the kernel
//! counted for their processes.

use std::time::Duration;

use counted::{numbers, times};
use testing::test;

mod counted;
mod picture;

#[test]
fn what_the_tasks_of_waiting_used_is_what_the_kernel_counted() {
    let demo = counted::run(&["waiting"]);
    let row = |name: &str| {
        let line = demo.lines.iter().find_map(|line| line.trim_start().strip_prefix(name)).unwrap();
        let &[wall, cpu] = &times(line)[..] else { panic!("{line}") };
        let &[.., voluntary, involuntary] = &numbers(line)[..] else { panic!("{line}") };
        (wall, cpu, voluntary as u64, involuntary as u64)
    };
    let rows = ["1 computes", "2 compute", "1 waits", "100 wait"].map(row);
    let ms = Duration::from_millis;
    let [one, two, waits, hundred] = rows;
    // What has one CPU takes at least as long as it uses it; printed with three digits.
    assert!(rows.iter().all(|row| row.0.mul_f64(1.01) >= row.1), "{rows:?}");
    assert!(one.1 > ms(1) && two.1 > ms(2), "{rows:?}");
    assert!(waits.0 >= ms(50) && waits.2 >= 5, "{waits:?}");
    assert!(hundred.0 >= ms(50) && hundred.2 >= 500, "{hundred:?}");

    let cpu: Duration = rows.iter().map(|row| row.1).sum();
    let voluntary: u64 = rows.iter().map(|row| row.2).sum();
    let involuntary: u64 = rows.iter().map(|row| row.3).sum();
    // The kernel's sum has a granularity, and the printed times have three digits.
    assert!(cpu <= demo.cpu + ms(5), "{demo:?}");
    assert!(voluntary <= demo.voluntary, "{demo:?}");
    assert!(involuntary <= demo.involuntary, "{demo:?}");
}

#[test]
fn the_switches_of_switch_are_those_that_the_kernel_counted() {
    let demo = counted::run(&["switch", "--rounds", "500"]);
    let after = |line: &str| numbers(line.split_once('≈').unwrap().1)[0] as u64;
    let counts = demo.lines.iter().filter(|line| line.contains("the kernel counted"));
    let counts: Vec<u64> = counts.map(|line| after(line)).collect();
    assert!(counts[0] >= 999, "on one CPU a round trip is two switches: {counts:?}");
    let computing = demo.lines.iter().filter(|line| line.contains("tasks: "));
    let computing: Vec<u64> = computing.map(|line| after(line)).collect();
    assert_eq!(computing.len(), 3, "{demo:?}");
    let all = demo.voluntary + demo.involuntary;
    assert!(counts.iter().chain(&computing).sum::<u64>() <= all, "{demo:?}");

    let nanoseconds = |beginning: &str| {
        let line = demo.lines.iter().find(|line| line.starts_with(beginning)).expect(beginning);
        *numbers(line.trim_end_matches(" ns")).last().expect(line)
    };
    let [pipe, round_trip, switch] =
        ["a byte into a pipe", "a byte to another process and back, on one CPU", "one switch"]
            .map(nanoseconds);
    // One decimal is printed.
    let expected = (round_trip / 2.0 - pipe).max(0.0);
    assert!((switch - expected).abs() < 0.2, "{demo:?}");
    for line in demo.lines.iter().filter(|line| line.contains("tasks: ")) {
        // Their time, of 50 ms, and its share in per cent.
        let count = after(line) as f64;
        let (lost, rounded) = (count * switch * 1e-9, count * 0.06e-9);
        let share = *numbers(line).last().unwrap();
        assert!((share - 100.0 * lost / 0.05).abs() < 0.01 + 0.01 * share, "{line}");
        let time = times(line).pop().unwrap().as_secs_f64();
        assert!((time - lost).abs() < 1e-9 + 0.01 * lost + rounded, "{line}");
    }
}

#[test]
fn switch_shows_what_it_can_on_one_cpu() {
    // The programs that this thread starts may use what it may use.
    let first = common::cpus::allowed().unwrap()[0];
    common::cpus::pin(nix::unistd::Pid::from_raw(0), &[first]).unwrap();
    let demo = counted::run(&["switch", "--rounds", "100"]);
    assert!(demo.lines.contains(&"(on two CPUs: this process may use only one)".to_owned()));
}

#[test]
fn the_work_of_cores_is_done_as_drawn() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("cores.svg");
    let svg = file.to_str().unwrap();
    let demo = counted::run(&["cores", "--cpus", "1", "--readings", "200000", "--svg", svg]);
    let picture = picture::read(&std::fs::read_to_string(&file).unwrap());

    let headings: Vec<_> = demo.lines.iter().filter(|line| line.contains(" CPU: ")).collect();
    let taken: Vec<_> = headings.iter().map(|line| times(line)[0]).collect();
    assert_eq!(taken.len(), 2, "{demo:?}");
    let longest = taken.iter().max().unwrap().as_secs_f64();
    let drawn = picture.tasks.concat().into_iter().map(|(left, right)| right - left);
    let drawn = Duration::from_secs_f64(drawn.sum::<f64>() / picture.length * longest);
    // A pause of less than 0.1 ms is drawn as running.
    assert!(drawn <= demo.cpu.mul_f64(1.5), "{drawn:?} are drawn: {demo:?}");
    assert!(drawn >= demo.cpu / 3, "{drawn:?} are drawn: {demo:?}");
    assert!(!picture.tasks[0].is_empty() && !picture.tasks[1].is_empty());
}

#[test]
fn more_readings_are_more_work() {
    let [little, much] =
        ["10000", "1500000"].map(|n| counted::run(&["cores", "--cpus", "1", "--readings", n]));
    assert!(much.cpu > 2 * little.cpu, "{little:?} {much:?}");
}
