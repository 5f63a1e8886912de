//! The demos as strace records them: who sleeps and for how long, who is there at the same
//! time, and whether the times that they print are those of the record.

use std::time::Duration;

use demo::{demo, lines};
use testing::figures::{assert_between, seconds, times};
use testing::running::tid;
use testing::strace::{ALL_EXIT_WITH_9, Call, Caller, Record, printed_with, record, record_with};
use testing::{start, test};

mod demo;

const CALLS: &str = "write,prctl,futex,clock_nanosleep,nanosleep,clock_gettime,openat,read";

/// A demo with its options, fifty times as quick as for a reader.
fn recorded(arguments: &[&str]) -> Option<Record> {
    record(&demo(arguments, "0.02"), CALLS)
}

/// Checks who sleeps, how often, and for how long: nobody else, which would be a sleep in
/// place of a wait. The main thread has given itself no name.
fn assert_sleeps(record: &Record, expected: &[(&str, usize, u64)]) {
    let calls = record.calls().into_iter();
    let mut asleep: Vec<_> = calls
        .filter(|call| call.name.ends_with("nanosleep"))
        .map(|call| (record.caller(call.caller).name(), call.times()[0]))
        .collect();
    asleep.sort_unstable();
    let expected: Vec<_> = expected
        .iter()
        .flat_map(|&(name, times, time)| {
            vec![(name.to_owned(), Duration::from_millis(time)); times]
        })
        .collect();
    assert_eq!(asleep, expected);
}

#[test]
fn nobody_sleeps_but_to_be_watched() {
    for (arguments, expected) in [
        (&["loop"][..], &[("LoopThread", 5, 20)][..]),
        (&["join"], &[("", 1, 20)]),
        (&["detach"], &[("", 1, 20)]),
        (&["crash"], &[]),
        (&["panic"], &[]),
        (&["local"], &[]),
        (&["bounded"], &[("", 1, 20)]),
        (&["many", "--tasks=2"], &[("", 3, 4)]),
        // Eight words, and as many as it takes to notice that three are enough.
        (&["pipeline"], &[("read", 8 + 5, 4), ("reverse", 8 + 4, 4), ("show", 8 + 3, 4)]),
    ] {
        let Some(recorded) = recorded(arguments) else { return };
        assert_sleeps(&recorded, expected);
        assert_no_timeout(&recorded, Duration::MAX);
    }
}

/// Checks that up to some time nobody waits for a while only, to look again after that.
fn assert_no_timeout(recorded: &Record, until: Duration) {
    let mut waits = recorded.named("futex").into_iter().filter(|call| call.begin < until);
    let polling = waits.find(|call| call.error.as_deref() == Some("ETIMEDOUT"));
    assert!(polling.is_none(), "{polling:?}");
}

#[test]
fn threads_that_meet_stay_until_the_last_has_come() {
    // The next thread starts so late that one which waits for nobody has ended by then.
    let late = ["-e", "inject=clone,clone3:delay_exit=20000"];
    for (name, together) in [("names", &[0, 1, 2, 3][..]), ("join", &[0, 2]), ("local", &[0, 1])] {
        let Some(recorded) = record_with(&late, &demo(&[name], "0"), "prctl") else { return };
        let started = recorded.started();
        let together: Vec<_> = together.iter().map(|&number| started[number]).collect();
        let last = together[together.len() - 1].begin;
        assert!(together.iter().all(|thread| last < thread.end()), "{name}: {started:#?}");
    }
}

#[test]
fn the_threads_that_are_counted_are_those_that_the_kernel_lists() {
    // Where the kernel lists none, there is none to be counted.
    let Some(text) = printed_with("getdents64:retval=0", &demo(&["names"], "0")) else { return };
    for line in ["threads that this process began with: 0", "threads that it has now: 0"] {
        assert!(text.lines().any(|told| told == line), "{text}");
    }
}

#[test]
fn a_crash_needs_no_signal_that_a_thread_sends_to_itself() {
    let changes = "kill,tkill,tgkill,rt_tgsigqueueinfo:retval=0";
    let Some(text) = printed_with(changes, &demo(&["crash"], "0")) else { return };
    let ends = text.lines().filter_map(|line| Some(line.split_once(" has ended: ")?.1));
    let ends: Vec<_> = ends.collect();
    // Without its signal, abort ends the process with an instruction that it may not execute.
    assert_eq!(ends[..2], ["exit status: 0", "killed by SIGSEGV"], "{text}");
    assert!(ends[2].starts_with("killed by "), "{text}");
}

