//! Every demo of every lesson, started as few programs are: with signals ignored and blocked,
//! without standard streams, under limits, with a full disk. It goes well, or says in clear words
//! what is missing; it does not hang, is not killed, and leaves nothing in the reader's folder.

use std::fs::File;
use std::io::pipe;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::libc;
use testing::start::refuse;

/// A demo that takes longer than this hangs.
const DEADLINE: &str = "120";

/// Options with which demos that measure are quick.
const QUICK: [(&str, &str, &[&str]); 10] = [
    ("01-multitask", "tasks", &["--duration", "0.02"]),
    ("01-multitask", "cores", &["--readings", "10000"]),
    ("01-multitask", "nice", &["--duration", "0.02"]),
    ("01-multitask", "switch", &["--rounds", "100"]),
    ("02-fork", "cost", &["--most", "1"]),
    ("03-ipc", "speed", &["--most=8", "--time=1", "--cpus=1", "--without-python"]),
    ("04-pool", "speed", &["--tasks", "100"]),
    ("05-threading", "parallel", &["--threads", "2", "--steps", "1000"]),
    ("05-threading", "crowd", &["--threads", "2", "--processes", "2"]),
    ("06-lock", "cost", &["--time=1", "--without-python"]),
];

/// The lessons' programs, which are built: `cargo test --package xtask` does not.
fn lessons() -> &'static [PathBuf] {
    static LESSONS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    LESSONS.get_or_init(|| {
        // Where these tests run, not where they were compiled: checkouts may share a target folder.
        let root = std::env::current_dir().unwrap().parent().unwrap().to_owned();
        let folders = root.join("lessons").read_dir().unwrap();
        let names = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let binaries = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--target-dir"])
            .arg(binaries.parent().unwrap())
            .args(names.iter().map(|name| format!("--bin={name}")))
            .current_dir(root)
            .status();
        assert!(status.unwrap().success());
        names.iter().map(|name| binaries.join(name)).collect()
    })
}

/// Runs every demo through a command that starts a program in some way, and gives `look` the
/// demo's name and what came of it.
fn run_each(start: impl Fn() -> Command, look: impl Fn(&str, Output)) {
    let mut demos = 0;
    for lesson in lessons() {
        let list = Command::new(lesson).arg("--list").output().unwrap();
        for line in String::from_utf8(list.stdout).unwrap().lines() {
            let (demo, _) = line.split_once('\t').unwrap();
            let name = lesson.file_name().unwrap().to_str().unwrap();
            let quick = QUICK.iter().find(|quick| (quick.0, quick.1) == (name, demo));
            let mut command = start();
            command.args(["timeout", "--kill-after=5", DEADLINE]).arg(lesson).arg(demo);
            command.args(quick.map_or(&[][..], |quick| quick.2));
            command.env("LESSON_PACE", "0.01").stdin(Stdio::null());
            look(&format!("{name} {demo}"), command.output().unwrap());
            demos += 1;
        }
    }
    assert!(demos >= 64, "{demos} demos");
}

/// Runs every demo through a line of shell, whose `"$@"` is the demo.
fn run_each_in_a_shell(line: &str, look: impl Fn(&str, Output)) {
    let start = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", line, "sh"]);
        shell
    };
    run_each(start, look);
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// It went well, or the machine is such that it cannot.
fn assert_went_well(demo: &str, output: &Output) {
    assert!(matches!(output.status.code(), Some(0 | 3)), "{demo}: {output:?}");
}

#[test]
fn signals_that_are_ignored_or_blocked_stop_no_demo() {
    let start = || {
        let mut env = Command::new("env");
        env.args(["--ignore-signal=CHLD,TERM,INT,QUIT,USR1,USR2,ALRM,PIPE,XFSZ"]);
        env.arg("--block-signal=CHLD,TERM,INT,QUIT,USR1,USR2,ALRM,PIPE,SEGV,ABRT");
        env
    };
    run_each(start, |demo, output| assert_went_well(demo, &output));
}

#[test]
fn without_standard_streams_a_demo_goes_on() {
    run_each_in_a_shell("exec \"$@\" <&- >&- 2>&-", |demo, output| {
        assert_went_well(demo, &output);
    });
}

