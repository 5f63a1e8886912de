//! The demos about the ends of processes, seen from outside.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

use common::{pidfd, proc};
use demo::demo;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid, getpid, getsid};
use testing::running::{Running, pid};
use testing::{start, test, witness};

mod demo;

fn status(pid: Pid, name: &str) -> String {
    proc::field(format!("/proc/{pid}/status"), name).unwrap()
}

#[test]
fn a_child_that_was_not_waited_for_is_a_zombie() {
    // Time enough to look at it.
    let zombie = Running::start(demo(&["zombie", "--pace", "1000"]));
    let child = zombie.pid_in("I (");
    zombie.line_with(&["SIGKILL does not end"]);
    let shown = zombie.next_line().unwrap();
    assert_eq!(shown, format!("  /proc/{child}/status: state Z (zombie), memory none"));
    assert_eq!(status(child, "State"), "Z (zombie)");
    assert_eq!(status(child, "PPid"), zombie.id().to_string());
}

#[test]
fn a_child_that_was_waited_for_is_gone() {
    let testimony = witness::run(demo(&["zombie", "--pace", "0"])).unwrap();
    assert!(testimony.status.success());
    let texts = testimony.texts();
    let child = pid(texts[0]);
    assert_eq!(
        texts[texts.len() - 2..],
        ["Now I wait for it: exit status: 7".to_owned(), format!("/proc/{child} is gone: true")]
    );
    assert!(!Path::new(&format!("/proc/{child}")).exists());
}

