//! `cargo xtask trace` with a program that is not of the course, and with one that is running.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use common::proc;
use nix::libc;
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde_json::{Value, json};
use testing::{seen, start};

use super::has;
use super::trace::{XTASK, events, example, in_time, is_allowed};

fn trace(words: &[&str]) -> Command {
    let mut command = in_time(XTASK.as_ref());
    command.arg("trace").args(words);
    command
}

/// What a command writes to standard error, and its exit status, when it has nothing to trace.
fn refused(words: &[&str]) -> (String, Option<i32>) {
    let output = trace(words).output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn a_program_gets_the_callers_folder_environment_and_input() {
    if !is_allowed() {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let script = folder.join("a script");
    fs::write(&script, "#!/bin/sh\nread line\necho \"$line $WORD $1\"\npwd\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("input"), "read\n").unwrap();
    let mut command = trace(&["--json", "--", "./a script", "--json"]);
    command.current_dir(&folder).env("WORD", "set");
    command.stdin(fs::File::open(folder.join("input")).unwrap());
    let events = events(&mut command);
    assert!(has(&events, r#"print "read set --json\n""#), "{events:#?}");
    assert!(has(&events, &format!("print {:?}", format!("{}\n", folder.display()))));
    assert_eq!(events.last().unwrap()["end"], json!({ "exited": 0 }));
}

#[test]
fn a_name_is_looked_up_in_path() {
    if !is_allowed() {
        return;
    }
    let events = events(&mut trace(&["--json", "--", "sh", "-c", "exit 3"]));
    assert_eq!(events.last().unwrap()["end"], json!({ "exited": 3 }), "{events:#?}");
}

#[test]
fn arguments_and_paths_of_any_bytes_stay_on_their_line() {
    if !is_allowed() {
        return;
    }
    let mut command = trace(&["--only", "exec", "--", "sh", "-c", "\"$0\" \"$@\"; ./\x1b\n"]);
    command.args([OsStr::new("/bin/true"), OsStr::from_bytes(b"a\xff\n"), OsStr::new("é")]);
    let output = command.output().unwrap();
    let record = str::from_utf8(&output.stdout).unwrap();
    let lines: Vec<&str> = record.lines().collect();
    let [_, exec, failed] = lines[..] else { panic!("{lines:#?}") };
    assert!(exec.ends_with(r#"exec true "a\xff\n" "é""#), "{exec}");
    assert!(failed.ends_with(r"exec ./\u{1b} → ENOENT"), "{failed}");
}

/// As version managers have it: a script that looks for the Python to start.
#[test]
fn the_python_behind_a_script_is_traced() {
    if !is_allowed() {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = "true | cat\nif [ \"$1\" = -c ]; then command -v sh; else exec sh \"$@\"; fi\n";
    let mut command = trace(&["--only", "exec,print", "--", "python3", "a.py"]);
    start::stand_in(&mut command, folder.path(), "python3", script);
    fs::write(folder.path().join("a.py"), "echo printed\n").unwrap();
    let output = command.current_dir(folder.path()).output().unwrap();
    let (record, errors) = (&*output.stdout, &*output.stderr);
    let lines: Vec<&str> = str::from_utf8(record).unwrap().lines().collect();
    let [exec, print] = lines[..] else { panic!("{lines:#?}") };
    assert!(exec.contains(r#""a.py""#) && print.contains(r#"print "printed\n""#), "{lines:#?}");
    let why = str::from_utf8(errors).unwrap();
    assert!(why.starts_with("xtask: python3 is a script; this is the record of /"), "{why}");
    assert!(why.ends_with("/sh\n"), "{why}");
}

#[test]
fn at_the_limit_the_program_and_its_children_are_killed() {
    if !is_allowed() {
        return;
    }
    let endless = "sleep 1000 & while true; do echo again; done";
    let mut command = trace(&["--json", "--limit", "20", "--", "sh", "-c", endless]);
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{status}");
    let text = String::from_utf8(stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 20);
    let errors = String::from_utf8(stderr).unwrap();
    assert_eq!(errors, "xtask: 20 events, as --limit says; it was killed\n");
    for event in events {
        assert!(seen::has_ended(&event["id"]), "{event}");
    }
}

/// A program that waits for a line of input; then a child of it exits with status 3, and
/// it with status 7.
fn waiting() -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", "read line; (exit 3); echo $?; exit 7"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// Starts to trace a running process, and returns when it is traced and was stopped once, and
/// the tracer waits for more.
fn attach(process: &Child, options: &[&str]) -> Child {
    let id = process.id().to_string();
    let mut command = Command::new(XTASK);
    command.args(["trace", "--pid", &id]).args(options);
    let mut tracer = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let traced = || proc::field(format!("/proc/{id}/status"), "TracerPid").unwrap() != "0";
    let waits =
        |tracer: &Child| seen::waits_in(tracer.id()).is_some_and(|it| it.0 == libc::SYS_wait4);
    seen::until("the process is traced", || {
        tracer.try_wait().unwrap().is_some() || traced() && waits(&tracer)
    });
    tracer
}

#[test]
fn a_running_process_is_followed_to_its_end() {
    if !is_allowed() {
        return;
    }
    let mut process = waiting();
    let tracer = attach(&process, &["--json"]);
    process.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    let output = tracer.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(process.wait().unwrap().code(), Some(7));
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = |event: &&Value| !event["end"].is_null();
    let ends = events.iter().filter(end).map(|event| event["end"].clone());
    assert_eq!(ends.collect::<Vec<_>>(), [json!({ "exited": 3 }), json!({ "exited": 7 })]);
    // A shell reads its input byte by byte. It may have read the first before it was stopped.
    assert!(has(&events, r#""\n" (1 byte)"#), "{events:#?}");
    assert!(has(&events, r#"print "3\n""#), "{events:#?}");
}

#[test]
fn a_process_that_is_no_longer_followed_runs_on() {
    if !is_allowed() {
        return;
    }
    let mut process = waiting();
    let tracer = attach(&process, &[]);
    signal::kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).unwrap();
    let output = tracer.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.ends_with("\nxtask: interrupted; what was traced runs on\n"), "{errors}");
    process.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(7));
}

#[test]
fn the_record_of_a_program_that_hangs_ends_with_the_call_that_it_is_in() {
    if !is_allowed() {
        return;
    }
    let mut command = Command::new(XTASK);
    command.args(["trace", "--", "sh", "-c", "echo begun; read line"]).stdin(Stdio::piped());
    let mut tracer = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tracer.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("begun")));
    signal::kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(rest.last().unwrap().ends_with("killed by SIGKILL"), "{rest:#?}");
    // It may be killed before it reads, or before it is asleep there.
    let read = rest.iter().find(|line| line.contains("read from pipe 1"));
    assert!(
        read.is_none_or(
            |line| line.contains("has not returned") || line.contains("does not return")
        ),
        "{rest:#?}"
    );
    let output = tracer.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "xtask: interrupted; nothing was left running\n");
}

/// Starts a process in a session of its own, which no signal to the program's group reaches.
const OWN_SESSION: [&str; 4] = ["setsid", "-f", "sleep", "1000"];

#[test]
fn when_the_time_is_over_a_process_in_a_session_of_its_own_is_killed_too() {
    if !is_allowed() {
        return;
    }
    let mut command = trace(&["--json", "--for", "0.5", "--"]);
    let events = events(command.args(OWN_SESSION));
    assert_eq!(events.last().unwrap()["end"], json!({ "killed": 9 }), "{events:#?}");
}

#[test]
fn ctrl_c_kills_what_is_in_a_session_of_its_own_and_what_is_born_meanwhile() {
    if !is_allowed() {
        return;
    }
    let restless = "setsid -f sleep 1000; echo begun; while true; do setsid true; done";
    for words in [&["sh", "-c", restless][..], &OWN_SESSION] {
        let mut command = Command::new(XTASK);
        command.args(["trace", "--json", "--"]).args(words).stdin(Stdio::null());
        let mut tracer = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(tracer.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut record: Vec<Value> = Vec::new();
        let mut alive = BTreeSet::new();
        let mut take = |line: String| {
            let event: Value = serde_json::from_str(&line).unwrap();
            alive.insert(event["id"].as_i64().unwrap());
            alive.extend(event["child"].as_i64());
            if !event["end"].is_null() {
                alive.remove(&event["id"].as_i64().unwrap());
            }
            let begins = event["text"].as_str().unwrap().contains("exec sleep");
            record.push(event);
            begins
        };
        assert!(lines.by_ref().any(&mut take), "no sleep");
        signal::kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).unwrap();
        lines.for_each(|line| _ = take(line));
        assert_eq!(tracer.wait().unwrap().code(), Some(130));
        // The record goes on to the end of the last of them.
        assert!(alive.is_empty(), "{alive:?} {record:#?}");
    }
}

#[test]
fn without_the_dashes_before_a_program_the_refusal_says_how() {
    let lessons = "01-multitask, 02-fork, 03-ipc, 04-pool, 05-threading, 06-lock";
    let hint = "for a program of your own: cargo xtask trace --";
    for (words, how) in [
        (&["sh", "a.sh"][..], "sh a.sh"),
        (&["sh", "--", "-c", "exit 3"], "sh -c 'exit 3'"),
        (&["/bin/sh"], "/bin/sh"),
        (&["--only", "fork", "sh"], "sh"),
    ] {
        let program = words.iter().find(|word| word.ends_with("sh")).unwrap();
        let why = format!("xtask: no lesson '{program}'; available: {lessons}; {hint} {how}\n");
        assert_eq!(refused(words), (why, Some(2)));
    }
    // The program's options come before its name is looked at.
    for words in [&["sh", "-c", "true"][..], &["02-fork", "zombie", "--pace", "0.1"]] {
        let (why, status) = refused(words);
        assert_eq!(status, Some(2));
        assert!(why.ends_with("; options of a demo or a program come after `--`\n"), "{why}");
    }
}

#[test]
fn a_program_in_this_folder_is_offered_as_it_can_be_started() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (name, mode) in [("program", 0o755), ("a.py", 0o644), ("text", 0o644)] {
        fs::write(folder.path().join(name), "").unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let offered = |word: &str| {
        let output = trace(&[word, "x y"]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let why = String::from_utf8(output.stderr).unwrap();
        why.split_once(" trace -- ").map(|(_, how)| how.to_owned())
    };
    assert_eq!(offered("program"), Some("./program 'x y'\n".to_owned()));
    assert_eq!(offered("a.py"), Some("python3 a.py 'x y'\n".to_owned()));
    assert_eq!(offered("text"), None);
    assert_eq!(offered("none"), None);
}

#[test]
fn what_cannot_be_traced_is_refused_in_a_line() {
    let lessons = "01-multitask, 02-fork, 03-ipc, 04-pool, 05-threading, 06-lock";
    let what = format!("xtask: trace what? a lesson ({lessons}), or `-- PROGRAM`\n");
    assert_eq!(refused(&[]), (what.clone(), Some(2)));
    assert_eq!(refused(&["--"]), (what, Some(2)));
    let none = format!("xtask: no lesson 'fork'; available: {lessons}\n");
    assert_eq!(refused(&["fork"]), (none, Some(2)));
    let both = "xtask: --pid or a program, not both\n".to_owned();
    assert_eq!(refused(&["--pid", "1", "--", "true"]), (both, Some(2)));
    let hint = "xtask: Ctrl-C ends the record, and shows what it is waiting for\n";
    // The kernel gives no process a greater number.
    let (why, status) = refused(&["--pid", "4194305"]);
    assert_eq!((&*why, status), ("xtask: no process 4194305\n", Some(1)));
    let mut zombie = Command::new("true").spawn().unwrap();
    let id = Pid::from_raw(zombie.id() as i32);
    waitid(Id::Pid(id), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
    let why = format!("xtask: pid {id} has ended: it is a zombie\n");
    assert_eq!(refused(&["--pid", &id.to_string()]), (hint.to_owned() + &why, Some(1)));
    zombie.wait().unwrap();
    if is_allowed() {
        let (why, status) = refused(&["--", "no-such-program"]);
        assert_eq!(status, Some(1));
        assert!(why.starts_with("xtask: no-such-program could not be started: "), "{why}");
        assert!(why.contains("No such file or directory"), "{why}");
    }
}

#[test]
fn the_id_of_a_thread_is_not_that_of_a_process() {
    let mut command = Command::new(example("tasks"));
    let mut process = command.arg("locked-crosswise").stdout(Stdio::null()).spawn().unwrap();
    let id = process.id();
    let mut threads = Vec::new();
    seen::until("it has another thread", || {
        let entries = fs::read_dir(format!("/proc/{id}/task")).unwrap();
        threads.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
        threads.iter().any(|thread| *thread != id.to_string())
    });
    let thread = threads.iter().find(|thread| **thread != id.to_string()).unwrap();
    let (why, status) = refused(&["--pid", thread]);
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(why.ends_with(&format!("xtask: {thread} is a thread of process {id}\n")), "{why}");
    assert_eq!(status, Some(1));
}

#[test]
fn who_binds_itself_by_its_own_id_binds_itself() {
    if !is_allowed() || !start::is_installed("taskset") {
        return;
    }
    let script = "taskset -p ffffffff $$; exec taskset -p ffffffff $$";
    let events = events(trace(&["--json", "--only", "cpu", "--"]).args(["sh", "-c", script]));
    let shell = &events.last().unwrap()["id"];
    let bound: Vec<_> = events.iter().filter(|event| !event["call"].is_null()).collect();
    let [by_another, by_itself] = bound[..] else { panic!("{events:#?}") };
    let text = |event: &Value| event["text"].as_str().unwrap().to_owned();
    assert!(text(by_another).starts_with(&format!("bind pid {shell} to CPUs")), "{events:#?}");
    assert!(text(by_itself).starts_with("bind itself to CPUs"), "{events:#?}");
}
