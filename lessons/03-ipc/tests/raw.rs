//! The demos about what the kernel itself offers, seen from outside.

use std::collections::HashSet;
use std::fs;
use std::iter::repeat;

use common::proc;
use demo::{demo, kill_what_was_to_wait, recorded, run, written_by};
use testing::running::{Running, pid};
use testing::strace::{Call, Caller, record, record_with};
use testing::{start, test};

mod demo;

#[test]
fn the_end_of_file_comes_when_the_last_write_end_is_closed() {
    let testimony = run("pipe");
    let parent = testimony.pid;
    let [writer, reader] = testimony.writers()[1..] else { panic!("{testimony:#?}") };
    let by_parent = written_by(&testimony, parent);
    assert_eq!(
        written_by(&testimony, writer),
        [format!("  child (pid {writer}): I write \"pear\", then \"plum\"")]
    );
    assert!(by_parent[0].starts_with(&format!("I ({parent}) have a pipe: fd ")), "{by_parent:#?}");
    assert_eq!(
        by_parent[1..4],
        [
            format!("  pid {writer} has ended: exit status: 0").as_str(),
            "  I read 8 bytes: \"pearplum\"",
            "  I read 0 bytes: end of file",
        ]
    );
    assert_eq!(
        written_by(&testimony, reader),
        [format!("  child (pid {reader}): I have read \"pear\", and the end of file")]
    );
}

#[test]
fn a_write_to_nobody_is_an_error_or_kills() {
    let testimony = run("sigpipe");
    let [parent, child] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(
        written_by(&testimony, child),
        [format!("  child (pid {child}): write says EPIPE: Broken pipe")]
    );
    let by_parent = written_by(&testimony, parent);
    assert!(by_parent[1].ends_with(&format!("pid {child} has ended: exit status: 0")));
    assert!(by_parent[3].ends_with(" has ended: killed by SIGPIPE"), "{by_parent:#?}");

    let Some(record) = recorded(&["sigpipe"], "write") else { return };
    let writes = record.named("write").into_iter();
    let to_nobody = writes.filter(|call| call.error.as_deref() == Some("EPIPE"));
    let to_nobody = to_nobody.filter(|call| call.bytes() == b"pear");
    let to_nobody: HashSet<i64> = to_nobody.map(|call| call.caller).collect();
    assert_eq!(to_nobody.len(), 2, "{record:#?}");
}

#[test]
fn four_writers_write_each_of_their_lines_with_one_call() {
    // On one CPU it may happen that no line is torn: then it tries again, and fails in the end.
    // Not so the shell.
    let mut shell = start::command("sh");
    shell.args(["-c", "\"$0\" lines; exit 0", env!("CARGO_BIN_EXE_03-ipc")]);
    let Some(record) = record_with(&["-s", "0"], &shell, "write") else { return };
    let [_, writers @ ..] = &record.started()[..] else { panic!("no demo: {record:#?}") };
    assert!(writers.len() >= 2 * 4 && writers.len() % 4 == 0, "{writers:#?}");
    let lengths = [4096].into_iter().chain(repeat(4097));
    for (writers, length) in writers.chunks(4).zip(lengths) {
        // The pipe has no room for all lines of one, and nobody reads before all are there.
        let all_there = writers[3].begin;
        for writer in writers {
            assert!(all_there < writer.end(), "{length}: one after the other");
            let lengths: Vec<_> = writer.calls("write").map(|call| call.result).collect();
            assert_eq!(lengths, [Some(length); 250]);
        }
    }
}

