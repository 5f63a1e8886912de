//! Every number that a demo prints, computed a second time: from what the kernel answered,
//! and from what the tasks handed over to their parent, as strace has recorded both.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::text;
use picture::Picture;
use team::{Team, numbers, slices, teams};
use testing::figures::{assert_between, times};
use testing::strace::{Call, Caller, Record, files_read, record};
use testing::tamper;
use testing::{start, test};

mod picture;
mod team;

fn demo(arguments: &[&str]) -> Command {
    let mut demo = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    demo.args(arguments);
    demo
}

/// The record of a demo on one CPU; `None` if strace cannot be used.
fn run(arguments: &[&str], calls: &str) -> Option<Record> {
    record(&demo(arguments), calls)
}

/// The record of a demo that shows more on several CPUs.
fn run_on_all_cpus(arguments: &[&str], calls: &str) -> Option<Record> {
    record(&start::on_all_cpus(&demo(arguments)), calls)
}

const MS: Duration = Duration::from_millis(1);

/// A number that is printed with this many decimals may be wrong by half of the last one.
#[track_caller]
fn assert_printed(printed: f64, computed: f64, decimals: i32) {
    let error = (printed - computed).abs();
    assert!(error <= 0.501 * 0.1_f64.powi(decimals), "{printed} is printed, it is {computed}");
}

/// Holds that `line` has these words at these places.
#[track_caller]
fn assert_has(line: &str, words: &str) {
    assert!(line.contains(words), "{line:?} has no {words:?}");
}

/// Holds that a line's bar shows these slices of the time from `start`.
#[track_caller]
fn assert_bar(line: &str, slices: &[[u64; 3]], start: u64, length: u64) {
    let marks: Vec<_> = line.chars().filter_map(|c| "░▒▓█".chars().position(|m| m == c)).collect();
    for (column, &mark) in marks.iter().enumerate() {
        let edge = |n: usize| start as f64 + length as f64 * n as f64 / marks.len() as f64;
        let (from, to) = (edge(column), edge(column + 1));
        let share = team::time_between(slices, from, to) / (to - from);
        assert!((3.0 * share - mark as f64).abs() < 0.51, "column {column} of {line}: {share}");
    }
    assert!(!marks.is_empty(), "no bar: {line}");
}

/// Holds that a picture shows these slices in a colour, and in it nothing for which there is
/// no slice.
#[track_caller]
fn assert_drawn(picture: &Picture, colour: usize, slices: &[[u64; 3]], start: u64, length: u64) {
    let drawn = &picture.tasks[colour];
    let scale = length as f64 / picture.length;
    for slice in slices.iter().filter(|slice| slice[1] - slice[0] > length / 100) {
        let middle = ((slice[0] + slice[1]) / 2 - start) as f64 / scale;
        let shown = drawn.iter().any(|(left, right)| *left <= middle && middle <= *right);
        assert!(shown, "{slice:?}, at {middle}, is not drawn");
    }
    for (left, right) in drawn.iter().filter(|(left, right)| right - left > picture.length / 100.0)
    {
        let (from, to) = (start as f64 + left * scale, start as f64 + right * scale);
        let ran = team::time_between(slices, from, to);
        // A pause of less than 0.1 ms is drawn as running.
        assert!(ran > 0.3 * (to - from), "in {} ns it ran for {ran} ns", to - from);
    }
}

/// Reads a picture that a demo wrote.
fn picture_in(file: &Path) -> (String, Picture) {
    let svg = fs::read_to_string(file).unwrap();
    let picture = picture::read(&svg);
    (svg, picture)
}

