//! What a demo prints is what has come to it, and what it does is what it says: here that is
//! changed on its way.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use common::proc;
use demo::demo;
use nix::unistd::Pid;
use testing::running::Running;
use testing::strace::{ALL_EXIT_WITH_9, printed_with};
use testing::tamper::{self, replace};
use testing::{start, test};

mod demo;

/// What a demo prints while the answers of the kernel are changed.
fn with_answers(changes: &str, name: &str) -> Option<String> {
    printed_with(changes, &demo(&[name, "--pace", "0"]))
}

#[test]
fn another_word_in_the_pipe_is_read_by_the_shell_and_told() {
    let change = |from: &str, bytes: &mut [u8]| {
        if from.starts_with("pipe:") {
            replace(bytes, b"pear", b"nuts");
            replace(bytes, b"plum", b"figs");
        }
    };
    let Some(output) = tamper::run(demo(&["exec"]), change) else { return };
    let told = output.text.lines().filter_map(|line| line.split_once(" has read: "));
    let told: Vec<_> = told.map(|(_, word)| word).collect();
    assert_eq!(told, ["nuts", "figs"], "{output:?}");
}

#[test]
fn what_a_zombie_is_like_is_read_from_the_kernel() {
    let change = |from: &str, bytes: &mut [u8]| {
        if from.ends_with("/status") {
            replace(bytes, b"Z (zombie)", b"Q (quince)");
        }
    };
    let Some(output) = tamper::run(demo(&["zombie", "--pace", "0"]), change) else { return };
    assert_eq!(output.text.matches(": state Q (quince), memory none\n").count(), 2, "{output:?}");
}

#[test]
fn where_the_kernel_says_that_it_is_there_a_zombie_is_not_gone() {
    let Some(text) = with_answers("statx:retval=0", "zombie") else { return };
    assert!(text.ends_with(" is gone: false\n"), "{text}");
}

#[test]
fn the_child_that_crashes_needs_no_signal_that_it_sends_to_itself() {
    let calls = "kill,tkill,tgkill,rt_tgsigqueueinfo:retval=0";
    let Some(text) = with_answers(calls, "crash") else { return };
    // Without its signal, abort ends the process with an instruction that it may not execute.
    let end = text.lines().find(|line| line.starts_with("child 2 (pid ") && line.contains("ended"));
    assert!(end.is_some_and(|line| line.contains(" has ended: killed by ")), "{text}");
}

#[test]
fn what_a_child_that_hangs_is_like_is_read_from_the_kernel() {
    let mut places = Vec::new();
    let change = |from: &str, bytes: &mut [u8]| {
        if from.ends_with("/status") {
            replace(bytes, b"S (sleeping)", b"S (snoozing)");
            replace(bytes, b"Threads:\t1", b"Threads:\t6");
            replace(bytes, b"Threads:\t2", b"Threads:\t7");
        } else if from.ends_with("/wchan") && bytes != b"0" {
            bytes.reverse();
            places.push(format!(" ≈ {:?}; ", String::from_utf8_lossy(bytes)));
        }
    };
    let Some(output) = tamper::run(demo(&["threads", "--pace", "0.02"]), change) else { return };
    let threads = output.text.lines().filter_map(|line| line.split_once("(threads here: "));
    let threads: Vec<_> = threads.map(|(_, number)| number).collect();
    assert_eq!(threads, ["6)", "7)", "6)"], "{output:?}");
    let line = output.text.lines().find(|line| line.contains(" state S (snoozing), in the"));
    let line = line.unwrap_or_else(|| panic!("{output:?}"));
    assert!(line.contains(" ≈ \"0\"") || places.iter().any(|it| line.contains(it)), "{line}");
}

#[test]
fn an_end_is_what_wait_says() {
    let demos = [
        ("family", 3),
        ("exec", 2),
        ("zombie", 1),
        ("orphan", 5),
        ("crash", 3),
        // The third child has exited, as it seems, when it is sent the next signal.
        ("signals", 3),
        ("group", 6),
        ("threads", 2),
        ("safe-calls", 3),
    ];
    for (name, ends) in demos {
        let Some(text) = with_answers(ALL_EXIT_WITH_9, name) else { return };
        let told = |end| text.lines().filter(|line| line.contains(end)).count();
        assert_eq!((told(": exit status: 9"), told(": killed by")), (ends, 0), "{text}");
        assert_eq!((told(": exit status: "), told(": stopped")), (ends, 0), "{text}");
    }
}

