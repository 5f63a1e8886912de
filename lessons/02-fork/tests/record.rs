//! What a demo prints must follow from what the kernel answered, and it must have done what
//! it says: both from the record of its calls.

use std::fs;
use std::time::Duration;

use demo::demo;
use testing::figures::{assert_between, times};
use testing::running::{pid, tid};
use testing::strace::{self, Call, Caller, Record, files_read};
use testing::{start, test};

mod demo;

/// The record of a demo; `None` if strace cannot be used.
fn run(arguments: &[&str], calls: &str) -> Option<Record> {
    strace::record(&demo(arguments), calls)
}

/// The number after the first `≈` of a line.
fn number(line: &str) -> f64 {
    let (_, rest) = line.split_once('≈').unwrap_or_else(|| panic!("no ≈ in {line}"));
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

/// The signals that a process sent, and to whom.
fn kills(caller: &Caller) -> Vec<String> {
    caller.calls("kill").map(|call| call.arguments.clone()).collect()
}

#[test]
fn the_page_faults_of_copies_are_those_that_the_kernel_counted() {
    let Some(record) = run(&["copies", "--mib", "2"], "getrusage") else { return };
    let child = record.caller(record.first().started()[0]);
    let counts = child.calls("getrusage").map(|call| call.field("ru_minflt").unwrap());
    let [before, read, written] = counts.collect::<Vec<_>>()[..] else { panic!("{child:?}") };
    let lines: Vec<_> = record.lines.iter().filter(|line| line.contains('≈')).collect();
    assert_eq!(number(lines[0]), (read - before) as f64);
    assert_eq!(number(lines[1]), (written - read) as f64);
    let pages = (2 << 20) / common::proc::page_size() as i64;
    assert!(written - read >= pages, "a fault for each page: {child:?}");
}

#[test]
fn what_the_shell_of_exec_says_comes_through_its_pipes() {
    let Some(record) = run(&["exec"], "read,write") else { return };
    let first = record.first();
    let sent = first.calls("write").filter(|call| call.descriptor() > Some(2));
    assert_eq!(sent.map(Call::text).collect::<Vec<_>>(), ["pear\n", "plum\n"]);
    for (id, word) in first.started().into_iter().zip(["pear", "plum"]) {
        let shell = record.caller(id);
        assert!(shell.calls("execve").any(|call| call.result == Some(0)));
        let input = shell.calls("read").filter(|call| call.descriptor() == Some(0));
        let input: String = input.map(Call::text).collect();
        assert_eq!(input, format!("{word}\n"));
        let said = format!("pid {id} has read: {word}\n");
        let output: Vec<_> = shell.calls("write").map(Call::text).collect();
        assert_eq!(output, [said.as_str()]);
        assert!(files_read(&first.calls).contains(&said), "the parent did not read it");
        assert!(record.lines.contains(&format!("  it says: {}", said.trim_end())));
    }
}

#[test]
fn only_the_kernel_kills_the_orphan_that_asked_for_it() {
    let Some(record) = run(&["orphan"], "kill,prctl,getppid,read,tgkill,pidfd_send_signal") else {
        return;
    };
    let first = record.first();
    let parents = first.started();
    let orphans: Vec<_> = parents.iter().map(|id| record.caller(*id).started()[0]).collect();
    assert_eq!(kills(first), parents.iter().map(|id| format!("{id}, SIGKILL")).collect::<Vec<_>>());
    for caller in record.callers().skip(1) {
        let sent = ["kill", "tgkill", "pidfd_send_signal"].map(|name| caller.calls(name).count());
        assert_eq!(sent, [0; 3], "{caller:?}");
    }
    for (number, id) in orphans.iter().enumerate() {
        let orphan = record.caller(*id);
        let asked = orphan.calls("prctl").any(|it| it.arguments == "PR_SET_PDEATHSIG, SIGKILL");
        assert_eq!((asked, orphan.killed_by.is_some()), (number == 2, number == 2), "{orphan:?}");
        if number < 2 {
            let parent = orphan.calls("getppid").last().unwrap().result.unwrap();
            // It waits for its parent's end, and does not ask again and again whether it has come.
            assert!(orphan.calls("getppid").count() <= 4, "{orphan:?}");
            let status = files_read(&orphan.calls).concat();
            let (_, name) = status.rsplit_once("Name:\t").unwrap();
            let name = name.lines().next().unwrap();
            let line = format!("  child (pid {id}): my parent is ≈ {parent} (≈ {name:?})");
            assert!(record.lines.contains(&line), "{line}: {:#?}", record.lines);
        }
    }
}

#[test]
fn sigchld_comes_before_the_parent_asks_what_happened() {
    let calls = "kill,rt_sigtimedwait,wait4,pause,clock_nanosleep";
    let has_paused = || {
        let Some(record) = run(&["signals"], calls) else { return true };
        let first = record.first();
        let [deaf, tidy, stopped] = first.started()[..] else { panic!("{first:?}") };
        let names = ["kill", "rt_sigtimedwait", "wait4"];
        let calls = first.calls.iter().filter(|call| names.contains(&call.name.as_str()));
        let calls: Vec<_> = calls.collect();
        let expected = [
            (deaf, "SIGTERM"),
            (tidy, "SIGTERM"),
            (stopped, "SIGSTOP"),
            (stopped, "SIGCONT"),
            (stopped, "SIGKILL"),
        ];
        assert_eq!(calls.len(), 3 * expected.len(), "{calls:?}");
        for ([kill, sigwait, wait], (child, signal)) in calls.as_chunks().0.iter().zip(expected) {
            assert_eq!(kill.arguments, format!("{child}, {signal}"));
            assert_eq!((sigwait.name.as_str(), sigwait.result), ("rt_sigtimedwait", Some(17)));
            assert_eq!(sigwait.field("si_pid"), Some(child), "{sigwait:?}");
            assert_eq!((wait.name.as_str(), wait.result), ("wait4", Some(child)));
        }
        let [sigwait, exit] = &record.caller(tidy).calls[..] else { panic!("{record:?}") };
        assert_eq!(
            (sigwait.name.as_str(), sigwait.result),
            ("rt_sigtimedwait", Some(15)),
            "SIGTERM"
        );
        assert_eq!(exit.name, "exit_group");
        let waits = [deaf, stopped].map(|id| &record.caller(id).calls);
        assert!(waits.into_iter().flatten().all(|call| call.name == "pause"), "{waits:?}");
        // The signal may come before a child has got that far.
        waits.iter().any(|calls| !calls.is_empty())
    };
    assert!((0..30).any(|_| has_paused()), "the children never pause");
}

#[test]
fn one_signal_goes_to_the_group_and_the_kernel_sends_those_of_the_terminal() {
    let sends = ["kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo"];
    let calls = format!("{},setsid,setpgid,ioctl", sends.join(","));
    let Some(record) = run(&["group"], &calls) else { return };
    let first = record.first();
    let [cat, other_cat, leader] = first.started()[..] else { panic!("{first:?}") };
    let sent = record.callers().flat_map(|it| &it.calls);
    let sent: Vec<_> = sent.filter(|call| sends.contains(&&*call.name)).collect();
    let [kill] = sent[..] else { panic!("{sent:?}") };
    assert_eq!((kill.caller, &*kill.arguments), (first.id, &*format!("-{cat}, SIGINT")));

    let [foreground, background, starter] = record.caller(leader).started()[..] else {
        panic!("{record:?}")
    };
    let [daemon] = record.caller(starter).started()[..] else { panic!("{record:?}") };
    let made = |id: i64, name: &str| record.caller(id).calls(name).count();
    assert_eq!([leader, starter, daemon].map(|id| made(id, "setsid")), [1, 1, 0]);
    assert_eq!([foreground, background, daemon].map(|id| made(id, "setpgid")), [0, 1, 0]);
    let terminal =
        |id: i64| record.caller(id).calls("ioctl").any(|it| it.arguments.contains("CTTY"));
    assert_eq!([leader, foreground, daemon].map(terminal), [true, false, false]);

    for (id, signal) in [
        (cat, Some("SIGINT")),
        (other_cat, Some("SIGINT")),
        (leader, Some("SIGHUP")),
        (foreground, Some("SIGHUP")),
        (background, None),
        (daemon, None),
    ] {
        assert_eq!(record.caller(id).killed_by.as_deref(), signal, "{record:?}");
        let end =
            signal.map_or("exit status: 0".to_owned(), |signal| format!("killed by {signal}"));
        assert!(record.lines.contains(&format!("  pid {id} has ended: {end}")), "{record:?}");
    }
}

#[test]
fn what_is_handed_on_is_looked_at_before_and_after_an_exec() {
    let calls = "openat,rt_sigaction,rt_sigprocmask,pipe2,fcntl,poll,write";
    let Some(record) = run(&["inherit"], calls) else { return };
    let first = record.first();
    let words =
        record.lines[1..5].iter().map(|row| row[13..].split_whitespace().collect::<Vec<_>>());
    let expected = [
        "ignored handler ignored blocked open open",
        "ignored handler ignored blocked open open",
        "ignored default ignored blocked closed open",
        "ignored default default blocked closed open",
    ];
    assert_eq!(words.map(|row| row.join(" ")).collect::<Vec<_>>(), expected);
    let zeros: Vec<_> = first.calls("openat").filter(|it| it.text() == "/dev/zero").collect();
    let marked = |call: &&Call| call.arguments.contains("O_CLOEXEC");
    assert_eq!(zeros.iter().map(marked).collect::<Vec<_>>(), [true, false]);
    let sets = |name: &str, words: [&str; 2]| {
        let mut calls = first.calls(name);
        assert!(calls.any(|it| words.iter().all(|word| it.arguments.contains(word))), "{words:?}");
    };
    sets("rt_sigaction", ["SIGUSR1, {sa_handler=SIG_IGN", "}"]);
    sets("rt_sigaction", ["SIGUSR2, {sa_handler=0x", "}"]);
    sets("rt_sigprocmask", ["SIG_BLOCK", "[ALRM]"]);

    // The forked child is looked at before it becomes another program, and after.
    let [child, by_command, ..] = first.started()[..] else { panic!("{first:?}") };
    let became = |id: i64| {
        let mut execs = record.caller(id).calls("execve");
        execs.find(|call| call.result == Some(0)).unwrap_or_else(|| panic!("{id} is not a program"))
    };
    let looks = |id: i64| {
        let file = format!("/proc/{id}/status");
        let looks = first.calls("openat").filter(move |it| it.text() == file);
        looks.map(|call| call.begin).collect::<Vec<_>>()
    };
    let exec = became(child);
    assert!(looks(child)[0] < record.written("  fork  ").begin);
    assert!(record.written("  fork  ").begin < exec.begin, "{exec:?}");
    let after: Vec<_> = looks(child).into_iter().filter(|look| *look > exec.end).collect();
    assert!(!after.is_empty() && after[0] < record.written("  fork, exec").begin);
    let end = became(by_command).end;
    assert!(looks(by_command).iter().all(|look| *look > end), "{record:?}");

    // In another thread a program starts, between two calls and after one.
    let [afterwards, at_once] = ["  pipe, then", "  io::pipe"].map(|it| record.written(it).begin);
    let pipes: Vec<_> = first.calls("pipe2").collect();
    let [.., wrong, right] = pipes[..] else { panic!("{first:?}") };
    assert_eq!([wrong, right].map(|call| marked(&call)), [false, true]);
    let [.., thread, program, other_thread, other_program] = record.started()[..] else {
        panic!("{record:?}")
    };
    assert_eq!(
        (thread.started(), other_thread.started()),
        (vec![program.id], vec![other_program.id])
    );
    let marks = first.calls("fcntl").filter(|it| it.arguments.contains("FD_CLOEXEC"));
    let [mark, last_mark] = marks.collect::<Vec<_>>()[..] else { panic!("{first:?}") };
    assert!(wrong.end < program.begin && became(program.id).end < mark.begin, "{record:?}");
    assert!(last_mark.end < afterwards && afterwards < right.begin, "{record:?}");
    assert!(right.end < other_program.begin && other_program.begin < at_once, "{record:?}");
    let polls = first.calls("poll").filter(|call| call.begin > wrong.end);
    let polls: Vec<_> = polls.map(|call| call.result.unwrap()).collect();
    assert_eq!(polls, [0, 1, 1, 1]);
}

#[test]
fn a_handler_runs_in_the_thread_that_its_line_names() {
    let calls = "kill,tgkill,rt_sigaction,rt_sigprocmask,rt_sigreturn,read,write,signalfd4";
    let Some(record) = run(&["handlers"], calls) else { return };
    let main = record.first();
    let [worker, stopped, restarted, open, closed] = main.started()[..] else {
        panic!("{record:?}")
    };
    let arguments =
        |name: &'static str| main.calls(name).map(|it| &*it.arguments).collect::<Vec<_>>();
    assert_eq!(arguments("kill"), [&*format!("{}, SIGUSR1", main.id); 4]);
    let threads = [worker, stopped, restarted].map(|tid| format!("{}, {tid}, SIGUSR1", main.id));
    assert_eq!(arguments("tgkill"), threads);
    let actions = arguments("rt_sigaction");
    let actions = actions.iter().filter(|it| it.starts_with("SIGUSR1, {sa_handler=0x"));
    // After the new action comes the old one.
    let restarts = actions.map(|it| it.split('}').next().unwrap().contains("SA_RESTART"));
    let restarts: Vec<_> = restarts.collect();
    assert_eq!(restarts, [true, false, true]);

    // Each of them has written its own id.
    let ran = [main.id, worker, worker, stopped, restarted, open];
    let written: Vec<_> =
        record.named("write").into_iter().filter(|it| it.bytes().len() == 4).collect();
    assert_eq!(written.iter().map(|it| it.caller).collect::<Vec<_>>(), ran);
    assert!(written.iter().all(|it| it.bytes() == (it.caller as i32).to_ne_bytes()));
    let tids = record.lines.iter().filter(|line| line.contains("tid "));
    assert_eq!(tids.map(|line| i64::from(tid(line).as_raw())).collect::<Vec<_>>(), ran);
    let in_main = record.lines.iter().filter(|line| line.ends_with("the main thread: true"));
    assert_eq!(in_main.collect::<Vec<_>>(), [&record.lines[1]]);

    // What the handler returns to: a call that failed, or one that is made once more.
    for (id, error, bytes, line) in [
        (stopped, Some("EINTR"), vec![], "fails: EINTR: Interrupted system call"),
        (restarted, None, vec![5], "returns 5 bytes"),
    ] {
        let thread = record.caller(id);
        let [back] = thread.calls("rt_sigreturn").collect::<Vec<_>>()[..] else { panic!("{id}") };
        assert_eq!(back.error.as_deref(), error);
        let reads = thread.calls("read").map(|it| it.result.unwrap());
        assert_eq!(reads.collect::<Vec<_>>(), bytes);
        let found = record.lines.iter().find(|it| it.contains(&format!("the read of tid {id}")));
        assert!(found.unwrap().ends_with(line), "{:#?}", record.lines);
    }

    let from_signalfd = main.calls("signalfd4").map(|made| {
        let mut reads = main.calls("read").filter(|it| it.begin > made.end);
        reads.find(|it| it.descriptor() == made.result).unwrap().result
    });
    let from_signalfd: Vec<_> = from_signalfd.collect();
    assert_eq!(from_signalfd, [Some(-1), Some(128)]);
    let blocks =
        main.calls("rt_sigprocmask").filter(|it| it.arguments.contains("SIG_BLOCK, [USR1]"));
    let [_, late, early] = blocks.collect::<Vec<_>>()[..] else { panic!("{record:?}") };
    assert!(record.caller(open).begin < late.begin && early.end < record.caller(closed).begin);
    assert_eq!(record.caller(closed).calls("rt_sigreturn").count(), 0);
    let last = format!("it has SIGUSR1 from pid {}", main.id);
    assert!(record.lines[8].contains(": it has nothing; "), "{:#?}", record.lines);
    assert!(record.lines[9].ends_with(&last), "{:#?}", record.lines);
}

#[test]
fn the_parent_waits_while_the_child_of_threads_hangs_in_the_lock() {
    let calls = "futex,poll,kill,read,getppid";
    let Some(record) = run(&["threads"], calls) else { return };
    let first = record.first();
    let hangs = record.lines.iter().find(|line| line.contains("wants the lock")).unwrap();
    let child = record.caller(pid(hangs).as_raw());
    let futex = child.calls.last().unwrap();
    assert_eq!((futex.name.as_str(), futex.result), ("futex", None), "{child:?}");
    assert!(futex.arguments.contains("FUTEX_WAIT"), "{futex:?}");
    assert_eq!(child.killed_by.as_deref(), Some("SIGKILL"));
    assert_eq!(kills(first), [format!("{}, SIGKILL", child.id)]);

    // At a pace of 0.05.
    let wait = first.calls("poll").last().unwrap();
    assert!(wait.arguments.ends_with(", 50") && wait.result == Some(0), "{wait:?}");
    assert!(wait.time() >= Duration::from_millis(50), "{wait:?}");
    let place = files_read(&first.calls).into_iter().rfind(|text| text.starts_with("futex"));
    let line = record.lines.iter().find(|line| line.starts_with("  after 50.0 ms: ")).unwrap();
    let place = place.unwrap_or_else(|| "0".to_owned());
    assert!(line.contains(&format!("in the kernel function ≈ {place:?}")), "{line}, {place}");
    let others: Vec<_> = first.started().into_iter().filter(|id| *id != child.id).collect();
    assert_eq!(others.len(), 2, "the process that was forked first, and a thread");
}

#[test]
fn the_child_that_prints_hangs_in_a_lock_of_its_own_memory() {
    let Some(record) = run(&["safe-calls"], "futex,poll,kill,write,prctl") else { return };
    let first = record.first();
    let started: Vec<_> = first.started().into_iter().map(|id| record.caller(id)).collect();
    let [holder, prints, writes, program] = started[..] else { panic!("{record:?}") };
    assert_eq!(prints.killed_by.as_deref(), Some("SIGKILL"));
    assert_eq!(kills(first), [format!("{}, SIGKILL", prints.id)]);
    assert_eq!(prints.calls("write").count(), 0);
    let wait = first.calls("poll").last().unwrap();
    // At a pace of 0.05.
    assert!(wait.arguments.ends_with(", 50") && wait.result == Some(0), "{wait:?}");
    // On a busy machine it may not have come that far.
    if let Some(futex) = prints.calls("futex").last() {
        assert!(futex.arguments.contains("FUTEX_WAIT") && futex.result.is_none(), "{futex:?}");
    }
    // The lock was held all the while.
    assert!(writes.calls("write").all(|write| write.end < holder.end()), "{record:?}");
    assert!(program.calls("write").all(|write| write.end < holder.end()), "{record:?}");
    assert_eq!(writes.calls("futex").count(), 0, "{writes:?}");
}

#[test]
fn no_demo_forks_before_it_has_counted_its_threads() {
    for demo in
        ["twice", "family", "copies", "exec", "zombie", "orphan", "crash", "buffered", "threads"]
    {
        let Some(record) = run(&[demo, "--pace", "0"], "openat") else { return };
        let mut forks = 0;
        for caller in record.callers() {
            let mut has_counted = false;
            for call in &caller.calls {
                let is_fork = call.starts().is_some() && !call.arguments.contains("CLONE_V");
                // What `threads` shows is a fork of a process with two.
                let is_mistake = demo == "threads" && forks == 1;
                if is_fork && !is_mistake {
                    assert!(has_counted, "{demo} {record:#?}");
                }
                forks += usize::from(is_fork);
                has_counted = !is_fork && (has_counted || call.text() == "/proc/self/task");
            }
        }
        assert!(forks > 0, "{demo}: {record:#?}");
    }
}

#[test]
fn the_child_that_must_not_lock_writes_by_the_call_itself() {
    // To an output that takes nothing, a call of `write` fails, and the child says so by its
    // status; `println!`, which takes a lock, ignores that.
    let script = "exec \"$0\" safe-calls < /dev/null 1<&0";
    let mut shell = start::command("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_02-fork")]).env("LESSON_PACE", "0");
    let Some(record) = strace::record(&shell, "write,wait4") else { return };
    let writes = record.named("write").into_iter();
    let by_itself = writes.filter(|call| call.text().contains("written by write, without a lock"));
    let [write] = by_itself.collect::<Vec<_>>()[..] else { panic!("{record:?}") };
    assert_eq!(record.caller(write.caller).calls("write").count(), 1, "it writes nothing else");
    assert_eq!((write.descriptor(), write.result), (Some(1), Some(-1)));
    let ends = record.first().calls("wait4").filter(|call| call.result == Some(write.caller));
    let ends: Vec<_> = ends.map(|call| call.arguments.contains("WEXITSTATUS(s) == 1")).collect();
    assert_eq!(ends, [true]);
}