#[test]
fn a_reader_with_a_write_end_of_its_own_waits_for_ever() {
    // Minutes until the demo gives it up.
    let demo = Running::start(demo(&["pipe", "--pace", "1000"]));
    demo.line_with(&["A reader keeps"]);
    let reader = demo.pid_in("  pid ");
    assert!(proc::poll_until_asleep(reader).unwrap());

    // It has both ends of one pipe, and waits for a writer: itself.
    let ends: Vec<(String, String)> = fs::read_dir(format!("/proc/{reader}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().parse::<u32>().unwrap() > 2)
        .map(|path| {
            let number = path.file_name().unwrap().to_string_lossy().into_owned();
            let flags = proc::field(format!("/proc/{reader}/fdinfo/{number}"), "flags").unwrap();
            (fs::read_link(path).unwrap().display().to_string(), flags)
        })
        .filter(|(name, _)| name.starts_with("pipe:"))
        .collect();
    let modes = |name: &str| -> HashSet<char> {
        let ends = ends.iter().filter(|(of, _)| of == name);
        ends.map(|(_, flags)| flags.chars().last().unwrap()).collect()
    };
    assert!(ends.iter().any(|(name, _)| modes(name) == HashSet::from(['0', '1'])), "{ends:?}");

    kill_what_was_to_wait(demo, reader);
}

#[test]
fn a_pair_of_sockets_goes_both_ways() {
    let testimony = run("socket");
    let [parent, child] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(
        written_by(&testimony, child),
        [format!("  child (pid {child}): I got \"pear\", and the end of file")]
    );
    assert_eq!(written_by(&testimony, parent)[1..], ["  I got \"PEAR\", and the end of file"]);
}

#[test]
fn one_sort_of_sockets_keeps_boundaries() {
    let testimony = run("boundaries");
    assert_eq!(testimony.writers(), [testimony.pid]);
    assert_eq!(
        testimony.texts()[1..],
        [
            "  stream, 100 bytes: [\"pearplum\"]",
            "  stream, 3 bytes: [\"pea\", \"rpl\", \"um\"]",
            "  seqpacket, 100 bytes: [\"pear\", \"plum\"]",
            "  seqpacket, 3 bytes: [\"pea\", \"plu\"]",
        ]
    );

    let Some(record) = recorded(&["boundaries"], "sendto,recvfrom") else { return };
    let parent = record.first();
    let received = parent.calls("recvfrom").filter(|call| call.result > Some(0));
    let texts: Vec<_> = received.map(Call::text).collect();
    assert_eq!(texts, ["pearplum", "pea", "rpl", "um", "pear", "plum", "pea", "plu"]);
    let sent = record.named("sendto").into_iter().filter(|call| call.bytes() == b"plum");
    let senders: HashSet<i64> =
        sent.filter(|call| call.result == Some(4)).map(|call| call.caller).collect();
    assert_eq!(senders.len(), 4, "{record:#?}");
    assert!(!senders.contains(&parent.id));
}

#[test]
fn a_file_is_read_by_a_process_that_has_not_opened_it() {
    let testimony = run("descriptor");
    let [child, parent] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(parent, testimony.pid);
    let (by_child, by_parent) = (written_by(&testimony, child), written_by(&testimony, parent));
    let file = ": /memfd:fruit (deleted)";
    assert!(by_child[0].starts_with(&format!("child (pid {child}): I have fd ")), "{by_child:?}");
    assert!(by_child[0].ends_with(file) && by_parent[0].ends_with(file), "{testimony:#?}");
    let number =
        |line: &str| line.split_once("fd ").unwrap().1.split(':').next().unwrap().to_owned();
    assert_ne!(number(by_child[0]), number(by_parent[0]));
    assert_eq!(
        by_child[1..],
        ["  child: I read \"pear \", and send the descriptor", "  child: I read \"figs\""]
    );
    assert_eq!(by_parent[1], "  I read \"plum \"");
    assert_eq!(by_parent[3..], ["  position 14", "  I read from the start: \"pear plum figs\""]);

    let traced = "memfd_create,sendmsg,read,readlink,lseek,openat";
    let Some(record) = recorded(&["descriptor"], traced) else { return };
    let by = |name: &str, is: fn(&Call) -> bool| {
        let calls = record.named(name).into_iter().filter(|call| is(call));
        let callers: Vec<i64> = calls.map(|call| call.caller).collect();
        assert_eq!(callers.len(), 1, "{name}: {record:#?}");
        callers[0]
    };
    let read = |text: &str| {
        let reads = record.named("read").into_iter().filter(|call| call.text() == text);
        let readers: Vec<i64> = reads.map(|call| call.caller).collect();
        assert_eq!(readers.len(), 1, "{text}: {record:#?}");
        readers[0]
    };
    let mut opened = record.named("openat").into_iter();
    assert!(!opened.any(|call| call.text().contains("/fd/")), "{record:#?}");
    let child = by("memfd_create", |_| true);
    assert_eq!(by("sendmsg", |call| call.arguments.contains("SCM_RIGHTS")), child);
    assert_eq!([read("pear "), read("figs")], [child; 2]);
    let parent = read("plum ");
    assert_ne!(parent, child);
    // Its position and its name are what the kernel says.
    let asks = |call: &Call| call.arguments.ends_with("0, SEEK_CUR") && call.result == Some(14);
    assert_eq!(by("lseek", asks), parent);
    let named = record.named("readlink").into_iter();
    let named = named.filter(|call| call.strings[1..] == [b"/memfd:fruit (deleted)"]);
    assert_eq!(named.map(|call| call.caller).collect::<Vec<_>>(), [child, parent], "{record:#?}");
}

#[test]
fn a_child_has_what_the_way_of_its_start_gives_it() {
    let testimony = run("start-methods");
    let [parent, forked, begun, served] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    let by_parent = written_by(&testimony, parent);
    let server = pid(by_parent[0].split_once("server: ").unwrap().1);
    let fd = by_parent[1].rsplit_once(" fd ").unwrap().1;
    let file = "/memfd:fruit (deleted)";
    for (child, its_parent, pears, file) in [
        (forked, parent.to_string(), 5, file),
        (begun, parent.to_string(), 0, "not open"),
        (served, server.to_string(), 0, "not open"),
    ] {
        let its = format!("parent is {its_parent}; pears: {pears}; fd {fd}: {file}; threads: 1");
        assert_eq!(written_by(&testimony, child), [format!("  pid {child}: {its}")]);
    }
    assert_eq!(by_parent[5], "  a process of 2 threads must not fork");
    assert_eq!(
        by_parent.last().unwrap(),
        &format!("  the server says: pid {served} has ended: exit status: 0")
    );

    let Some(record) = recorded(&["start-methods"], "readlink,wait4,waitid") else { return };
    let is_thread = |call: &&Call| call.arguments.contains("CLONE_THREAD");
    let starts: Vec<&Call> =
        record.first().calls.iter().filter(|call| call.starts().is_some()).collect();
    let [server, forked, thread, begun] = starts[..] else { panic!("{record:#?}") };
    assert!(is_thread(&thread) && starts.iter().filter(|call| is_thread(call)).count() == 1);
    let of = |start: &Call| record.caller(start.starts().unwrap());
    let executes = |of: &Caller| of.calls("execve").any(|call| call.result == Some(0));
    assert_eq!([server, forked, begun].map(|start| executes(of(start))), [true, false, true]);
    // The server's child is its own, a fork, and nobody else waits for it.
    let [served] = of(server).started()[..] else { panic!("{record:#?}") };
    assert!(!executes(record.caller(served)));
    let waited = |of: &Caller| of.calls.iter().any(|call| call.result == Some(served));
    assert!(waited(of(server)) && !waited(record.first()), "{record:#?}");
    let parents = record.lines.iter().filter_map(|line| line.split_once("parent is "));
    let parents: Vec<&str> = parents.map(|(_, rest)| rest.split(';').next().unwrap()).collect();
    let [first, server] = [record.first().id, of(server).id].map(|id| id.to_string());
    assert_eq!(parents, [&first, &first, &server], "{record:#?}");
    // Each of the three has looked at the descriptor.
    for (child, is_open) in [(of(forked), true), (of(begun), false), (record.caller(served), false)]
    {
        let mut looks = child.calls("readlink").filter(|call| call.text().contains("/self/fd/"));
        let look = looks.next().unwrap_or_else(|| panic!("{child:#?}"));
        assert_eq!(look.error.as_deref() == Some("ENOENT"), !is_open, "{look:?}");
        assert!(!is_open || look.strings[1] == b"/memfd:fruit (deleted)", "{look:?}");
    }
}

#[test]
fn the_numbers_of_descriptors_are_those_that_the_kernel_gave() {
    // Not 3 and 4, which are taken.
    let recorded = |name, calls: &str| {
        let mut shell = start::command("sh");
        shell.args(["-c", "exec 3< /dev/null 4<&3; exec \"$0\" \"$1\""]);
        shell.args([env!("CARGO_BIN_EXE_03-ipc"), name]).env("LESSON_PACE", "0");
        record(&shell, calls)
    };
    for (name, call) in [("pipe", "pipe2"), ("socket", "socketpair")] {
        let Some(record) = recorded(name, call) else { return };
        let made = record.first().calls(call).find(|call| call.arguments.contains("CLOEXEC"));
        let numbers = made.expect(call).arguments.split(['[', ']']).nth(1).unwrap();
        let numbers: Vec<_> = numbers.split(", ").collect();
        assert!(!numbers.contains(&"3"), "{record:#?}");
        let told = record.lines[0].split("fd ").skip(1);
        let told: Vec<_> = told.map(|rest| rest.split(' ').next().unwrap()).collect();
        assert_eq!(told, numbers, "{record:#?}");
    }
    let Some(record) = recorded("start-methods", "memfd_create") else { return };
    let made = record.named("memfd_create")[0].result.unwrap();
    let told = record.lines.iter().filter(|it| it.contains(&format!("; fd {made}: ")));
    assert_eq!((made > 4, told.count()), (true, 3), "{made}: {record:#?}");
    let Some(record) = recorded("descriptor", "memfd_create,recvmsg") else { return };
    let made = record.named("memfd_create")[0].result.unwrap();
    let received = &record.named("recvmsg")[0].arguments;
    let received = received.split_once("cmsg_data=[").unwrap().1.split(']').next().unwrap();
    let told = |number: &str| record.lines.iter().any(|it| it.contains(&format!(" fd {number}: ")));
    assert!(told(&made.to_string()) && told(received), "{made}, {received}: {record:#?}");
    assert!(made > 4 && received != made.to_string(), "{made}, {received}");
}

#[test]
fn two_signals_of_a_kind_are_one_and_real_time_signals_are_queued() {
    // Minutes until the parent lets the child take them.
    let demo = Running::start(demo::demo(&["signals", "--pace", "1000"]));
    let receiver = demo.pid_in("I (");
    let lines: Vec<String> = (0..6).map(|_| demo.next_line().unwrap()).collect();
    let shown = |line: &str| line.rsplit_once(": ").unwrap().1.to_owned();
    assert_eq!(shown(&lines[0]), "SIGUSR2");
    assert_eq!([shown(&lines[1]), shown(&lines[2])], ["SIGUSR1 SIGUSR2"; 2]);
    assert_eq!(shown(&lines[5]), "SIGUSR1 SIGUSR2 SIGRTMIN");
    let mask = |name: &str| {
        let mask = proc::field(format!("/proc/{receiver}/status"), name).unwrap();
        u64::from_str_radix(&mask, 16).unwrap()
    };
    let bits = [10, 12, nix::libc::SIGRTMIN()].map(|number| 1 << (number - 1));
    let bits = bits.iter().fold(0, |bits, bit| bits | bit);
    assert_eq!((mask("ShdPnd"), mask("SigBlk") & bits), (bits, bits));
    drop(demo);

    let testimony = run("signals");
    let [parent, child] = testimony.writers()[..] else { panic!("{testimony:#?}") };
    assert_eq!(pid(testimony.texts()[0]).to_string(), child.to_string());
    let queued = |value| format!("  SIGRTMIN from pid {parent}, with {value}");
    assert_eq!(
        written_by(&testimony, child),
        [
            format!("I (pid {child}) take what there is:"),
            format!("  SIGUSR1 from pid {parent}"),
            format!("  SIGUSR2 from pid {parent}"),
            queued(30),
            queued(10),
            queued(20),
            "  that is all".to_owned(),
        ]
    );

    let Some(record) = recorded(&["signals"], "kill,rt_sigqueueinfo,read") else { return };
    let kills = record.named("kill").into_iter();
    let kills =
        kills.filter(|call| call.arguments.ends_with(", SIGUSR1") && call.result == Some(0));
    assert_eq!(kills.count(), 2, "{record:#?}");
    assert_eq!(record.named("rt_sigqueueinfo").len(), 3, "{record:#?}");
    // What a signalfd has to say of a signal are 128 bytes.
    let [child] = record.started()[..] else { panic!("{record:#?}") };
    let taken = child.calls("read").filter(|call| call.result == Some(128));
    assert_eq!(taken.count(), 5, "{record:#?}");
}
