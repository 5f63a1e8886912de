//! Programs that most systems have, beside strace: shells, Python, make, a compiler.

use std::fs;
use std::process::Command;

use serde_json::json;
use testing::start;

use super::judge::Compared;
use super::lives::Lives;
use super::trace::{XTASK, events, in_time, is_allowed};

/// Compares each of these, if it is installed.
fn compare(programs: &[&[&str]], left_out: &[&str]) {
    for program in programs.iter().filter(|program| start::is_installed(program[0])) {
        Compared { left_out, ..Compared::of(program) }.compare();
    }
}

/// The calls that a shell makes when a child ends: a signal's handler waits for the child, and
/// when it runs depends on which process is faster.
const OF_ENDED_CHILDREN: &[&str] = &["wait4", "rt_sigreturn"];

/// The Python that `python3` starts: that may be a shell script.
fn python() -> Option<String> {
    if !start::is_installed("python3") {
        return None;
    }
    let asked = ["-c", "import sys; print(sys.executable)"];
    let output = Command::new("python3").args(asked).output().unwrap();
    Some(str::from_utf8(&output.stdout).unwrap().trim_end().to_owned())
}

/// Compares Python with these arguments, without the calls for its lock, which depend on which
/// thread is faster.
fn compare_python(arguments: &[&str]) {
    let Some(python) = python() else { return };
    let words = [&[&python[..]], arguments].concat();
    let here = std::env::current_dir().unwrap();
    Compared { folder: here.parent().unwrap(), left_out: &["futex"], ..Compared::of(&words) }
        .compare();
}

/// How a program ends, and its processes and threads: each is born once and ends once.
fn lives_of(words: &[&str]) -> Option<Lives> {
    if !start::is_installed(words[0]) || !is_allowed() {
        return None;
    }
    let mut trace = in_time(XTASK.as_ref());
    Some(Lives::of(&events(trace.args(["trace", "--json", "--"]).args(words))))
}

#[test]
fn pipelines_and_background_commands_of_a_shell() {
    compare(
        &[
            &["sh", "-c", r"printf 'b\na\n' | sort | head -n 1"],
            &["sh", "-c", "(exit 3); echo $?; sleep 0.01 & wait $!; echo $(echo inside)"],
            &["sh", "-c", "echo a | tee /dev/stderr | cat; { exec 3>&1; echo b >&3; } | cat"],
        ],
        &["rt_sigreturn"],
    );
}

#[test]
fn job_control_coprocesses_and_traps_of_bash() {
    // It says when it runs.
    let job = "set -m; coproc { echo; read; }; read <&${COPROC[0]}";
    compare(
        &[
            &["bash", "-c", &format!("{job}; kill -STOP %1; kill -CONT %1; kill %1; wait")],
            &[
                "bash",
                "-c",
                "coproc cat; echo a >&${COPROC[1]}; read a <&${COPROC[0]}; kill %1; wait",
            ],
            &["bash", "-c", "cat <(echo a) <(echo b)"],
            &["bash", "-c", "trap 'echo got' USR1; kill -USR1 $$; trap 'exit 3' TERM; kill $$"],
        ],
        OF_ENDED_CHILDREN,
    );
}

