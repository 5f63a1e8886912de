//! The demos as strace records them: who waits, who is there at the same time, and whether
//! the times that they print are those of the record.

use std::collections::BTreeSet;
use std::time::Duration;

use demo::{demo, lines};
use testing::figures::{assert_between, seconds};
use testing::running::tid;
use testing::strace::{Call, Caller, Record, record, record_with};
use testing::tamper::{self, replace};
use testing::test;

mod demo;

/// A demo with its options, at a pace.
fn recorded(arguments: &[&str], pace: &str) -> Option<Record> {
    let calls = "write,prctl,futex,clock_nanosleep,nanosleep,getrusage,wait4,waitid";
    record(&demo(arguments, pace), calls)
}

/// The sleeps of a demo, from one time to another.
fn sleeps(recorded: &Record, from: Duration, to: Duration) -> Vec<&Call> {
    let calls = recorded.calls().into_iter();
    calls
        .filter(|call| call.name.ends_with("nanosleep") && from <= call.begin && call.end <= to)
        .collect()
}

/// Whether two of these calls were under way at the same time.
fn any_overlap(calls: &[&Call]) -> bool {
    let mut pairs = calls.iter().enumerate();
    pairs.any(|(number, call)| calls[..number].iter().any(|other| call.overlaps(other)))
}

/// From the first of these calls to the last.
fn span(calls: &[&Call]) -> Duration {
    let begin = calls.iter().map(|call| call.begin).min().unwrap();
    calls.iter().map(|call| call.end).max().unwrap() - begin
}

/// The addresses of the futex calls of a thread, from one time to another.
fn futexes(caller: &Caller, from: Duration, to: Duration) -> Vec<&str> {
    let calls = caller.calls("futex").filter(|call| from < call.begin && call.begin < to);
    calls.map(|call| call.arguments.split(',').next().unwrap()).collect()
}

#[test]
fn answers_are_waited_for_at_the_same_time_or_one_after_the_other() {
    // With ever more questions, for a machine so busy that one thread has asked all of its
    // own before the other begins.
    let mut at_once = [false; 3];
    for questions in ["4", "15", "60"] {
        let Some(recorded) = recorded(&["turns", "--questions", questions], "0.02") else { return };
        let mut before = recorded.written("two threads ask");
        let mut free = None;
        let names = ["without a lock", "all inside a lock", "only the sum inside"];
        for (name, at_once) in names.iter().zip(&mut at_once) {
            let written = recorded.written(&format!("  {name}"));
            let line = recorded.lines.iter().find(|line| line.contains(name)).unwrap();
            let started = recorded.started();
            let started =
                started.iter().filter(|it| it.name() == "asker" && it.begin < written.begin);
            // The first of the three may have been done again.
            let askers: Vec<_> = started.collect();
            let askers = &askers[askers.len() - 2..];
            let asleep = sleeps(&recorded, askers[0].begin, written.begin);
            let questions: usize = questions.parse().unwrap();
            for asker in askers {
                let own = asleep.iter().filter(|call| call.caller == asker.id);
                assert_eq!(own.count(), questions, "{line}");
            }
            assert!(asleep.iter().all(|call| call.times()[0] == Duration::from_millis(5)));
            *at_once |= any_overlap(&asleep);

            let (time, ratio) = line.split_once(", ≈ ").unwrap();
            let time = seconds(time.rsplit_once(", ").unwrap().1);
            assert_between(span(&asleep), time, written.begin - before.end);
            let ratio: f64 = ratio.split(' ').next().unwrap().parse().unwrap();
            let expected = time / *free.get_or_insert(time);
            assert!((ratio - expected).abs() <= 0.05 + 0.012 * expected, "{line}");
            before = written;
        }
        assert!(!at_once[1], "two threads wait for answers inside the lock");
        if at_once[0] && at_once[2] {
            return;
        }
    }
    panic!("no two threads wait at the same time without a lock, with the sum inside: {at_once:?}");
}