#[test]
fn a_child_asks_who_its_parent_is() {
    for (name, children) in [("twice", 1), ("family", 3)] {
        let Some(text) = with_answers("getppid:retval=4242", name) else { return };
        let told = text.lines().filter(|line| line.ends_with(" and my parent is 4242."));
        assert_eq!(told.count(), children, "{text}");
    }
}

#[test]
fn which_group_and_session_a_process_is_in_is_what_the_kernel_says() {
    let changes = [("getpgid", "pgid 4242", 6), ("getsid", "sid 4242", 4)];
    for (call, word, times) in changes {
        let Some(text) = with_answers(&format!("{call}:retval=4242"), "group") else { return };
        assert_eq!(text.matches(word).count(), times, "{text}");
        assert_eq!(text.contains(" am in another group: true"), call == "getsid", "{text}");
    }
}

#[test]
fn what_is_handed_on_is_what_the_kernel_says() {
    let answers = [("SigBlk", "blocked"), ("SigIgn", "ignored"), ("SigCgt", "handler")];
    for (name, word) in answers {
        // Every signal is in this line, and none in the others.
        let change = |from: &str, bytes: &mut [u8]| {
            for (other, _) in answers.iter().filter(|_| from.ends_with("/status")) {
                let line = format!("{other}:\t");
                let digit = if *other == name { b'f' } else { b'0' };
                let places = bytes.windows(line.len()).position(|text| text == line.as_bytes());
                places.into_iter().for_each(|it| bytes[it + line.len()..][..16].fill(digit));
            }
        };
        let Some(output) = tamper::run(demo(&["inherit"]), change) else { return };
        let rows: Vec<&str> = output.text.lines().skip(1).take(4).collect();
        let all = [word; 4].join("  ");
        assert!(rows.iter().all(|row| row.contains(&all)), "{output:?}");
    }
    let Some(text) = with_answers("readlink,readlinkat:error=ENOENT", "inherit") else { return };
    let files = (text.matches("closed").count(), text.matches("open   ").count());
    assert_eq!(files, (8, 0), "{text}");
    assert_eq!(text.matches("the program has a copy: false").count(), 2, "{text}");
    let Some(text) = with_answers("poll,ppoll:retval=1", "inherit") else { return };
    assert_eq!(text.matches("at its end: true; after the program: true").count(), 2, "{text}");
}

/// Writes twos into a page in the middle of the largest piece of memory of a process.
fn write_page(process: Pid) -> Result<(), io::Error> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let pieces = maps.lines().filter(|line| line.contains(" rw-p ")).map(|line| {
        let (begin, rest) = line.split_once('-').unwrap();
        let end = rest.split(' ').next().unwrap();
        [begin, end].map(|it| u64::from_str_radix(it, 16).unwrap())
    });
    let largest = pieces.max_by_key(|[begin, end]| end - begin);
    let [begin, end] = largest.ok_or(io::ErrorKind::NotFound)?;
    let memory = OpenOptions::new().write(true).open(format!("/proc/{process}/mem"))?;
    let page = proc::page_size();
    let middle = begin + (end - begin) / 2;
    memory.write_all_at(&vec![2; page], middle - middle % page as u64)
}

#[test]
fn both_processes_read_the_memory_that_is_there() {
    if !start::can_use_strace() {
        return;
    }
    let changed = (8 << 20) / proc::page_size() + 1;
    // One page is written before the process is copied. On a busy machine that comes late.
    for delay in ["200000", "1000000", "5000000", "20000000"] {
        let mut strace = start::with_fault(&format!("clone,clone3,fork:delay_enter={delay}"));
        start::add_program(&mut strace, &demo(&["copies", "--mib", "8"]));
        let running = Running::start(strace);
        running.line_with(&["before the fork: "]);
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", running.id()));
        let written = match children.unwrap_or_default().trim().parse() {
            Ok(process) => write_page(Pid::from_raw(process)),
            // It has ended.
            Err(_) => continue,
        };
        if written.is_err_and(|why| why.kind() == io::ErrorKind::PermissionDenied) {
            start::pass_over("this system does not let a test write to another process");
            return;
        }
        let (lines, errors, status) = running.finish();
        assert!(status.success(), "{errors}");
        let told = |text: &str| lines.iter().any(|line| line.contains(text));
        if told(&format!("(sum {changed})")) && told("memory unchanged: false") {
            return;
        }
    }
    panic!("they tell of memory that they have not read");
}