#[test]
fn the_numbers_of_tasks_follow_from_what_the_tasks_recorded() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("turns.svg");
    let arguments = ["--duration", "0.03", "--tasks", "5", "--svg", file.to_str().unwrap()];
    let Some(record) = run_on_all_cpus(&arguments, "write,getrusage,sched_setaffinity") else {
        return;
    };
    let (svg, picture) = picture_in(&file);
    let [one_cpu, all_cpus] = &teams(&record)[..] else { panic!("two teams") };
    assert_eq!(team::cpus(&record, one_cpu), [1; 3]);
    let all = common::cpus::allowed().unwrap().len();
    assert_eq!(team::cpus(&record, all_cpus), [all; 5]);
    let length = 30_000_000;
    let lines = &record.lines;

    let recordings = one_cpu.recordings(0);
    one_cpu.assert_ran(&record, &recordings);
    all_cpus.assert_ran(&record, &all_cpus.recordings(0));
    assert!(one_cpu.time >= 30 * MS && all_cpus.time >= 30 * MS);
    let slices = slices(&recordings);
    for (number, name) in ["browser", "music", "word"].into_iter().enumerate() {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        assert_bar(line, &slices[number], one_cpu.start, length);
        assert_has(&lines[1], &format!("{name} (pid {})", one_cpu.ids[number]));
        assert_drawn(&picture, number, &slices[number], one_cpu.start, length);
    }
    let median = text::time(median(&slices));
    assert!(svg.contains(&format!("median slice, {median}<")), "{median}");
    let of_slices: Vec<_> = lines.iter().filter(|line| line.starts_with("slices")).collect();
    assert_slices(of_slices[0], &slices);
    assert!(team::most_at_once(&slices) <= 1, "they had one CPU");
    let gaps: u64 = recordings.iter().map(|recording| recording.gaps).sum();
    let switches: u64 = one_cpu.used(&record, "ru_nivcsw").iter().sum();
    let line = lines.iter().find(|line| line.starts_with("gaps")).unwrap();
    assert_eq!(numbers(line), [gaps as f64, switches as f64]);

    let slices = self::slices(&all_cpus.recordings(0));
    let mut together = 0.0;
    for (number, slices) in (1..).zip(&slices) {
        let line = lines.iter().find(|line| line.starts_with(&format!("task {number} "))).unwrap();
        assert_bar(line, slices, all_cpus.start, length);
        let (start, end) = (all_cpus.start as f64, (all_cpus.start + length) as f64);
        let share = 100.0 * team::time_between(slices, start, end) / length as f64;
        assert_printed(numbers(line)[1], share, 0);
        let mut cpus: Vec<_> = slices.iter().map(|slice| slice[2] as usize).collect();
        cpus.sort_unstable();
        cpus.dedup();
        let (_, printed) = line.split_once("on CPUs ≈ ").unwrap();
        let list = common::cpus::list(&cpus);
        let beginning = printed.strip_suffix('…').unwrap_or(&list);
        assert!(list.starts_with(beginning), "{line}: {list}");
        together += share;
    }
    assert_slices(of_slices[1], &slices);
    let line = lines.last().unwrap();
    assert_printed(numbers(line)[0], together, 0);
    assert_has(line, &format!("at most ≈ {} of them", team::most_at_once(&slices)));
}

#[test]
fn tasks_work_until_the_time_that_is_drawn_is_over() {
    // In one of these runs none of the others that want the CPU has all of the last quarter.
    for (name, skip) in [("tasks", 0), ("nice", 1)] {
        if name == "nice" && !can_be_nice() {
            return;
        }
        let mut worked_on = [false; 2];
        for _ in 0..6 {
            let Some(record) = run(&[name, "--duration", "0.04"], "write") else { return };
            let late = teams(&record).into_iter().map(|team| {
                let slices = slices(&team.recordings(skip)).concat();
                slices.iter().any(|[_, end, _]| *end > team.start + 30_000_000)
            });
            worked_on.iter_mut().zip(late).for_each(|(worked_on, late)| *worked_on |= late);
            if worked_on == [true; 2] {
                break;
            }
        }
        assert_eq!(worked_on, [true; 2], "{name}");
    }
}

/// The median length of the slices.
fn median(slices: &[Vec<[u64; 3]>]) -> Duration {
    let mut lengths: Vec<_> = slices.concat().iter().map(|[start, end, _]| end - start).collect();
    lengths.sort_unstable();
    let count = lengths.len();
    Duration::from_nanos((lengths[(count - 1) / 2] + lengths[count / 2]) / 2)
}

/// Holds that a line has the number of these slices, and their median.
#[track_caller]
fn assert_slices(line: &str, slices: &[Vec<[u64; 3]>]) {
    let (count, median) = (slices.concat().len(), median(slices));
    assert_has(line, &format!("≈ {count}, the median one {} long", text::time(median)));
}