#[test]
fn readers_are_inside_one_after_the_other_or_at_the_same_time() {
    let mut at_once = [false; 3];
    // For a machine so busy that one has left before the next comes.
    for pace in ["0.02", "0.1", "0.5"] {
        let Some(recorded) = recorded(&["rwlock"], pace) else { return };
        let told = recorded.written("a reader sleeps until");
        let reader = recorded.named("futex").into_iter().find(|call| {
            recorded.caller(call.caller).name() == "reader"
                && call.begin < told.begin
                && told.end < call.end
        });
        let Some(reader) = reader else { continue };
        assert!(reader.arguments.contains("FUTEX_WAIT"), "{reader:?}");

        let mut before = recorded.written("3 readers, each stays inside for ");
        assert!(sleeps(&recorded, Duration::ZERO, before.begin).is_empty());
        for (name, at_once) in ["Mutex", "RwLock", "ShardedLock"].iter().zip(&mut at_once) {
            let beginning = format!("  {name}: ");
            let mut calls = recorded.named("write").into_iter();
            let written = calls.rfind(|call| call.text().starts_with(&beginning)).unwrap();
            let line = recorded.lines.iter().rfind(|line| line.starts_with(&beginning)).unwrap();
            let asleep = sleeps(&recorded, before.end, written.begin);
            assert_eq!(asleep.len(), 3);
            assert!(asleep.iter().all(|call| recorded.caller(call.caller).name() == "reader"));
            *at_once |= any_overlap(&asleep);
            let time = seconds(line[beginning.len()..].strip_suffix(" for all").unwrap());
            assert_between(span(&asleep), time, written.begin - before.end);
            before = written;
        }
        assert!(!at_once[0], "two readers inside the Mutex");
        if at_once[1] && at_once[2] {
            return;
        }
    }
    panic!("no reader sleeps while main writes, or no two are inside an RwLock: {at_once:?}");
}

#[test]
fn three_wait_while_one_makes_the_value() {
    let mut waiting = Vec::new();
    for pace in ["0.02", "0.1", "0.5"] {
        let Some(recorded) = recorded(&["once"], pace) else { return };
        let making = sleeps(&recorded, Duration::ZERO, Duration::MAX);
        let asks = |call: &Call| recorded.caller(call.caller).name() == "asking";
        assert!(making.iter().all(|call| asks(call)), "{making:?}");
        let who_wait = |making: &&Call| {
            let waits = recorded.named("futex").into_iter().filter(|call| {
                call.begin < making.begin
                    && making.end < call.end
                    && call.arguments.contains("FUTEX_WAIT")
                    && asks(call)
            });
            waits.map(|call| call.caller).collect::<BTreeSet<_>>().len()
        };
        waiting = making.iter().map(who_wait).collect();
        // One that was woken for no reason looks again while the value is made.
        if waiting == [3; 3] {
            return;
        }
    }
    panic!("as many wait while the value is made for each of the three: {waiting:?}");
}

#[test]
fn two_threads_add_to_the_atomic_at_the_same_time() {
    for times in ["100000", "1000000", "10000000"] {
        let atomic = demo(&["atomic", "--times", times], "0");
        let Some(recorded) = record(&atomic, "nanosleep") else { return };
        let started = recorded.started();
        let [.., first, second] = &started[..] else { panic!("{started:#?}") };
        if second.begin < first.end() {
            return;
        }
    }
    panic!("the second thread starts when the first has ended");
}

#[test]
fn two_children_move_money_at_the_same_time() {
    let Some(recorded) = recorded(&["processes", "--times", "10"], "0.02") else { return };
    let (begin, end) = (recorded.written("Two accounts"), recorded.written("Two children"));
    let started = recorded.started();
    let started = started.iter().filter(|it| begin.end < it.begin && it.begin < end.begin);
    let started: Vec<_> = started.collect();
    assert_eq!(started.len(), 2, "{started:#?}");
    let calls = recorded.calls();
    let wait = calls.iter().find(|call| call.name.starts_with("wait"));
    let wait = wait.expect("the parent waits for them");
    assert!(started[1].begin < wait.begin, "the parent waits before it starts the second");
}