#[test]
fn an_orphan_is_adopted_by_the_nearest_that_asks_for_it() {
    // The first orphan is to come to this process.
    set_child_subreaper(true).unwrap();
    let output = demo(&["orphan"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [before, ended, after] = &lines[1..4] else { panic!("{text}") };

    let orphan = pid(before);
    assert!(ended.ends_with("has ended: killed by SIGKILL"), "{text}");
    let name = fs::read_to_string("/proc/self/comm").unwrap();
    let adopted =
        format!("  child (pid {orphan}): my parent is ≈ {} (≈ {:?})", getpid(), name.trim());
    assert_eq!(*after, adopted);
    // Only a parent can wait, and nobody has done it before.
    assert_eq!(waitpid(orphan, None), Ok(WaitStatus::Exited(orphan, 0)));

    let demo = text.split_once("I (").unwrap().1.split_once(')').unwrap().0;
    assert!(lines[7].ends_with(&format!("my parent is ≈ {demo} (≈ \"02-fork\")")), "{text}");
    let second = pid(lines[7]);
    assert_eq!(lines[8], format!("  child (pid {second}) has ended: exit status: 0"));
    let third = pid(lines[10]);
    assert_eq!(lines[12], format!("  child (pid {third}) has ended: killed by SIGKILL"));
    assert_eq!(lines.len(), 13, "{text}");
}

#[test]
fn wait_tells_the_ends_and_stops_apart() {
    let testimony = witness::run(demo(&["signals"])).unwrap();
    assert!(testimony.status.success(), "{testimony:?}");
    let texts = testimony.texts();
    let children = [1, 4, 8].map(|line| pid(texts[line]));
    let says = |child: usize, what: &str| {
        format!("  SIGCHLD came; wait reports for pid {}: {what}", children[child])
    };
    assert_eq!(texts[2], says(0, "killed by SIGTERM"));
    assert_eq!(texts[5], format!("  pid {} got SIGTERM and tidies up", children[1]));
    assert_eq!(testimony.lines[5].pid.to_string(), children[1].to_string());
    assert_eq!(texts[6], says(1, "exit status: 5"));
    assert_eq!(texts[9], says(2, "stopped by SIGSTOP"));
    assert_eq!(texts[11], says(2, "continued"));
    assert_eq!(texts[13], says(2, "killed by SIGKILL"));
    assert_eq!(texts.len(), 14);
}

#[test]
fn a_child_that_takes_a_lock_of_a_thread_that_was_not_copied_hangs() {
    // Minutes until the demo gives it up.
    let hanging = Running::start(demo(&["threads", "--pace", "1000"]));
    let child = hanging.pid_in("  child (pid ");
    assert_eq!(hanging.pid_in("  pid "), child, "the child that was forked first has ended");
    hanging.line_with(&["Wrong: a fork while a thread holds the lock"]);
    let child = hanging.pid_in("  child (pid ");

    assert_eq!(status(child, "PPid"), hanging.id().to_string());
    assert_eq!(status(child, "State"), "S (sleeping)");
    assert_eq!(
        (status(child, "Threads"), status(hanging.id(), "Threads")),
        ("1".into(), "2".into())
    );
    let place = proc::wchan(child).unwrap();
    assert!(place.starts_with("futex"), "it waits in {place}");

    // It waits at the very lock that was copied: where the child has a lock for which
    // somebody waits, the parent has one that is locked, and for which nobody waits.
    if let Some((wanted, held)) = futex_words(child, hanging.id()) {
        assert_eq!((wanted, held), (2, 1));
    }

    hanging.signal(child, Signal::SIGKILL);
    let (_, errors, status) = hanging.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("the child has ended: killed by SIGKILL"), "{errors}");
}

/// The word of memory at which a process waits in a futex, and the word that another process
/// has at this address. `None` where one may not look into them.
fn futex_words(waiting: Pid, other: Pid) -> Option<(u32, u32)> {
    let call = fs::read_to_string(format!("/proc/{waiting}/syscall"));
    let word = |process: Pid, address: u64| -> io::Result<u32> {
        let mut word = [0; 4];
        File::open(format!("/proc/{process}/mem"))?.read_exact_at(&mut word, address)?;
        Ok(u32::from_ne_bytes(word))
    };
    let words = call.and_then(|call| {
        let address = call.split(' ').nth(1).and_then(|text| text.strip_prefix("0x"));
        let address = address.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let address = address.unwrap_or_else(|| panic!("no address: {call}"));
        Ok((word(waiting, address)?, word(other, address)?))
    });
    words.inspect_err(|why| start::pass_over(&format!("no look into its memory: {why}"))).ok()
}

#[test]
fn a_child_that_prints_while_a_thread_holds_the_lock_of_the_output_hangs() {
    // Minutes until the demo gives it up.
    let hanging = Running::start(demo(&["safe-calls", "--pace", "1000"]));
    hanging.line_with(&["A thread takes the lock of println!"]);
    let children = format!("/proc/{0}/task/{0}/children", hanging.id());
    let child = loop {
        assert_ne!(status(hanging.id(), "State"), "Z (zombie)", "it has ended, and nothing hung");
        if let Ok(id) = fs::read_to_string(&children).unwrap().trim().parse() {
            break Pid::from_raw(id);
        }
    };
    // `wchan` waits a little for an answer.
    let is_in_futex = |_| proc::wchan(child).unwrap().starts_with("futex");
    assert!((0..1000).any(is_in_futex), "it waits in {}", proc::wchan(child).unwrap());
    // Locked, and somebody waits; in the parent nobody does.
    if let Some((wanted, held)) = futex_words(child, hanging.id()) {
        assert_eq!((wanted, held), (2, 1));
    }
    hanging.signal(child, Signal::SIGKILL);
    let (lines, errors, status) = hanging.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("the child that prints has ended: killed by SIGKILL"), "{errors}");
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
fn safe_calls_work_while_the_lock_is_held() {
    let testimony = witness::run(demo(&["safe-calls"])).unwrap();
    assert!(testimony.status.success(), "{testimony:?}");
    let [first, written, program, released, ends @ ..] = &testimony.lines[..] else {
        panic!("{testimony:?}")
    };
    assert_eq!((first.pid, released.pid), (testimony.pid, testimony.pid), "{testimony:#?}");
    assert_eq!(written.text, "  child: written by write, without a lock");
    let text = "written by another program, with memory of its own";
    assert_eq!(program.text, format!("  child (pid {}): {text}", program.pid));

    let [hung, by_write, by_exec] = ends else { panic!("{testimony:#?}") };
    let hung = &hung.text;
    assert!(hung.ends_with(" hung for 50.0 ms, then: killed by SIGKILL"), "{hung}");
    assert_eq!(by_write.text, format!("  write:    pid {}: exit status: 0", written.pid));
    assert_eq!(by_exec.text, format!("  exec:     pid {}: exit status: 0", program.pid));
    assert_eq!(testimony.writers().len(), 3, "the child that hangs writes nothing");
}

/// The ids that a line of `group` prints: of the process, its group and its session.
fn ids(line: &str) -> [Pid; 3] {
    let words: Vec<&str> = line.split([' ', ',']).collect();
    ["pid", "pgid", "sid"].map(|name| {
        let place = words.iter().position(|word| *word == name);
        let id = place.and_then(|place| words[place + 1].parse().ok());
        Pid::from_raw(id.unwrap_or_else(|| panic!("no {name} in {line:?}")))
    })
}

#[test]
fn ctrl_c_reaches_a_group_and_the_end_of_a_terminal_its_leader_and_its_foreground() {
    let output = demo(&["group"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 18, "{text}");
    let ended = |line: usize, process: Pid, end: &str| {
        assert_eq!(lines[line], format!("  pid {process} has ended: {end}"), "{text}");
    };
    let cats = [lines[1], lines[2]].map(pid);
    for (number, cat) in cats.into_iter().enumerate() {
        assert_eq!(lines[1 + number], format!("  cat: pid {cat}, pgid {}", cats[0]));
        ended(5 + number, cat, "killed by SIGINT");
    }
    assert!(lines[3].ends_with(" am in another group: true"), "{text}");
    assert_eq!(lines[4], format!("I send SIGINT to the group, pgid {}:", cats[0]));

    let [leader, foreground, background, daemon] = [8, 9, 10, 11].map(|line| ids(lines[line]));
    assert_eq!(leader, [leader[0]; 3], "{text}");
    assert_eq!(foreground[1..], [leader[0]; 2], "{text}");
    assert_eq!(background[1..], [background[0], leader[0]], "{text}");
    assert_eq!(daemon[1], daemon[2], "a group and a session of its own: {text}");
    assert!(![leader[0], daemon[0]].contains(&daemon[2]), "it leads neither: {text}");
    ended(13, leader[0], "killed by SIGHUP");
    ended(14, foreground[0], "killed by SIGHUP");
    ended(16, background[0], "exit status: 0");
    ended(17, daemon[0], "exit status: 0");
}

#[test]
fn a_session_is_what_its_demo_says_and_ends_with_it() {
    // It stays for an hour.
    let mut group = demo(&["group", "--pace", "1000"]);
    // As `nohup` starts a program.
    // SAFETY: it runs between fork and exec, makes one system call and installs no handler.
    let ignore = || unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) }.map(drop);
    // SAFETY: the closure makes one system call.
    unsafe { group.pre_exec(move || ignore().map_err(io::Error::from)) };
    let running = Running::start(group);
    running.line_with(&["A session has a terminal"]);
    let members = [(); 4].map(|()| ids(&running.next_line().unwrap()));
    for [process, group, session] in members {
        assert_eq!((getpgid(Some(process)), getsid(Some(process))), (Ok(group), Ok(session)));
    }
    // Its terminal, and the foreground of that: proc(5).
    let terminal = |[process, ..]: [Pid; 3]| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<i32> = stat.rsplit_once(") ").unwrap().1[2..]
            .split(' ')
            .skip(3)
            .take(2)
            .map(|field| field.parse().unwrap())
            .collect();
        (fields[0], fields[1])
    };
    let [leader, foreground, background, daemon] = members;
    let (number, front) = terminal(leader);
    assert_ne!(number, 0, "the leader has no terminal");
    assert_eq!(front, leader[1].as_raw());
    assert_eq!((terminal(foreground), terminal(background)), ((number, front), (number, front)));
    assert_eq!(terminal(daemon).0, 0, "the daemon has a terminal");
    assert_eq!(status(daemon[0], "PPid"), running.id().to_string(), "its starter has ended");

    // Killed, it leaves none of them: each waits for a pipe that closes with it.
    let members = members.map(|[process, ..]| (process, pidfd::open(process).unwrap()));
    running.kill();
    for (process, member) in &members {
        let ended = pidfd::wait(member, Some(Duration::from_secs(60))).unwrap();
        assert!(ended, "{process} was left behind");
    }
    running.finish_with_orphans();
}