#[test]
fn the_times_of_cores_follow_from_what_the_tasks_recorded() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("cores.svg");
    let arguments = ["cores", "--readings", "60000", "--svg", file.to_str().unwrap()];
    let Some(record) = run_on_all_cpus(&arguments, "write,getrusage,sched_setaffinity") else {
        return;
    };
    let (_, picture) = picture_in(&file);
    let teams = teams(&record);
    let headings: Vec<_> = record.lines.iter().filter(|line| line.contains("times as")).collect();
    assert_eq!(headings.len(), teams.len());
    let time = |team: &Team| {
        let ends = slices(&team.recordings(0)).into_iter().flatten().map(|slice| slice[1]);
        Duration::from_nanos(ends.max().unwrap() - team.start)
    };
    let longest = teams.iter().map(time).max().unwrap().as_nanos() as u64;
    let mut bars = record.lines.iter().filter(|line| line.starts_with("task "));
    for (colour, (team, line)) in teams.iter().zip(headings).enumerate() {
        team.assert_ran(&record, &team.recordings(0));
        let faster = time(&teams[0]).div_duration_f64(time(team));
        assert_has(line, &format!(": {}, ≈ ", text::time(time(team))));
        assert_printed(*numbers(line).last().unwrap(), faster, 2);
        let count = line.split(' ').next().unwrap().parse::<usize>().unwrap();
        assert_eq!(count, team.ids.len(), "{line}");
        let (_, cpus) = line.split_once(" on ").unwrap();
        let cpus = cpus.split(' ').next().unwrap().parse::<usize>().unwrap();
        assert_eq!(team::cpus(&record, team), vec![cpus; count], "{line}");
        let slices = slices(&team.recordings(0));
        // The test reads three colours.
        if colour < 3 {
            assert_drawn(&picture, colour, &slices.concat(), team.start, longest);
        }
        for slices in slices.iter().take(8) {
            assert_bar(bars.next().unwrap(), slices, team.start, longest);
        }
    }
}

#[test]
fn the_work_of_cores_is_split_among_its_tasks() {
    // All on one CPU: then the work takes the same CPU time, whatever the number of tasks.
    let whole_work_for_each = || {
        let record = run(&["cores", "--cpus", "1", "--readings", "100000"], "write,getrusage")?;
        let times = teams(&record).into_iter().map(|team| team.cpu_time(&record).as_secs_f64());
        let [one, two] = times.collect::<Vec<_>>()[..] else { panic!("two teams") };
        Some(two > 1.5 * one)
    };
    // One that happens to have been disturbed decides nothing: six are not all disturbed.
    let mut runs = (0..6).map(|_| whole_work_for_each());
    assert!(runs.any(|all_of_it| all_of_it != Some(true)), "each task did all of the work");
}

#[test]
fn the_rows_of_waiting_are_what_the_kernel_counted() {
    let Some(record) = run(&["waiting"], "write,getrusage,clock_gettime,clock_nanosleep") else {
        return;
    };
    let rows = record.lines.iter().skip_while(|line| !line.contains("wall time")).skip(1);
    let teams = teams(&record);
    assert_eq!(teams.iter().map(|team| team.ids.len()).collect::<Vec<_>>(), [1, 2, 1, 100]);
    for (row, team) in rows.zip(&teams) {
        let cpu_time = |id: &i64| {
            let calls = record.caller(*id).calls("clock_gettime");
            let times = calls.filter(|call| call.arguments.contains("CPUTIME"));
            let times: Vec<_> = times.map(|call| call.times()[0]).collect();
            times[times.len() - 1] - times[0]
        };
        let cpu: Duration = team.ids.iter().map(cpu_time).sum();
        let [voluntary, involuntary] =
            ["ru_nvcsw", "ru_nivcsw"].map(|field| team.used(&record, field).iter().sum::<u64>());
        let finished = team.words.iter().map(|words| words[0]).max().unwrap();
        let wall = Duration::from_nanos(finished - team.start);
        let expected = [
            text::time(wall),
            text::time(cpu),
            format!("≈ {voluntary}"),
            format!("≈ {involuntary}"),
        ];
        let words = row.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.ends_with(&expected.join(" ")), "{row}: {expected:?}");
        for id in &team.ids {
            let caller = record.caller(*id);
            let sleeps: Vec<_> = caller.calls("clock_nanosleep").collect();
            assert_eq!(sleeps.len(), if row.contains("wait") { 5 } else { 0 }, "{row}");
            assert!(sleeps.iter().all(|call| call.times()[0] == 10 * MS), "{row}");
        }
    }
}