#[test]
fn a_dead_owner_is_found_by_chance() {
    let told = || {
        let lines = lines(&["robust", "--kills", "25"], "0");
        let line = lines.iter().find(|line| line.starts_with("  it had the lock ≈ ")).unwrap();
        let numbers = line.split("≈ ").skip(1).map(|rest| rest.split(' ').next().unwrap());
        let [owners, undone] = numbers.map(|it| it.parse::<u32>().unwrap()).collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        assert!(undone <= owners && owners <= 25, "{line}");
        (owners, undone)
    };
    let first = told();
    let mut others = (0..50).map(|_| told());
    assert!(others.any(|other| other != first), "51 times it was {first:?}");
    // It may have the lock, and no transfer under way.
    assert!(others.chain([first]).any(|(owners, undone)| undone < owners));
}

#[test]
fn one_that_is_killed_before_it_has_the_lock_is_no_owner() {
    // It is delayed where it reports that it begins, long enough to be killed there.
    for delay in ["200000", "1000000", "5000000", "20000000"] {
        let late = format!("inject=close:delay_exit={delay}:when=1");
        let demo = demo(&["robust", "--kills", "3"], "0");
        let Some(recorded) = record_with(&["-e", &late], &demo, "close") else { return };
        let told = "  it had the lock ≈ 0 times, and ≈ 0 transfers had to be undone";
        if recorded.lines.iter().any(|line| line == told) {
            return;
        }
    }
    panic!("it has the lock though it has not begun");
}

#[test]
fn threads_that_meet_stay_until_the_last_has_come() {
    // The next thread starts so late that one which waits for nobody has ended by then.
    let late = ["-e", "inject=clone,clone3:delay_exit=20000"];
    let Some(recorded) = record_with(&late, &demo(&["rwlock"], "0"), "prctl") else { return };
    let started = recorded.started();
    for readers in started[..6].chunks(3) {
        assert!(readers.iter().all(|reader| readers[2].begin < reader.end()), "{readers:#?}");
    }
}

#[test]
fn nobody_sleeps_but_to_be_watched() {
    for (name, who, count) in [
        ("mutex", "holder", 1),
        ("semaphore", "visitor", 6),
        ("poison", "", 0),
        ("deadlock", "", 0),
        ("condvar", "", 0),
    ] {
        let calls = "prctl,clock_nanosleep,nanosleep";
        let Some(recorded) = record(&demo(&[name], "0.02"), calls) else { return };
        let asleep = sleeps(&recorded, Duration::ZERO, Duration::MAX);
        assert_eq!(asleep.len(), count, "{asleep:#?}");
        for sleep in asleep {
            assert!(recorded.caller(sleep.caller).name().starts_with(who), "{sleep:?}");
            assert_eq!(sleep.times()[0], Duration::from_millis(20));
        }
    }
}

#[test]
fn that_a_thread_sleeps_is_what_the_kernel_says() {
    let change = |from: &str, bytes: &mut [u8]| {
        if from.ends_with("/status") {
            replace(bytes, b"State:\tS", b"State:\tZ");
        }
    };
    let Some(output) = tamper::run(demo(&["deadlock"], "0"), change) else { return };
    assert!(!output.status.success() && !output.text.contains(") sleeps"), "{output:?}");
}

#[test]
fn one_thread_has_both_locks_before_the_other_has_one() {
    // Printing a line is delayed: without a lock, the other thread would print in that time.
    let late = ["-e", "inject=write:delay_exit=10000"];
    let Some(recorded) = record_with(&late, &demo(&["deadlock"], "0"), "write") else { return };
    let lines = &recorded.lines;
    let begin = lines.iter().position(|line| line == "both lock a, then b:").unwrap();
    let threads: Vec<_> = lines[begin..].iter().filter(|line| line.starts_with("  t")).collect();
    let [has, has_both, other_has, other_has_both] = threads[..] else { panic!("{lines:#?}") };
    assert!(tid(has) == tid(has_both) && tid(other_has) == tid(other_has_both), "{threads:#?}");
    assert_ne!(tid(has), tid(other_has));
}