#[test]
fn rust_reports_the_stack_that_is_full() {
    let Some(recorded) = recorded(&["crash"]) else { return };
    let threads = recorded.started();
    let writes = threads.iter().flat_map(|thread| thread.calls("write"));
    let reports = writes.filter(|call| call.descriptor() == Some(2));
    let (readable, unreadable): (Vec<_>, Vec<_>) =
        reports.partition(|call| !call.strings.is_empty());
    // A process that leaves no core is not dumpable: then only root may read its memory.
    if readable.is_empty() && !unreadable.is_empty() {
        return start::pass_over("this user may not read the memory of a process without a core");
    }
    let report: String = readable.into_iter().map(Call::text).collect();
    assert!(report.contains("overflowed its stack"), "{threads:#?}");
}

#[test]
fn a_pipeline_takes_the_time_from_its_first_thread_to_its_last_line() {
    let Some(recorded) = recorded(&["pipeline"]) else { return };
    let calls = recorded.calls();
    let written = |text: &str| {
        let is_it = |call: &&&Call| call.name == "write" && call.text().starts_with(text);
        calls.iter().filter(is_it).copied().collect::<Vec<_>>()
    };
    let heads = [written("to the end:"), written("three words")].concat();
    let ends = written("  main: all stages have ended, after ");
    assert_eq!((heads.len(), ends.len()), (2, 2), "{recorded:#?}");
    for (head, end) in heads.into_iter().zip(ends) {
        let between: Vec<_> = calls.iter().filter(|call| head.end < call.begin).collect();
        let first = between.iter().find(|call| call.starts().is_some()).unwrap();
        let last = between.iter().rfind(|call| call.name == "write" && call.end < end.begin);
        let inside = last.unwrap().begin - first.end;
        assert_between(inside, times(&end.text())[0], end.begin - head.end);
    }
}

#[test]
fn an_end_is_what_wait_says() {
    for (name, ends) in [("crash", 4), ("panic", 3)] {
        let Some(text) = printed_with(ALL_EXIT_WITH_9, &demo(&[name], "0")) else { return };
        let told = text.lines().filter_map(|line| Some(line.split_once(" has ended: ")?.1));
        assert_eq!(told.collect::<Vec<_>>(), vec!["exit status: 9"; ends], "{text}");
    }
}

#[test]
fn each_thread_reads_its_name_in_the_kernel() {
    let Some(recorded) = recorded(&["names"]) else { return };
    assert_sleeps(&recorded, &[("", 1, 20)]);
    let tellers = recorded.lines.iter().filter(|line| line.starts_with("  tid "));
    let tellers: Vec<_> = tellers.map(|line| tid(line)).collect();
    assert_eq!(tellers.len(), 5);
    let opened = |path: String| {
        let opened = recorded.named("openat").into_iter();
        let opened = opened.filter(|call| call.text() == path);
        opened.map(|call| call.caller).collect::<Vec<_>>()
    };
    for teller in &tellers {
        assert_eq!(opened(format!("/proc/self/task/{teller}/comm")), [i64::from(teller.as_raw())]);
    }
    // It counts the threads twice, before the others start and after.
    let main = i64::from(tellers[0].as_raw());
    assert_eq!(opened("/proc/self/task".to_owned()), [main, main]);
}

#[test]
fn threads_of_a_scope_are_there_at_the_same_time() {
    // In each half of `scopes`: two that double, one that starts another, and one that panics.
    for (name, halves, threads) in [("scoped", 1, 2), ("scopes", 2, 5)] {
        assert_overlap(name, halves, threads);
    }
}

#[test]
fn only_the_scope_of_crossbeam_joins_its_threads() {
    // What a thread prints takes ever longer, for a machine so busy that it has ended before
    // the main thread waits for it.
    for delay in ["5000", "50000", "500000"] {
        let delay = format!("inject=write:delay_exit={delay}");
        let demo = demo(&["scopes"], "0");
        let Some(recorded) = record_with(&["-e", &delay], &demo, "write,futex") else { return };
        let started = recorded.started();
        // To join a thread is to wait until its id is no longer where the kernel clears it.
        let waits = recorded.named("futex");
        let is_joined = |thread: &Caller| {
            let id = format!(", {}, ", thread.id);
            waits.iter().any(|call| call.arguments.contains(&id))
        };
        // In each half two borrow, and one is started by another thread of the scope.
        let joined = [0, 1, 3, 5, 6].map(|number| is_joined(started[number]));
        assert_eq!(joined[..3], [false; 3], "{recorded:#?}");
        if joined[3..].contains(&true) {
            return;
        }
    }
    panic!("no thread of crossbeam's scope was joined");
}