/// Whether tasks may be as nice as in the demo `nice`; if not, the test is passed over.
fn can_be_nice() -> bool {
    let status = demo(&["nice", "--duration", "0.02"]).output().unwrap().status;
    if status.code() == Some(3) {
        start::pass_over("a task may not have the nice value 0 here");
    }
    status.code() != Some(3)
}

#[test]
fn the_shares_of_nice_follow_from_what_the_tasks_recorded() {
    if !can_be_nice() {
        return;
    }
    let calls = "read,write,getrusage,setpriority,setsid";
    let Some(record) = run(&["nice", "--duration", "0.05"], calls) else { return };
    let own_group = fs::read_to_string("/proc/self/autogroup").unwrap_or_default();
    let length = 50_000_000;
    let teams = teams(&record);
    let ratios = record.lines.iter().filter(|line| line.starts_with("nice 10 got"));
    let autogroups = record.lines.iter().filter(|line| line.starts_with("autogroups are"));
    let shares: Vec<_> = record.lines.iter().filter(|line| line.contains("weight ")).collect();
    assert_eq!((teams.len(), shares.len()), (2, 6));
    for (number, ((team, ratio), groups)) in teams.iter().zip(ratios).zip(autogroups).enumerate() {
        let recordings = team.recordings(1);
        team.assert_ran(&record, &recordings);
        assert!(team.time >= 50 * MS, "{:?}", team.time);
        let slices = slices(&recordings);
        let (start, end) = (team.start as f64, (team.start + length) as f64);
        let times: Vec<_> =
            slices.iter().map(|task| team::time_between(task, start, end)).collect();
        let percent = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
        for (task, line) in shares[3 * number..][..3].iter().enumerate() {
            let (_, got) = line.split_once("got").unwrap();
            assert_printed(numbers(got)[0], percent(times[task], times.iter().sum()), 0);
            assert_bar(line, &slices[task], team.start, length);
        }
        assert_printed(
            numbers(ratio.split_once("got").unwrap().1)[0],
            percent(times[2], times[0]),
            0,
        );
        let mut different: Vec<_> = team.words.iter().map(|words| words[0]).collect();
        for (task, id) in team.ids.iter().enumerate() {
            let caller = record.caller(*id);
            let set = format!("PRIO_PROCESS, 0, {}", 5 * task);
            assert_eq!(caller.calls("setpriority").last().unwrap().arguments, set);
            assert_eq!(caller.calls("setsid").count(), number);
            // Before it begins to record: then it first asks what it has used.
            let recording = caller.calls("getrusage").next().unwrap().begin;
            let mut settings = caller.calls("setsid").chain(caller.calls("setpriority"));
            assert!(settings.all(|call| call.end < recording), "{caller:?}");
            // Its autogroup is the one of which it read last. A session that is as old as the
            // system belongs to none: then it read only the end of the file.
            let reads: Vec<_> = caller.calls("read").collect();
            let [.., text, end] = &reads[..] else { panic!("{reads:?}") };
            assert_eq!(end.result, Some(0), "{end:?}");
            let text = text.text();
            let read = text.strip_prefix("/autogroup-").map(|rest| numbers(rest)[0]);
            if groups.contains("are on, and") {
                assert_eq!(read.unwrap_or(0.0), different[task] as f64, "{text:?}");
                assert!(read.is_some() || number == 0 && own_group.is_empty(), "{text:?}");
            }
        }
        different.sort_unstable();
        different.dedup();
        if groups.contains("are on, and") {
            assert_eq!(numbers(groups.split_once("in ").unwrap().1)[0], different.len() as f64);
        }
    }
}

