//! The demo `many`, seen from outside: which threads are there, how much memory they have, what
//! takes time, and what it says where there is no room.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use common::proc;
use demo::{STAYS, demo, lines};
use nix::unistd::Pid;
use testing::figures::times;
use testing::running::{Running, tasks};
use testing::strace::record;
use testing::{start, test};

mod demo;

/// The rows of the table, by name.
fn rows(tasks: usize) -> [(String, Row); 3] {
    let lines = lines(&["many", "--tasks", &tasks.to_string()]);
    let [title, _, rows @ ..] = &lines[..] else { panic!("{lines:#?}") };
    assert!(title.starts_with(&format!("Tasks: {tasks}. ")), "{title}");
    let rows = rows.iter().map(|line| Row::read(line, tasks)).collect::<Vec<_>>();
    rows.try_into().unwrap_or_else(|_| panic!("{lines:#?}"))
}

#[derive(Debug)]
struct Row {
    threads: usize,
    kib: f64,
    bytes_each: f64,
}

impl Row {
    fn read(line: &str, tasks: usize) -> (String, Row) {
        let words: Vec<_> = line.split_whitespace().collect();
        let numbers: Vec<f64> = line
            .split("≈ ")
            .skip(1)
            .map(|rest| rest.split_whitespace().next().expect(line).parse().expect(line))
            .collect();
        let &[kib, bytes_each] = &numbers[..] else { panic!("{line}") };
        assert!(line.contains(" KiB ≈ ") && line.ends_with(" bytes"), "{line}");
        assert!((1024.0 * kib / tasks as f64 - bytes_each).abs() <= 1.0, "{line}");
        let row = Row { threads: words[1].parse().expect(line), kib, bytes_each };
        (words[0].to_owned(), row)
    }
}