/// Checks that of each part of a demo's threads the first two are there at the same time.
fn assert_overlap(name: &str, parts: usize, threads: usize) {
    // What a thread prints takes ever longer, for a machine so busy that the first has ended
    // before the second starts.
    let mut at_once = vec![false; parts];
    for delay in ["5000", "50000", "500000"] {
        let delay = format!("inject=write:delay_exit={delay}");
        let Some(recorded) = record_with(&["-e", &delay], &demo(&[name], "0"), "write") else {
            return;
        };
        let started = recorded.started();
        assert_eq!(started.len(), parts * threads, "{name}: {started:#?}");
        for (part, at_once) in started.chunks(threads).zip(&mut at_once) {
            *at_once |= part[1].begin < part[0].end();
        }
        if at_once.iter().all(|&it| it) {
            return;
        }
    }
    panic!("{name}: no two threads were there at the same time: {at_once:?}");
}

#[test]
fn all_that_send_and_receive_are_there_at_the_same_time() {
    // It takes ever longer to get a name, for a machine so busy that the first has ended
    // before the last starts.
    for delay in ["5000", "50000", "500000"] {
        let delay = format!("inject=prctl:delay_enter={delay}");
        let demo = demo(&["channels"], "0.02");
        let calls = "prctl,clock_nanosleep,nanosleep";
        let Some(recorded) = record_with(&["-e", &delay], &demo, calls) else { return };
        assert_sleeps(&recorded, &[]);
        let started = recorded.started();
        let names: Vec<_> = started.iter().map(|thread| thread.name()).collect();
        let expected = ["receiver 1", "receiver 2", "sender 1", "sender 2", "sender 3"];
        assert_eq!(names, expected);
        if started.iter().all(|thread| started[4].begin < thread.end()) {
            return;
        }
    }
    panic!("the threads that send and receive were never there at the same time");
}

#[test]
fn a_tick_is_a_wait_that_ends_with_its_time() {
    // A thread that comes late finds several ticks, for one wait or for none.
    let mut most = 0;
    for pace in ["0.02", "0.1", "0.5"] {
        let Some(recorded) = record(&demo(&["select"], pace), CALLS) else { return };
        let time = 1e3 * pace.parse::<f64>().unwrap();
        let (sleep, twice) = (time as u64, 2 * time as u64);
        let sleeps = [("letters", 3, sleep), ("numbers", 3, sleep), ("worker", 1, twice)];
        assert_sleeps(&recorded, &sleeps);
        assert_no_timeout(&recorded, recorded.written("  main: both channels").begin);

        let (begin, end) = (recorded.written("a thread works"), recorded.written("  it has ended"));
        let waits = recorded.named("futex").into_iter().filter(|call| {
            call.caller == begin.caller && begin.end < call.begin && call.end < end.begin
        });
        let waits = waits.filter(|call| call.error.as_deref() == Some("ETIMEDOUT")).count();
        let told = recorded.lines.last().unwrap().split_once("≈ ").unwrap().1;
        let told: usize = told.split(' ').next().unwrap().parse().unwrap();
        // The last tick may come together with the end, and the end be taken.
        assert!(waits <= told + 1, "{told} ticks and {waits} waits");
        let tick = Duration::from_secs_f64(0.3e-3 * time);
        let room = (end.begin - begin.end).div_duration_f64(tick);
        assert!(told as f64 <= room + 1.0, "{told} ticks, and there was time for {room}");
        if waits == told && told >= 4 {
            return;
        }
        most = most.max(waits);
    }
    assert!(most > 0, "it counts ticks for which it has never waited");
    start::pass_over("this machine is too busy to tell the ticks apart");
}

#[test]
fn the_time_without_a_message_is_that_of_the_wait() {
    // Each wait ends so much later that nobody could know the time without a look at the clock.
    let late = Duration::from_millis(20);
    let delay = format!("inject=futex:delay_exit={}", late.as_micros());
    let demo = demo(&["select"], "0.02");
    let Some(recorded) = record_with(&["-e", &delay], &demo, "write,futex") else { return };
    let (begin, end) = ("  default: nothing is there", "  default: nothing came in ");
    let time = recorded.lines.iter().find_map(|line| line.strip_prefix(end)).unwrap();
    let (before, after) = (recorded.written(begin), recorded.written(end));
    let waits = recorded.named("futex").into_iter();
    let waits = waits.filter(|call| before.end < call.begin && call.end < after.begin);
    let waited = waits.filter(|call| call.caller == after.caller).map(|call| call.time() + late);
    assert_between(waited.sum(), seconds(time), after.begin - before.end);
}