#[test]
fn autogroups_are_counted_that_the_kernel_has_given() {
    let demo = demo(&["nice", "--duration", "0.02"]);
    let changed = |demo: Command| {
        // Whatever their numbers are, they are all the same.
        tamper::run(demo, |from, bytes| {
            if from.ends_with("/autogroup") {
                bytes.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|it| *it = b'7');
            }
        })
    };
    if !can_be_nice() {
        return;
    }
    let Some(output) = changed(demo) else { return };
    let told =
        output.text.lines().filter_map(|line| line.split_once("on, and these tasks are in "));
    let told: Vec<_> = told.map(|(_, count)| count).collect();
    if told.is_empty() {
        start::pass_over("this system has no autogroups, or does not use them here");
        return;
    }
    // Numbers of one length, as they are one after the other, or at most of two.
    assert!(["1 autogroup", "2 autogroups"].contains(&told[1]), "{output:?}");
}

#[test]
fn the_times_of_switch_follow_from_what_the_tasks_handed_over() {
    let rounds = 100;
    let calls = "read,write,getrusage,getppid,sched_setaffinity";
    let Some(record) = run_on_all_cpus(&["switch", "--rounds", "100"], calls) else { return };
    let teams = teams(&record);
    let lines = &record.lines;
    let cpus = common::cpus::allowed().unwrap();
    let printed: Vec<f64> = lines
        .iter()
        .filter(|line| line.ends_with(" ns") && !line.starts_with("one switch"))
        .map(|line| *numbers(line.trim_end_matches(" ns")).last().unwrap())
        .collect();
    let per_round = |nanoseconds: u64| nanoseconds as f64 / f64::from(rounds);

    // The three calls: what they took, as their process told; and no less than it took from
    // the first to the last of them, nor more than from the calls around them.
    let calls = &teams[0];
    let [function, system_call, alone] = calls.words[0][..] else { panic!("three times") };
    for (nanoseconds, printed) in [function, system_call, alone].into_iter().zip(&printed) {
        assert_printed(*printed, per_round(nanoseconds), 1);
    }
    let caller = record.caller(calls.ids[0]);
    let first = caller
        .calls
        .iter()
        .position(|call| call.name == "getppid" && call.begin > start_of(caller))
        .unwrap();
    let getppids: Vec<_> = caller.calls[first..].iter().take(rounds as usize).collect();
    assert!(getppids.iter().all(|call| call.name == "getppid"), "{rounds} calls: {getppids:?}");
    let bytes = &caller.calls[first + rounds as usize..][..2 * rounds as usize];
    for pair in bytes.chunks(2) {
        assert_eq!((pair[0].name.as_str(), pair[1].name.as_str()), ("write", "read"));
        assert_eq!((pair[0].bytes().len(), pair[1].bytes().len()), (1, 1));
    }
    // The record has whole microseconds.
    let nanos = |from: &Call, to: &Call| {
        let time = (to.end - from.begin).saturating_sub(Duration::from_micros(2));
        time.as_nanos() as u64
    };
    let before = &caller.calls[first - 1];
    assert!(function <= (getppids[0].begin - before.begin).as_nanos() as u64);
    assert!(system_call >= nanos(getppids[0], getppids[rounds as usize - 1]));
    assert!(system_call <= (bytes[0].begin - before.begin).as_nanos() as u64);
    assert!(alone >= nanos(&bytes[0], &bytes[bytes.len() - 1]));
    let after = &caller.calls[first + 3 * rounds as usize];
    assert!(alone <= (after.begin - getppids[rounds as usize - 1].begin).as_nanos() as u64);

    // The round trips, on the CPUs that are said.
    let two = cpus.len() > 1;
    let counted: Vec<_> = lines.iter().filter(|line| line.contains("the kernel counted")).collect();
    assert_eq!(counted.len(), 1 + usize::from(two));
    for (number, line) in counted.iter().enumerate() {
        let team = &teams[1 + number];
        assert_printed(printed[3 + number], per_round(team.words[0][0]), 1);
        let switches = ["ru_nvcsw", "ru_nivcsw"].map(|field| team.used(&record, field));
        let switches: u64 = switches.iter().flatten().sum();
        assert_eq!(*numbers(line).last().unwrap(), switches as f64, "{line}");
        let bound = |id: &i64| {
            let call = record.caller(*id).calls("sched_setaffinity").last().unwrap();
            call.arguments.rsplit_once('[').unwrap().1.to_owned()
        };
        let bound: Vec<_> = team.ids.iter().map(bound).collect();
        assert_eq!(bound[0] != bound[1], number == 1, "{bound:?}");
        for id in &team.ids {
            let bytes = record.caller(*id).calls.iter().filter(|call| call.result == Some(1));
            let bytes: Vec<_> = bytes.filter(|call| call.bytes() == [1]).collect();
            assert_eq!(bytes.len(), 2 * rounds as usize);
            assert!(team.words[0][0] >= nanos(bytes[1], bytes[bytes.len() - 2]));
        }
    }

    let line = lines.iter().find(|line| line.starts_with("one switch")).unwrap();
    let switch = numbers(line.trim_end_matches(" ns"))[0];
    let expected = per_round(teams[1].words[0][0]) / 2.0 - per_round(alone);
    assert_printed(switch, expected.max(0.0), 1);

    let computing: Vec<_> = lines.iter().filter(|line| line.contains("tasks: ")).collect();
    assert_eq!(computing.len(), 3);
    for (line, team) in computing.iter().zip(&teams[teams.len() - 3..]) {
        assert_eq!(numbers(line)[0], team.ids.len() as f64);
        team.assert_ran(&record, &team.recordings(0));
        assert!(team.time >= 50 * MS, "{:?}", team.time);
        let switches: u64 = team.used(&record, "ru_nivcsw").iter().sum();
        let lost = switches as f64 * expected.max(0.0);
        let time = text::time(Duration::from_nanos(lost as u64));
        assert_has(line, &format!("≈ {switches} switches × {switch:.1} ns = {time}, ≈ "));
        let share = 100.0 * lost / (50.0 * MS.as_nanos() as f64);
        assert_printed(*numbers(line).last().unwrap(), share, 2);
    }
}