#[test]
fn programs_that_start_others() {
    compare(
        &[
            &["sh", "-c", "printf '%s\n' a b c | xargs -P 3 -n 1 echo"],
            &["find", "/etc/passwd", "/etc/group", "-exec", "echo", "{}", ";"],
            &["awk", r#"BEGIN { system("exit 3"); "echo a" | getline a; print a | "cat" }"#],
            &["perl", "-e", "pipe R, W; if (!fork) { print W 1; exit 3 } close W; print <R>; wait"],
            &["setsid", "--fork", "--wait", "sh", "-c", "exit 4"],
            &["nohup", "nice", "-n", "1", "env", "-i", "true"],
        ],
        &["rt_sigreturn"],
    );
}

/// GNU grep reads no more than it needs if it sees that nobody reads what it prints.
#[test]
fn a_program_that_prints_less_if_nobody_reads() {
    compare(&[&["grep", ":", "/etc/passwd", "/etc/group"]], &[]);
}

#[test]
fn parallel_make() {
    if !start::is_installed("make") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let rules = "all: a b c\n\t@echo all\na b c:\n\t@sleep 0.01; echo $@ | cat\n";
    fs::write(folder.path().join("Makefile"), rules).unwrap();
    // Which job ends first differs, and with it what make waits for.
    let left_out = ["read", "pselect6", "wait4"];
    let words = ["make", "-j3"];
    Compared { folder: folder.path(), left_out: &left_out, ..Compared::of(&words) }.compare();
}

#[test]
fn a_compiler() {
    if !start::is_installed("gcc") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(folder.path().join("a.c"), "int main(void) { return 0; }\n").unwrap();
    let words = ["gcc", "-pipe", "-c", "a.c"];
    Compared { folder: folder.path(), ..Compared::of(&words) }.compare();
}

#[test]
fn a_program_with_a_terminal_of_its_own() {
    compare(&[&["script", "-qec", "test -t 1; exit 3", "/dev/null"]], &[]);
    // A server that leaves its session, and a shell in a terminal that the server makes.
    let socket = format!("record-{}", std::process::id());
    let tmux = ["tmux", "-L", &socket, "-f", "/dev/null", "new-session", "-d", "exit 3"];
    let Some(lives) = lives_of(&tmux) else { return };
    assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
    let ends = lives.events.keys().map(|task| lives.end(*task));
    assert!(ends.into_iter().any(|end| *end == json!({ "exited": 3 })), "{lives:#?}");
}

#[test]
fn processes_and_threads_of_python() {
    compare_python(&["-c", "import os; os.fork() or os._exit(3); print(os.wait()[1])"]);
    compare_python(&["-c", "import subprocess as s; print(s.run(['cat'], input=b'through'))"]);
    compare_python(&["-c", "import os; os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)"]);
    let thread = "import threading as t; a = t.Thread(target=print, args='a'); a.start(); a.join()";
    compare_python(&["-c", thread]);
}

#[test]
fn a_pool_of_python() {
    compare_python(&[
        "-c",
        "import multiprocessing as m\n\
         with m.get_context('fork').Pool(2) as pool: print(pool.map(abs, range(4)))",
    ]);
}

/// Python makes an interrupted read again itself, after its handler has run.
#[test]
fn a_call_that_python_makes_again() {
    compare_python(&[
        "-c",
        "import os, signal\n\
         r, w = os.pipe()\n\
         signal.signal(signal.SIGALRM, lambda *_: os.write(w, b'!'))\n\
         signal.setitimer(signal.ITIMER_REAL, 0.01)\n\
         print(os.read(r, 1))",
    ]);
}

#[test]
fn the_programs_of_the_notes() {
    for lesson in ["01-multitask", "02-fork", "03-ipc", "05-threading", "06-lock"] {
        compare_python(&[&format!("lessons/{lesson}/notes.py")]);
    }
}

#[test]
fn ids_of_another_namespace() {
    let unshare = ["unshare", "--pid", "--fork", "--mount-proc"];
    let is_allowed = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).arg("true").output();
        output.is_ok_and(|output| output.status.success())
    };
    if !is_allowed(unshare[0], &unshare[1..]) {
        return start::pass_over("this system allows no new namespace");
    }
    if !is_allowed("strace", &["--pidns-translation", "-o", "/dev/null"]) {
        return start::pass_over("this strace does not know the ids of other namespaces");
    }
    let script = "true & wait; sh -c 'exit 3'; kill -0 $$";
    let words = [&unshare[..], &["sh", "-c", script]].concat();
    Compared { options: &["--pidns-translation"], ..Compared::of(&words) }.compare();
}

/// Their threads are too many, and do too much at the same time, to be the same twice.
#[test]
fn programs_with_many_threads_of_their_own() {
    let script = "new (require('worker_threads').Worker)('process.exit(0)', { eval: true })";
    let node = lives_of(&["node", "-e", script]);
    let java = lives_of(&["java", "-version"]);
    for lives in [node, java].into_iter().flatten() {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        assert!(!lives.children[&lives.root].is_empty(), "{lives:#?}");
    }
}

/// The children are killed at any time, also inside a fork.
#[test]
fn a_shell_that_is_killed_while_it_starts_programs() {
    for time in ["0.01", "0.02", "0.03"] {
        let script = "while true; do /bin/true; (true); done";
        let words = ["timeout", "-s", "KILL", time, "sh", "-c", script];
        let Some(lives) = lives_of(&words) else { return };
        assert_eq!(*lives.end(lives.root), json!({ "killed": 9 }), "{lives:#?}");
    }
}