#[test]
fn zombie_looks_at_its_child_before_and_after_the_kill_and_after_the_wait() {
    let calls = "kill,wait4,read,openat,?stat,?statx,?newfstatat";
    let Some(record) = run(&["zombie", "--pace", "0"], calls) else { return };
    let first = record.first();
    let child = first.started()[0];
    let (file, folder) = (format!("/proc/{child}/status"), format!("/proc/{child}"));
    let steps = first.calls.iter().filter_map(|call| match call.name.as_str() {
        "kill" => Some(format!("kill {}", call.arguments)),
        "wait4" => Some("wait".to_owned()),
        "openat" if call.text() == file => Some("look".to_owned()),
        "stat" | "statx" | "newfstatat" if call.text() == folder => {
            Some(format!("is there: {}", call.result == Some(0)))
        }
        _ => None,
    });
    let steps: Vec<_> = steps.collect();
    let kill = format!("kill {child}, SIGKILL");
    // It looks for two lines, and opens the file for each.
    assert_eq!(steps, ["look", "look", &kill, "look", "look", "wait", "is there: false"]);
    let read = files_read(&first.calls);
    let read = read.iter().filter(|text| text.contains(&format!("\nPid:\t{child}\n")));
    let states = read.map(|text| text.contains("\nState:\tZ (zombie)\n"));
    assert!(states.clone().count() >= 2 && states.clone().all(|it| it), "{:?}", record.lines);
}