fn child_of(parent: Pid) -> Pid {
    let is_child = |pid: &Pid| {
        proc::field(format!("/proc/{pid}/status"), "PPid").is_ok_and(|it| it == parent.to_string())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.map(Pid::from_raw).find(is_child).expect("the tasks have a process of their own")
}

#[test]
fn the_kernel_has_the_threads_and_the_memory_of_a_row() {
    let running = Running::start(demo(&["many", "--tasks", "300"], STAYS));
    let line = running.line_with(&["threads"]);
    let (_, row) = Row::read(&line, 300);
    let child = child_of(running.id());
    assert_eq!((row.threads, tasks(child).len()), (301, 301), "{line}");
    assert_eq!(tasks(running.id()).len(), 1);
    // The memory of the threads, and of what was there before: less than 2 MiB, as the parent has.
    let of = |pid| proc::kib(format!("/proc/{pid}/status"), "RssAnon").unwrap() as f64;
    let (now, before) = (of(child), of(running.id()));
    assert!(before < 2048.0, "{before}");
    assert!(row.kib <= now + 256.0 && now <= row.kib + before + 256.0, "{now} {before}: {line}");
}

#[test]
fn a_thread_needs_pages_and_an_async_task_some_bytes() {
    for (few, many) in rows(100).iter().zip(&rows(400)) {
        let ((name, few), (_, many)) = (few, many);
        println!("{name}: {few:?} {many:?}");
        let grows = many.kib - few.kib;
        match name.as_str() {
            "threads" => {
                assert_eq!([few.threads, many.threads], [101, 401]);
                // A page at least for each stack, and one for what the thread is known by.
                assert!(grows >= 300.0 * 4.0 && many.bytes_each >= 4096.0, "{few:?} {many:?}");
            }
            "async" => {
                assert_eq!([few.threads, many.threads], [1, 1]);
                assert!((100.0..2000.0).contains(&many.bytes_each), "{many:?}");
                assert!(grows >= 300.0 * 100.0 / 1024.0 - 8.0, "{few:?} {many:?}");
            }
            "epoll" => {
                assert_eq!([few.threads, many.threads], [1, 1]);
                assert!(many.bytes_each < 100.0, "{many:?}");
            }
            _ => panic!("a row '{name}'"),
        }
    }
}

#[test]
fn the_time_of_a_slow_call_is_in_the_times() {
    if !start::can_use_strace() {
        return;
    }
    // Each `epoll_wait` returns 20 ms later, and each question has to be reported by one that
    // returns after it was asked. (An async task tries to read first, so it may do without.)
    let slow = "epoll_wait,epoll_pwait,epoll_pwait2:delay_exit=20000";
    let mut strace = start::with_fault(slow);
    start::add_program(&mut strace, &demo(&["many", "--tasks", "3"], "0"));
    let running = Running::start(strace);
    let started = running.started();
    let (lines, errors, status) = running.finish_with_orphans();
    let around = started.elapsed().as_secs_f64();
    assert!(status.success(), "{errors}");
    let [threads, epoll, by_async] = [2, 3, 4].map(|row: usize| times(&lines[row]));
    assert!(epoll.len() == 2 && epoll.iter().all(|&time| time >= 0.0199), "{lines:#?}");
    for others in [&threads, &by_async] {
        assert!(others.len() == 2 && others.iter().all(|&time| time > 0.0), "{lines:#?}");
    }
    let sum: f64 = [threads, epoll, by_async].concat().iter().sum();
    assert!(sum <= around, "{around} {lines:#?}");
}

#[test]
fn one_thread_for_all_tasks_sleeps_until_a_byte_comes() {
    let calls = "epoll_wait,epoll_pwait,epoll_pwait2";
    let Some(recorded) = record(&demo(&["many", "--tasks", "3"], "0.02"), calls) else { return };
    let waits = recorded.calls().into_iter().filter(|call| call.name.starts_with("epoll_"));
    let waits: Vec<_> = waits.collect();
    let threads: BTreeSet<_> = waits.iter().map(|call| call.caller).collect();
    assert_eq!(threads.len(), 2, "one for epoll, and one for async: {recorded:#?}");
    // A wait that ends without an event has to be begun again and again.
    let polls =
        waits.iter().find(|call| !call.arguments.contains(", -1") || call.result == Some(0));
    assert!(polls.is_none(), "{polls:?}");
}

/// The demo, run by a shell that first does something else.
fn after(script: &str, arguments: &[&str]) -> Command {
    let mut command = start::command("sh");
    command.args(["-c", &format!("{script}; exec \"$0\" \"$@\"")]);
    start::add_program(&mut command, &demo(arguments, "0"));
    command
}

#[test]
fn a_soft_limit_on_open_files_is_raised_and_a_hard_one_is_named() {
    let soft = after("ulimit -S -n 64", &["many", "--tasks", "100"]).output().unwrap();
    assert!(soft.status.success() && soft.stderr.is_empty(), "{soft:?}");
    let hard = after("ulimit -n 64", &["many", "--tasks", "100"]).output().unwrap();
    assert_eq!(hard.status.code(), Some(3), "{hard:?}");
    let why = "05-threading: RLIMIT_NOFILE: 64, and 250 are needed; --tasks sets how many\n";
    assert_eq!(String::from_utf8(hard.stderr).unwrap(), why);
    assert!(hard.stdout.is_empty());
}

#[test]
fn without_room_for_a_thread_it_says_after_how_many() {
    if !start::can_use_strace() {
        return;
    }
    for after in [1, 3] {
        // It counts for each thread, and these are the calls of the child's first one.
        let fault = format!("clone,clone3:error=EAGAIN:when={}", after + 1);
        let mut strace = start::with_fault(&fault);
        start::add_program(&mut strace, &demo(&["many", "--tasks", "20"], "0"));
        let (lines, errors, status) = Running::start(strace).finish_with_orphans();
        assert_eq!(status.code(), Some(3), "{errors}");
        assert_eq!(lines.len(), 2, "no row is printed: {lines:#?}");
        let told = format!(": no room after {after} threads: Resource temporarily unavailable");
        assert!(errors.contains(&told), "{errors}");
        assert!(errors.contains("05-threading: child "), "{errors}");
    }
}

#[test]
fn a_demo_that_is_killed_leaves_no_task() {
    let running = Running::start(demo(&["many", "--tasks", "50"], STAYS));
    running.line_with(&["threads"]);
    running.kill();
    running.finish_with_orphans();
}