#[test]
fn what_parallel_says_of_its_threads_is_what_the_kernel_says() {
    let arguments = ["parallel", "--threads", "3", "--steps", "300000"];
    let Some(recorded) = recorded(&arguments) else { return };
    assert_sleeps(&recorded, &[]);
    let clock = |call: &Call| call.times()[0];
    let of_kind = |kind: &str| {
        let calls = recorded.named("clock_gettime").into_iter();
        calls.filter(|call| call.arguments.starts_with(kind)).collect::<Vec<_>>()
    };
    let of_threads = of_kind("CLOCK_THREAD_CPUTIME_ID");
    let used = recorded.lines.iter().filter(|line| line.starts_with("  tid "));
    let used: Vec<_> = used.collect();
    assert_eq!((used.len(), of_threads.len()), (6, 6), "{:#?}", recorded.lines);
    for line in used {
        let told = of_threads
            .iter()
            .find(|call| call.caller == i64::from(tid(line).as_raw()))
            .expect(line);
        assert_between(clock(told), times(line)[0], clock(told));
        // strace and all that it records have one CPU, if the system lets them choose it.
        let cpus = |line: &str| line.split_once("≈ ").unwrap().1.to_owned();
        let is_on_it = cpus(line) == cpus(&recorded.lines[0]);
        assert!(is_on_it || !start::can_choose_cpus(), "{:#?}", recorded.lines);
    }

    let of_process = of_kind("CLOCK_PROCESS_CPUTIME_ID");
    let together = recorded.lines.iter().filter(|line| line.starts_with("  together "));
    let together: Vec<_> = together.collect();
    assert_eq!((of_process.len(), together.len()), (6, 3));
    for (clocks, line) in of_process.chunks(2).zip(together) {
        let [begin, end] = clocks[..] else { panic!("{clocks:?}") };
        let [total, time] = times(line)[..] else { panic!("two times: {line}") };
        assert_between(clock(end) - clock(begin), total, clock(end) - clock(begin));
        let mut own = recorded.caller(begin.caller).calls.iter();
        let before = own.rfind(|call| call.end <= begin.begin).unwrap();
        let inside =
            of_threads.iter().filter(|call| begin.end < call.begin && call.end < end.begin);
        let last = inside.map(|call| call.end).max().unwrap_or(begin.end);
        assert_between(last - begin.begin, time, end.begin - before.end);
        let ratio = line.split_once("≈ ").unwrap().1.split(' ').next().unwrap();
        let ratio: f64 = ratio.parse().unwrap();
        assert!((ratio - total / time).abs() < 0.005 + 0.012 * ratio, "{line}");
    }
}

#[test]
fn a_thread_that_looks_once_has_been_on_one_cpu() {
    let lines = lines(&["parallel", "--threads", "2", "--steps", "1000"]);
    let cpus = lines.iter().filter_map(|line| line.split_once(" on CPU ≈ "));
    let cpus: Vec<usize> = cpus.map(|(_, cpu)| cpu.parse().expect("one CPU")).collect();
    let allowed = common::cpus::allowed().unwrap();
    assert!(cpus.len() == 3 && cpus.iter().all(|cpu| allowed.contains(cpu)), "{lines:#?}");
    assert_eq!(
        lines[0],
        format!("CPUs that this process may use: ≈ {}", common::cpus::list(&allowed))
    );
}

#[test]
fn a_crowd_took_from_the_signal_to_its_last_report() {
    let Some(recorded) = recorded(&["crowd", "--threads", "30", "--processes", "5"]) else {
        return;
    };
    assert_sleeps(&recorded, &[("", 2, 4)]);
    let own = &recorded.caller(recorded.written("threads").caller).calls;
    let mut rows = recorded.lines.iter().filter(|line| line.contains(" pid "));
    for (place, gate) in own.iter().enumerate() {
        if gate.name != "write" || gate.bytes() != [1] {
            continue;
        }
        let row = rows.next().expect("a row for each crowd");
        let words: Vec<_> = row.split_whitespace().collect();
        let count: usize = words[0].parse().expect(row);
        let [all, each] = times(row)[..] else { panic!("two times: {row}") };
        let later = own[place..].iter().enumerate();
        let reports = later.filter(|(_, call)| call.name == "read" && call.result == Some(4));
        let (last, report) =
            reports.map(|(number, it)| (place + number, it)).nth(count - 1).expect(row);
        let around = own[last + 1].begin - own[place - 1].end;
        assert_between(report.end - gate.begin, all, around);
        let mean = Duration::from_secs_f64(all / count as f64);
        assert_between(mean, each, mean);
    }
    assert_eq!(rows.next(), None);
}