#[test]
fn a_full_disk_is_told_in_a_line() {
    run_each_in_a_shell("exec \"$@\" >/dev/full", |demo, output| {
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{demo}: {errors}");
        assert!(errors.contains("failed printing to stdout: No space left"), "{demo}: {errors}");
        assert!(!errors.contains("panicked"), "{demo}: {errors}");
    });
    for arguments in [&["list"][..], &["--help"], &["trace", "02-fork"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("No space left") && !errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn when_nobody_reads_on_a_demo_ends_without_a_panic() {
    // The reader is gone before the first line, as `head` is after its last.
    run_each_in_a_shell("exec 3>&1; (\"$@\"; echo \"status $?\" >&3) | :", |demo, output| {
        let (status, errors) = (String::from_utf8_lossy(&output.stdout), errors(&output));
        assert!(!errors.contains("panicked"), "{demo}: {errors}");
        let status = status.trim_end();
        let is_quiet = ["status 0", "status 141", "status 3"].contains(&status);
        assert!(is_quiet, "{demo}: {status}, {errors}");
    });
}

#[test]
fn a_demo_that_fails_when_nobody_reads_on_says_why_and_ends_by_sigpipe() {
    let lesson = lessons().iter().find(|lesson| lesson.ends_with("06-lock")).unwrap();
    let run = |arguments: &[&str]| {
        let (_, unread) = pipe().unwrap();
        let mut command = Command::new(lesson);
        command.args(arguments).stdout(unread).output().unwrap()
    };
    let failed = run(&["play", "--html", "/no/such/folder/page.html"]);
    assert!(errors(&failed).contains("write /no/such/folder/page.html"), "{failed:?}");
    assert_eq!(failed.status.signal(), Some(libc::SIGPIPE), "{failed:?}");
    let wrong = run(&["play", "--html"]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

#[test]
fn a_call_that_the_system_refuses_is_told() {
    for (call, error) in [
        (libc::SYS_pidfd_open, Errno::ENOSYS),
        (libc::SYS_pidfd_open, Errno::EPERM),
        (libc::SYS_memfd_create, Errno::ENOSYS),
        (libc::SYS_memfd_create, Errno::EPERM),
        (libc::SYS_sched_setaffinity, Errno::EPERM),
        (libc::SYS_setpriority, Errno::EPERM),
        (libc::SYS_process_vm_readv, Errno::EPERM),
        (libc::SYS_signalfd4, Errno::ENOSYS),
        (libc::SYS_eventfd2, Errno::ENOSYS),
    ] {
        let start = || {
            let mut command = Command::new("env");
            refuse(&mut command, call, error);
            command
        };
        run_each(start, |demo, output| {
            assert_went_well(demo, &output);
            let errors = errors(&output);
            assert!(output.status.success() || !errors.is_empty(), "{demo}: {output:?}");
        });
    }
}

#[test]
fn a_child_that_cannot_be_tied_to_its_parent_is_told() {
    // Containers allow this call. Where one does not, a child cannot ask to end with its parent.
    let start = || {
        let mut command = Command::new("env");
        refuse(&mut command, libc::SYS_prctl, Errno::EPERM);
        command
    };
    run_each(start, |demo, output| {
        let errors = errors(&output);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{demo}: {output:?}");
        assert!(output.status.success() || !errors.is_empty(), "{demo}: {output:?}");
        // Nobody waits for what a child that has ended was to do.
        assert!(!errors.contains("gave up"), "{demo}: {errors}");
    });
}

#[test]
fn a_limit_on_files_kills_no_demo() {
    // Shared memory is a file, too, for this limit.
    run_each_in_a_shell("ulimit -f 1; exec \"$@\"", |demo, output| {
        let errors = errors(&output);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{demo}: {output:?}");
        let words = ["EFBIG", "File too large", "ulimit -f"];
        let told = words.iter().any(|word| errors.contains(word));
        assert!(output.status.success() || told, "{demo}: {errors}");
    });
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("file");
    let line = format!("ulimit -f 0; exec \"$@\" >'{0}' 2>'{0}'", file.display());
    run_each_in_a_shell(&line, |demo, output| {
        assert_eq!(output.status.code(), Some(1), "{demo}: {output:?}");
    });
}

#[test]
fn small_limits_are_told() {
    for limit in ["-n 10", "-v 400000", "-s 200", "-u 5"] {
        run_each_in_a_shell(&format!("ulimit {limit}; exec \"$@\""), |demo, output| {
            let errors = errors(&output);
            assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{demo}: {output:?}");
            assert!(output.status.success() || !errors.is_empty(), "{demo}: {output:?}");
            // Rust itself panics, where nobody can catch it, if a new thread has its stack, and
            // there is no room left for the small one on which a full stack is reported.
            let by_rust = errors.matches("failed to allocate an alternative stack").count();
            assert_eq!(errors.matches("panicked").count(), by_rust, "{demo}: {errors}");
        });
    }
}

#[test]
fn a_demo_leaves_nothing_where_it_was_started() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let line = format!("ulimit -c unlimited; cd '{}'; exec \"$@\"", folder.path().display());
    run_each_in_a_shell(&line, |demo, output| {
        assert_went_well(demo, &output);
        let left: Vec<_> = folder.path().read_dir().unwrap().collect();
        assert!(left.is_empty(), "{demo}: {left:?}");
    });
}

#[test]
fn no_place_for_temporary_files_is_told_in_a_line() {
    // A file in a file cannot be, and a name that is too long for a socket.
    let long = format!("{}/{}", env!("CARGO_TARGET_TMPDIR"), "x".repeat(100));
    std::fs::create_dir_all(&long).unwrap();
    let spawn = &lessons()[2];
    for folder in ["/no/such/folder", "/proc", "/dev/null", &long] {
        let output = Command::new(spawn).arg("spawn").env("TMPDIR", folder).output().unwrap();
        let errors = errors(&output);
        assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
        assert!(errors.starts_with("03-ipc: TMPDIR: "), "{errors}");
    }
    run_each_in_a_shell("TMPDIR=/no/such/folder exec \"$@\"", |demo, output| {
        let is_told = errors(&output).starts_with("03-ipc: TMPDIR: ");
        assert!(output.status.success() || is_told, "{demo}: {output:?}");
    });
}