#[test]
fn the_figures_of_huge_pages_are_those_that_the_kernel_gave() {
    let calls = "read,madvise,munmap,getrusage,wait4";
    let mut command = demo(&["huge-pages", "--mib", "64"]);
    // Where there are none, that is all there is to see.
    if command.output().unwrap().status.code() == Some(3) {
        return start::pass_over("this system gives no huge pages");
    }
    let Some(record) = strace::record(&command, calls) else { return };
    let first = record.first();
    let advised = |advice: &str| {
        let advice = format!("{}, {advice}", 64 << 20);
        first
            .calls
            .iter()
            .position(|call| call.name == "madvise" && call.arguments.ends_with(&advice))
    };
    let begins = ["MADV_NOHUGEPAGE", "MADV_HUGEPAGE"].map(|advice| advised(advice).unwrap());
    let parts = [&first.calls[begins[0]..begins[1]], &first.calls[begins[1]..]];
    for (calls, row) in parts.into_iter().zip(&record.lines[2..]) {
        let mut faults = calls.iter().filter_map(|call| call.field("ru_minflt"));
        let before = faults.next().unwrap();
        let faults = faults.next().unwrap() - before;
        let smaps = files_read(calls).into_iter().find(|text| text.contains("AnonHugePages:"));
        let smaps = smaps.unwrap();
        let huge = smaps.lines().find_map(|line| line.strip_prefix("AnonHugePages:")).unwrap();
        let huge: u64 = huge.trim().trim_end_matches(" kB").parse().unwrap();
        let figures: Vec<_> =
            row.split('≈').skip(1).map(|rest| number(&format!("≈{rest}"))).collect();
        assert_eq!(figures, [(huge >> 10) as f64, faults as f64], "{row}");

        let forks = (0..calls.len()).filter(|&n| calls[n].starts().is_some());
        assert!(forks.clone().all(|n| way(&calls[n], &record) == 0), "other starts than forks");
        let mut inside: Vec<_> = forks.clone().map(|n| calls[n].time()).collect();
        // What is measured lies between the calls before and after.
        let mut around: Vec<_> = forks.map(|n| calls[n + 1].begin - calls[n - 1].end).collect();
        assert!((9..=51).contains(&inside.len()), "{row}");
        inside.sort();
        around.sort();
        let middle = inside.len() / 2;
        assert_between(inside[middle], times(row)[0], around[middle]);
    }
    assert_eq!(record.lines.len(), 4, "{:#?}", record.lines);
}