/// When a task has read the instant of the common start.
fn start_of(caller: &Caller) -> Duration {
    let read = caller.calls("read").find(|call| call.result == Some(8));
    read.expect("it reads the instant of the start").end
}

#[test]
fn subtasks_sleep_only_to_be_watched() {
    let arguments = ["word", "--pace", "0.05"];
    let Some(record) = run(&arguments, "clock_nanosleep,nanosleep,sched_yield") else { return };
    // Three threads and three processes. They wait for each other without a sleep.
    assert_eq!(record.sleeps(), [15 * MS; 6]);
    assert!(record.named("sched_yield").is_empty(), "{record:#?}");
}

#[test]
fn the_picture_of_background_follows_from_what_proc_says() {
    let calls = "read,readlink,clock_nanosleep";
    let Some(record) = run(&["background", "--busiest", "5"], calls) else { return };
    let first = record.first();
    let pause = first.calls.iter().position(|call| call.name == "clock_nanosleep").unwrap();
    let (before, now) = first.calls.split_at(pause);
    let now = &now[1..];
    let processes = |calls: &[Call]| -> HashMap<u32, Vec<String>> {
        files_read(calls).iter().filter_map(|stat| process(stat)).collect()
    };
    let switches = |calls: &[Call]| -> f64 {
        let files = files_read(calls);
        let mut lines = files.iter().flat_map(|file| file.lines());
        let number = lines.find_map(|line| line.strip_prefix("ctxt ")).expect("/proc/stat");
        number.parse().unwrap()
    };
    let (switched, earlier, later) =
        (switches(now) - switches(before), processes(before), processes(now));
    let lines = &record.lines;

    // Fields as in proc(5), less three: state, threads.
    let threads: u64 = later.values().map(|fields| fields[17].parse::<u64>().unwrap()).sum();
    assert_eq!(numbers(&lines[0]), [later.len() as f64, threads as f64]);
    let in_state = |state| later.values().filter(|fields| fields[0] == state).count() as f64;
    let (run, sleep) = (in_state("R"), in_state("S"));
    assert_eq!(numbers(&lines[1]), [run, sleep, later.len() as f64 - run - sleep]);

    // Each snapshot notes the time between the reading of /proc/stat and the next one.
    let around = |calls: &[Call]| {
        // Where it ended, the only file with such a line.
        let mut ends =
            (0..calls.len()).filter(|&n| calls[n].name == "read" && calls[n].result == Some(0));
        let of_stat = |&end: &usize| files_read(&calls[..end]).last().unwrap().contains("\nctxt ");
        let end = ends.find(of_stat).expect("/proc/stat");
        (calls[end].begin.as_secs_f64(), calls[end + 1].end.as_secs_f64())
    };
    let (a, b) = (around(before), around(now));
    let (shortest, longest) = (b.0 - a.1, b.1 - a.0);
    let rate = numbers(&lines[2])[0];
    assert!(rate >= (switched / longest).floor() - 1.0, "{rate}: {switched} in {longest} s");
    assert!(rate <= (switched / shortest).ceil() + 1.0, "{rate}: {switched} in {shortest} s");

    let told = lines.iter().find(|line| line.starts_with("The busiest in the last ")).unwrap();
    let [shortest_time, longest_time] = [shortest, longest].map(Duration::from_secs_f64);
    assert_between(shortest_time, times(told)[0], longest_time);

    let links = now.iter().filter(|call| call.name == "readlink" && call.result > Some(0));
    let links = links.map(|call| (&call.strings[0], &call.strings[1]));
    // A long one is read twice.
    let links: HashMap<_, _> = links.collect();
    // A process belongs to the first above it in an unbroken line of its own program.
    let program = |pid: u32| links.get(&format!("/proc/{pid}/exe").into_bytes());
    let first = |mut pid: u32| {
        let parent = |pid: u32| later[&pid][1].parse::<u32>().unwrap();
        while program(parent(pid)) == program(pid) && later.contains_key(&parent(pid)) {
            pid = parent(pid);
        }
        pid
    };
    let mut programs: HashMap<_, usize> = HashMap::new();
    for &pid in later.keys().filter(|&&pid| program(pid).is_some()) {
        *programs.entry(first(pid)).or_default() += 1;
    }
    // The program's name may have a number in it.
    let [.., pid, below] = numbers(&lines[3])[..] else { panic!("{}", lines[3]) };
    assert_eq!(programs[&(pid as u32)], below as usize + 1, "{}", lines[3]);
    assert_eq!(programs.values().max(), Some(&(below as usize + 1)), "{}", lines[3]);

    let ticks = |fields: &[String]| -> u64 {
        [11, 12].map(|field| fields[field].parse::<u64>().unwrap()).iter().sum()
    };
    let mut used: Vec<_> = later
        .iter()
        .map(|(pid, fields)| {
            let same = earlier.get(pid).filter(|before| before[19] == fields[19]);
            (ticks(fields) - same.map_or(0, |before| ticks(before)), *pid)
        })
        .collect();
    used.sort_unstable_by(|a, b| b.cmp(a));
    let busiest: Vec<_> = lines.iter().filter(|line| line.contains("% of a CPU")).collect();
    assert_eq!(busiest.len(), 5);
    for (line, (most, _)) in busiest.iter().zip(&used) {
        let [share, pid] = numbers(line)[..2] else { panic!("{line}") };
        let (ticks, _) = used.iter().find(|(_, id)| *id == pid as u32).expect(line);
        assert_eq!(ticks, most, "{line}: the busiest comes first");
        // A second has 100 ticks, so a tick in a second is a per cent.
        assert!(share + 0.51 >= *ticks as f64 / longest, "{line}: {ticks} ticks");
        assert!(share - 0.51 <= *ticks as f64 / shortest, "{line}: {ticks} ticks");
    }
}

/// A process by its id, and the fields of its /proc/PID/stat from its state on.
fn process(stat: &str) -> Option<(u32, Vec<String>)> {
    let (pid, rest) = stat.split_once(" (")?;
    let fields = rest.rsplit_once(") ")?.1.split_whitespace().map(str::to_owned);
    Some((pid.parse().ok()?, fields.collect()))
}
