//! The demos about the lives of threads, seen from outside: what the kernel lists while
//! a demo stays where it is.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use demo::{STAYS, demo, lines, names, wait_until_asleep};
use nix::sys::signal::Signal;
use testing::running::{Running, tid};
use testing::{test, witness};

mod demo;

#[test]
fn the_kernel_knows_the_threads_by_the_names_that_are_told() {
    let running = Running::start(demo(&["names"], STAYS));
    let mut told = Vec::new();
    let now = loop {
        match running.next_line().unwrap() {
            line if line.starts_with("  tid ") => told.push(line),
            line if line.starts_with("threads that it has now") => break line,
            line => assert_eq!(line, "threads that this process began with: 1"),
        }
    };
    assert_eq!(now, "threads that it has now: 5");
    let tasks = running.tasks();
    assert_eq!((tasks.len(), told.len()), (5, 5), "{tasks:?} {told:?}");
    for line in &told {
        let kernel = &tasks[&tid(line)].name;
        assert!(line.ends_with(&format!("in the kernel {kernel:?}")), "{line} {kernel}");
        assert!(line.contains(&format!(" of pid {}: ", running.id())), "{line}");
    }
    assert_eq!(tid(&told[0]), running.id(), "the main thread has the id of the process");
    assert_eq!(
        names(&tasks),
        ["05-threading", "05-threading", "printing in the", "spelling", "typing"]
    );
}

#[test]
fn when_a_thread_has_panicked_the_others_are_there() {
    let running = Running::start(demo(&["join"], STAYS));
    running.line_with(&["main: 'half of 7' panicked: 7 is odd"]);
    wait_until_asleep(&running, &["05-threading", "half of 6", "half of 8"]);
}

#[test]
fn join_gives_what_each_thread_has_returned() {
    let lines = lines(&["join"]);
    let mut going_on = lines.iter().filter(|line| line.contains("I go on")).collect::<Vec<_>>();
    going_on.sort_by_key(|line| line.ends_with('4'));
    assert!(going_on[0].ends_with("return 3") && going_on[1].ends_with("return 4"), "{lines:?}");
    let joined: Vec<_> = lines.iter().filter(|line| line.starts_with("main: ")).collect();
    assert_eq!(joined[1], "main: 'half of 6' returned 3");
    assert_eq!(joined[2], "main: 'half of 8' returned 4");
    assert_eq!(lines.len(), 6, "{lines:?}");
}

#[test]
fn a_detached_thread_outlives_its_maker_and_not_the_process() {
    let running = Running::start(demo(&["detach"], STAYS));
    let maker = tid(&running.line_with(&["tid "]));
    let detached = tid(&running.line_with(&["tid "]));
    let tasks = wait_until_asleep(&running, &["05-threading", "detached"]);
    assert_eq!(tasks[&detached].name, "detached");
    assert!(!tasks.contains_key(&maker));

    let lines = lines(&["detach"]);
    assert_eq!(lines.last().unwrap(), "main: I return");
    assert!(!lines.iter().any(|line| line.contains("tidy up")), "{lines:?}");
}

#[test]
fn a_crash_is_written_by_a_thread_of_a_process_of_its_own() {
    let testimony = witness::run(demo(&["crash"], "0")).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    let crashes = testimony.lines.iter().filter(|line| line.text.starts_with("  tid "));
    let crashes: Vec<_> = crashes.collect();
    assert_eq!(crashes.len(), 4, "{testimony:#?}");
    let ends = ["exit status: 0", "killed by SIGSEGV", "killed by SIGABRT", "killed by SIGABRT"];
    for (crash, end) in crashes.iter().zip(ends) {
        let (thread, pid) = (tid(&crash.text), crash.pid);
        assert_ne!(u32::try_from(thread.as_raw()), Ok(pid), "it is not the main thread");
        assert_eq!(crash.text, format!("  tid {thread} of pid {pid}: now"));
        assert_ne!(pid, testimony.pid);
        assert!(testimony.texts().contains(&format!("  pid {pid} has ended: {end}").as_str()));
    }
    let survivor = format!("  pid {}: it said '7 is odd'; I go on", crashes[0].pid);
    let others = testimony.lines.iter().filter(|line| line.text.ends_with("I go on"));
    let others: Vec<_> = others.map(|line| (line.pid, line.text.clone())).collect();
    assert_eq!(others, [(crashes[0].pid, survivor)]);
}

#[test]
fn a_panic_in_main_or_a_second_one_ends_a_process_of_its_own() {
    let mut command = demo(&["panic"], "0");
    // What std says before it aborts would come into the middle of the harness's own lines.
    command.stderr(Stdio::null());
    let testimony = witness::run(command).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    let panics: Vec<_> =
        testimony.lines.iter().filter(|line| line.text.contains(": panic: ")).collect();
    let messages: Vec<_> =
        panics.iter().map(|line| line.text.split_once(": panic: ").unwrap().1).collect();
    assert_eq!(
        messages,
        [
            "7 is odd",
            "7 is odd",
            "I cannot tidy up",
            "panic in a destructor during cleanup",
            "7 is odd",
            "panic in a function that cannot unwind",
        ]
    );
    // The first is in the main thread of its process, the others in another thread.
    let in_main: Vec<_> =
        panics.iter().map(|line| u32::try_from(tid(&line.text).as_raw()) == Ok(line.pid)).collect();
    assert_eq!(in_main, [true, false, false, false, false, false], "{testimony:#?}");
    let mut pids: Vec<_> = panics.iter().map(|line| line.pid).collect();
    pids.dedup();
    assert!(pids.len() == 3 && !pids.contains(&testimony.pid), "{testimony:#?}");
    // No thread works on, and none is joined.
    let after = ["all of my work is done", "joined it"];
    let lines = testimony.texts();
    assert!(!lines.iter().any(|line| after.iter().any(|it| line.contains(it))), "{lines:#?}");
}

#[test]
fn each_panic_can_be_had_without_another_process() {
    for (which, end) in [("main", Some(101)), ("twice", None), ("c", None)] {
        let output = demo(&["panic", "--which", which], "0").output().unwrap();
        assert_eq!(output.status.code(), end, "{which}: {output:?}");
        if end.is_none() {
            assert_eq!(output.status.signal(), Some(Signal::SIGABRT as i32), "{which}");
        }
    }
    let output = demo(&["panic", "--which", "never"], "0").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn each_thread_has_a_student_of_its_own() {
    let running = Running::start(demo(&["local"], "0"));
    let main = running.id();
    let (lines, errors, status) = running.finish();
    assert!(status.success(), "{errors}");
    let about = |what: &str| lines.iter().filter(|line| line.contains(what)).collect::<Vec<_>>();
    for name in ["Alice", "Bob"] {
        let [hello, gone] = about(name)[..] else { panic!("{lines:?}") };
        assert!(hello.contains("Hello, "), "{lines:?}");
        assert_eq!(*gone, format!("tid {}: {name} leaves", tid(hello)));
    }
    assert_eq!(tid(about("Hello, nobody (in main)")[0]), main);
    let mut places: Vec<_> =
        about(" at 0x").iter().map(|line| line.split_once(", at 0x")).collect();
    places.sort_unstable();
    places.dedup_by_key(|split| split.unwrap().1);
    assert_eq!(places.len(), 3, "{lines:?}");
}