#[test]
fn nobody_sleeps_but_to_be_watched() {
    for (name, times) in [
        ("twice", &[][..]),
        ("family", &[]),
        ("copies", &[]),
        ("exec", &[]),
        ("zombie", &[250]),
        ("orphan", &[]),
        ("crash", &[]),
        ("signals", &[]),
        ("group", &[150]),
        ("buffered", &[]),
        ("inherit", &[]),
        ("threads", &[]),
        ("handlers", &[]),
    ] {
        let Some(record) = run(&[name], "clock_nanosleep,nanosleep") else { return };
        let times: Vec<_> = times.iter().copied().map(Duration::from_millis).collect();
        assert_eq!(record.sleeps(), times, "{name}");
    }
}

#[test]
fn a_text_that_two_processes_write_is_made_before_there_are_two() {
    let Some(record) = run(&["buffered"], "getpid,write") else { return };
    let calls = &record.first().calls;
    let before_forks = (0..calls.len()).filter(|&place| calls[place].starts().is_some());
    let before_forks = before_forks.map(|place| [place - 2, place - 1].map(|it| &*calls[it].name));
    // It asks for its id, for a text that is not written yet when it forks, or is.
    let [in_memory, written] = [["write", "getpid"], ["getpid", "write"]];
    assert_eq!(before_forks.collect::<Vec<_>>(), [in_memory, written, in_memory]);
    let children = record.started();
    let calls = |name| children.iter().map(|child| child.calls(name).count()).collect::<Vec<_>>();
    assert_eq!([calls("getpid"), calls("write")], [[1, 1, 0]; 2], "{children:#?}");
}