#[test]
fn each_round_has_two_threads_and_with_the_lock_they_contend() {
    // On one CPU they contend only if one is interrupted while it has the lock.
    for times in ["100000", "1000000", "5000000"] {
        let Some(recorded) = recorded(&["balance", "--times", times], "0.02") else { return };
        let (_, round) = recorded.lines[1].split_once("round ≈ ").unwrap();
        let round: usize = round.parse().unwrap();
        let threads = recorded.started();
        let names: Vec<_> = threads.iter().map(|thread| thread.name()).collect();
        assert_eq!(names, ["t1", "t2"].repeat(round + 1));
        let written = recorded.written("without a lock");
        let [.., t1, t2] = &threads[..] else { panic!("{threads:#?}") };
        let [t1, t2] = [t1, t2].map(|it| futexes(it, written.end, Duration::MAX));
        if t1.iter().any(|address| t2.contains(address)) {
            return;
        }
    }
    panic!("two threads never met at the lock");
}

/// What getrusage said: the CPU time, and the voluntary context switches.
fn usage(call: &Call) -> (Duration, i64) {
    (call.times().iter().sum(), call.field("ru_nvcsw").unwrap())
}

#[test]
fn what_held_says_of_its_threads_is_what_the_kernel_says() {
    for times in ["300000", "1000000", "10000000"] {
        let Some(recorded) = recorded(&["held", "--times", times], "0.02") else { return };
        let each = format!("{times} times, ");
        let [alone, contended] =
            ["nobody", "another"].map(|who| recorded.written(&format!("{each}{who}")));
        let held = recorded.written("once, another");
        let measured = recorded.named("getrusage");
        for (written, line) in [alone, contended, held].into_iter().zip(&recorded.lines) {
            let mut before = measured.iter().filter(|call| call.end < written.begin);
            let (end, begin) = (before.next_back().unwrap(), before.next_back().unwrap());
            assert_eq!(begin.caller, end.caller);
            let ((cpu_before, sleeps_before), (cpu, sleeps)) = (usage(begin), usage(end));
            let told = line.rsplit(' ').next().unwrap();
            assert_eq!(told.parse(), Ok(sleeps - sleeps_before), "{line}");

            let (_, time) = line.split_once(": ").unwrap();
            let (time, _) = time.split_once(',').unwrap();
            let time = match time.strip_suffix(" each") {
                Some(time) => seconds(time) * times.parse::<f64>().unwrap(),
                None => seconds(time),
            };
            // A thread uses no more CPU time than there is. The kernel has counted it exactly,
            // as strace has just stopped the thread.
            let own = recorded.caller(begin.caller);
            let before = own.calls.iter().rfind(|call| call.end <= begin.begin).unwrap();
            let waits = own.calls("futex").filter(|call| begin.end < call.begin);
            let waited = waits.filter(|call| call.end < end.begin).map(Call::time).sum();
            let computed = (cpu - cpu_before).saturating_sub(Duration::from_micros(500));
            assert_between(computed.max(waited), time, end.begin - before.end);
        }
        let [hold] = sleeps(&recorded, contended.end, held.begin)[..] else { panic!("one sleep") };
        assert_eq!(hold.times()[0], Duration::from_millis(20), "{hold:?}");

        // Each of the two finds the lock taken by the other at some time.
        let threads = recorded.started();
        let rival = threads.iter().find(|thread| thread.name() == "rival").expect("a rival");
        let [main, rival] = [recorded.caller(contended.caller), *rival]
            .map(|thread| futexes(thread, alone.end, contended.begin));
        if main.iter().any(|address| rival.contains(address)) {
            return;
        }
    }
    panic!("nobody contends with the main thread");
}