/// A way to start a process or a thread, as the kernel sees it.
fn way(start: &Call, record: &Record) -> usize {
    let has = |flag| start.arguments.contains(flag);
    if has("CLONE_THREAD") {
        3
    } else if !has("CLONE_VM") && start.name != "vfork" {
        0
    } else {
        let child = record.caller(start.starts().unwrap());
        1 + child.calls("execve").count().min(1)
    }
}

#[test]
fn the_times_of_cost_are_medians_of_what_its_calls_took() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let svg = folder.path().join("cost.svg");
    let arguments = ["cost", "--most", "4", "--svg", svg.to_str().unwrap()];
    // In `futex` it waits for the end of a thread.
    let Some(record) = run(&arguments, "read,write,wait4,futex") else { return };
    let first = record.first();
    let rows_end = (0..first.calls.len()).filter(|&n| first.calls[n].text().contains("MiB  "));
    let rows_end: Vec<_> = rows_end.collect();
    let rows: Vec<_> = record.lines.iter().filter(|line| line.contains("MiB  ")).collect();
    assert_eq!((rows.len(), rows_end.len()), (2, 2));
    let tables: Vec<_> = rows.iter().map(|row| times(row)).collect();
    let rows_start = [0, rows_end[0]];
    for (n, (row, printed)) in rows.iter().zip(&tables).enumerate() {
        let calls = &first.calls[rows_start[n]..=rows_end[n]];
        let mut order = Vec::new();
        let mut shortest = vec![Vec::new(); 4];
        let mut longest = vec![Vec::new(); 4];
        for (n, call) in calls.iter().enumerate().filter(|(_, call)| call.starts().is_some()) {
            let way = way(call, &record);
            order.push(way);
            shortest[way].push(call.time());
            // What is measured lies between the calls before and after.
            longest[way].push(calls[n + 1].begin - calls[n - 1].end);
        }
        assert!(order.is_sorted(), "one way after the other: {order:?}");
        for (way, &printed) in printed.iter().enumerate() {
            let count = shortest[way].len();
            assert!((9..=51).contains(&count), "{row}: {count} of way {way}");
            shortest[way].sort();
            longest[way].sort();
            // Three digits are printed, and the record has whole microseconds.
            let from = shortest[way][count / 2].as_secs_f64() * 0.994 - 2e-6;
            let to = longest[way][count / 2].as_secs_f64() * 1.006 + 2e-6;
            assert!(from <= printed && printed <= to, "{row}: way {way}, {from} to {to}");
        }
        let status = files_read(calls).into_iter().rfind(|text| text.contains("VmPTE:")).unwrap();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmPTE:")).unwrap();
        let kib: f64 = kib.trim().trim_end_matches(" kB").parse().unwrap();
        assert_eq!(number(row), kib * 1024.0 / common::proc::page_size() as f64);
    }
    let ratios: Vec<_> =
        record.lines.iter().filter(|line| line.ends_with("times as long")).collect();
    assert_eq!(ratios.len(), 4);
    for (way, line) in ratios.iter().enumerate() {
        let ratio = tables[1][way] / tables[0][way];
        assert!((number(line) - ratio).abs() <= 0.051 + 0.012 * ratio, "{line}: {ratio}");
    }

    // The picture: what takes longer is higher, and a line is a way.
    let picture = fs::read_to_string(&svg).unwrap();
    let points = picture.split("<circle ").skip(1).map(|tag| {
        let (_, y) = tag.split_once("cy='").unwrap();
        y.split('\'').next().unwrap().parse::<f64>().unwrap()
    });
    let drawn: Vec<_> =
        (0..4).flat_map(|way| [tables[0][way], tables[1][way]]).zip(points).collect();
    assert_eq!(drawn.len(), 8);
    for (time, y) in &drawn {
        for (other, other_y) in drawn.iter().filter(|(other, _)| *other > time * 1.02) {
            assert!(other_y < y, "{time} s at {y}, {other} s at {other_y}");
        }
    }
}
