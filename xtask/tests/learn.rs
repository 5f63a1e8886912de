//! `cargo xtask learn`, as a reader uses it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use serde_json::Value;
use tempfile::TempDir;
use testing::seen;
use testing::start;
use testing::terminal::OnTerminal;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// The course, with a folder `my` of its own. Only one at a time: Cargo gives programs of one name
/// one place in the folder for what it builds.
struct Course(TempDir, #[expect(dead_code, reason = "held")] Flock<File>);

impl Course {
    fn new() -> Course {
        let lock = Path::new(env!("CARGO_TARGET_TMPDIR")).join("learn.lock");
        let lock = Flock::lock(File::create(lock).unwrap(), FlockArg::LockExclusive).unwrap();
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // Where these tests run, not where they were compiled.
        let course = std::env::current_dir().unwrap().parent().unwrap().to_owned();
        for name in ["Cargo.toml", "Cargo.lock", "common", "lessons", "xtask"] {
            symlink(course.join(name), folder.path().join(name)).unwrap();
        }
        Course(folder, lock)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let target = Path::new(XTASK).parent().unwrap().parent().unwrap();
        let mut command = start::command(XTASK);
        command
            .arg("learn")
            .args(arguments)
            .current_dir(self.0.path())
            .env("CARGO_MANIFEST_DIR", self.0.path().join("xtask"))
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("VISUAL")
            .env_remove("EDITOR");
        command
    }

    fn learn(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The reader's file for an exercise.
    fn file(&self, exercise: &str) -> PathBuf {
        self.0.path().join("my").join(exercise).join("src/main.rs")
    }

    /// The text of a program of an exercise of lesson 02.
    fn program(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join("lessons/02-fork/exercises").join(path)).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn an_exercise_goes_from_its_start_to_its_solution() {
    let course = Course::new();
    let early = course.learn(&["--check", "children"]);
    assert_eq!(status(&early), Some(2), "{early:?}");
    assert!(text(&early.stderr).contains("`cargo xtask learn children` makes it"), "{early:?}");

    // Without a terminal it shows the task, and makes the file.
    let shown = course.learn(&["children"]);
    assert_eq!(status(&shown), Some(0), "{shown:?}");
    let told = text(&shown.stdout);
    assert!(told.contains("Wait for each child") && !told.contains('\x1b'), "{told}");
    assert_eq!(
        fs::read_to_string(course.file("children")).unwrap(),
        course.program("children/start.rs")
    );

    let wrong = course.learn(&["--check", "children"]);
    assert_eq!(status(&wrong), Some(1), "{wrong:?}");
    let told = text(&wrong.stdout);
    assert!(told.starts_with("children: with 3 children: child 1 (pid "), "{told}");
    assert!(told.contains("was never waited for"), "{told}");
    assert!(told.contains("exit the process, status "), "the record is shown: {told}");

    fs::write(course.file("children"), "fn main() { nonsense }").unwrap();
    let broken = course.learn(&["--check", "children"]);
    assert_eq!(status(&broken), Some(1), "{broken:?}");
    assert_eq!(text(&broken.stdout), "children: it does not compile\n");
    assert!(text(&broken.stderr).contains("cannot find value `nonsense`"), "{broken:?}");

    let list = || text(&course.learn(&["--list"]).stdout);
    assert!(!list().contains("solved"), "{}", list());
    let solution = course.program("children/right/solution.rs").replace("pub fn main", "fn main");
    fs::write(course.file("children"), &solution).unwrap();
    let right = course.learn(&["--check", "children"]);
    assert_eq!((status(&right), text(&right.stdout)), (Some(0), "children: right\n".to_owned()));
    let line = list().lines().find(|line| line.contains("children")).unwrap().to_owned();
    assert!(line.contains("solved"), "{line}");

    let next = text(&course.learn(&[]).stdout);
    assert!(next.contains("my/run_on/src/main.rs"), "after a solved one comes the next: {next}");
    let same = text(&course.learn(&[]).stdout);
    assert_eq!(same, next, "one that is not solved stays");

    // The file of the reader is theirs.
    course.learn(&["children"]);
    assert_eq!(fs::read_to_string(course.file("children")).unwrap(), solution);
}

#[test]
fn an_order_that_goes_wrong_is_shown_and_can_be_run_again() {
    let course = Course::new();
    course.learn(&["lost_update"]);
    let wrong = course.learn(&["--check", "lost_update"]);
    assert_eq!(status(&wrong), Some(1), "{wrong:?}");
    let told = text(&wrong.stdout);
    assert!(
        told.starts_with(
            "lost_update: two threads deposit 50 and 60; what goes wrong: the balance is"
        ),
        "{told}"
    );
    assert!(told.contains("line 16: let balance = *self.balance.lock().unwrap();"), "{told}");
    let (drawn, again) = told.split_once("  again: cargo xtask learn ").unwrap();

    let again = course.learn(&again.split_whitespace().collect::<Vec<_>>());
    assert_eq!(status(&again), Some(0), "{again:?}");
    let again = text(&again.stdout);
    let steps = |text: &str| -> Vec<String> {
        let steps = text.lines().filter(|line| line.contains(" lock balance: "));
        steps.map(|line| line.trim().to_owned()).collect()
    };
    assert_eq!(steps(&again), steps(drawn));
    assert!(again.trim_end().ends_with(", and not 110"), "{again}");

    for (order, why) in
        [("9:1", "an order is one of"), ("1:3x9", "has the program changed since"), ("1:x", "x")]
    {
        let refused = course.learn(&["--check", "lost_update", "--replay", order]);
        assert_eq!(status(&refused), Some(1), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }

    let solution = "lessons/06-lock/exercises/lost_update/right/solution.rs";
    fs::copy(course.0.path().join(solution), course.file("lost_update")).unwrap();
    let right = course.learn(&["--check", "lost_update"]);
    assert_eq!(status(&right), Some(0), "{right:?}");
    assert!(text(&right.stdout).contains("every one that makes a difference"), "{right:?}");
}

#[test]
fn an_order_in_which_a_thread_is_woken_for_nothing_can_be_run_again() {
    let course = Course::new();
    course.learn(&["semaphore"]);
    let looks_once = "lessons/06-lock/exercises/semaphore/cheats/looks_once.rs";
    fs::copy(course.0.path().join(looks_once), course.file("semaphore")).unwrap();
    let told = text(&course.learn(&["--check", "semaphore"]).stdout);
    let (drawn, again) = told.split_once("  again: cargo xtask learn ").unwrap();
    assert!(drawn.contains("there is none: 0 - 1"), "{told}");
    assert!(drawn.contains("woken for nothing") && drawn.contains("a spurious wake-up"), "{told}");
    let again = course.learn(&again.split_whitespace().collect::<Vec<_>>());
    assert_eq!(status(&again), Some(0), "{again:?}");
    assert!(text(&again.stdout).contains("there is none: 0 - 1"), "{again:?}");
}

#[test]
fn a_program_cannot_speak_for_the_judge_nor_disturb_it() {
    let course = Course::new();
    course.learn(&["lost_update"]);
    let solution = course.0.path().join("lessons/06-lock/exercises/lost_update/right/solution.rs");
    let solution = fs::read_to_string(solution).unwrap();
    let adds = "*self.balance.lock().unwrap() += amount;";
    let judged = |deposit: &str| {
        fs::write(course.file("lost_update"), solution.replace(adds, deposit)).unwrap();
        let output = course.learn(&["--check", "lost_update"]);
        (status(&output), text(&output.stdout))
    };
    let (right, told) = judged(&format!("eprintln!(\"a\"); println!(\"b\"); dbg!(amount); {adds}"));
    assert_eq!(right, Some(0), "{told}");
    for (deposit, why) in [
        (
            "eprintln!(\"{{\\\"exhaustive\\\":true,\\\"tried\\\":{amount}}}\"); std::process::exit(0)",
            "the program ends its process, with status 0, in line 15",
        ),
        ("panic!(\"{amount} is too much\")", "a thread panics, in line 15: 50 is too much"),
        ("while amount == amount {}", "its orders cannot be tried: thread 2"),
        (
            "static M: Mutex<i64> = Mutex::new(0); *M.lock().unwrap() += amount",
            "do without statics",
        ),
        ("let _ = unsafe { *(&raw const amount) };", "unsafe code"),
        (
            "core::sync::atomic::AtomicI64::new(0).fetch_add(amount, core::sync::atomic::Ordering::SeqCst);",
            "the balance is 0, and not 110",
        ),
    ] {
        let (wrong, told) = judged(deposit);
        assert_eq!(wrong, Some(1), "{deposit}: {told}");
        assert!(told.contains(why), "{deposit}: {told}");
    }
}

#[test]
fn for_classrooms_all_that_was_begun_is_judged() {
    let course = Course::new();
    course.learn(&["children"]);
    let output = course.learn(&["--json"]);
    assert_eq!(status(&output), Some(1), "{output:?}");
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |name: &str| {
        rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
    };
    assert_eq!(row("children")["state"], "wrong");
    assert!(row("children")["why"].as_str().unwrap().contains("was never waited for"));

    let report = course.0.path().join("report.xml");
    let output = course.learn(&["--junit", report.to_str().unwrap()]);
    assert_eq!(status(&output), Some(1), "{output:?}");
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains("name=\"children\"") && report.contains("failures=\"1\""), "{report}");
}

#[test]
fn where_nothing_can_be_traced_nothing_is_judged_by_the_record() {
    let course = Course::new();
    course.learn(&["children"]);
    let mut check = course.command(&["--check", "children"]);
    start::refuse(&mut check, libc::SYS_ptrace, Errno::EPERM);
    let output = check.output().unwrap();
    assert_eq!(status(&output), Some(3), "{output:?}");
    assert!(text(&output.stdout).contains("ptrace"), "{output:?}");
    let mut json = course.command(&["--json"]);
    start::refuse(&mut json, libc::SYS_ptrace, Errno::EPERM);
    let output = json.output().unwrap();
    assert_eq!(status(&output), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("\"not judged\""), "{output:?}");
}

#[test]
fn in_a_terminal_of_vs_code_the_editor_opens_at_the_line_of_the_fault() {
    let course = Course::new();
    let programs = course.0.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let told = course.0.path().join("told");
    let script = format!("#!/bin/sh\necho \"$@\" > {0}.new\nmv {0}.new {0}\n", told.display());
    fs::write(programs.join("code"), script).unwrap();
    fs::set_permissions(programs.join("code"), Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = course.command(&["lost_update"]);
    command.env("PATH", path).env("TERM_PROGRAM", "vscode");
    let mut terminal = OnTerminal::start(command);
    terminal.read_until("again: cargo xtask learn");
    terminal.press("e");
    seen::until("the editor was started", || told.exists());
    let expected = format!("-g {}:16\n", course.file("lost_update").display());
    assert_eq!(fs::read_to_string(&told).unwrap(), expected);
    terminal.press("q");
    assert!(terminal.child.wait().unwrap().success());
}

#[test]
fn a_reader_of_a_chinese_system_reads_chinese() {
    let course = Course::new();
    let screen = |set: [(&str, &str); 2]| {
        let mut command = course.command(&["children"]);
        let output = command.env_remove("LC_ALL").envs(set).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout)
    };
    let chinese = screen([("LC_MESSAGES", ""), ("LANG", "zh_CN.UTF-8")]);
    let task = fs::read_to_string("../lessons/02-fork/exercises/children/task.zh.md").unwrap();
    let title = task.lines().next().unwrap().strip_prefix("# ").unwrap();
    let paragraph = task.split("\n\n").nth(1).unwrap();
    assert!(chinese.contains(title) && chinese.contains(paragraph), "{chinese}");
    for set in [
        [("LC_MESSAGES", "C"), ("LANG", "zh_CN.UTF-8")],
        [("LC_ALL", "en_US.UTF-8"), ("LC_MESSAGES", "zh_CN.UTF-8")],
    ] {
        let english = screen(set);
        assert!(english.contains("Wait for each child") && !english.contains(title), "{english}");
    }
}

#[test]
fn wrong_usage_says_what_there_is() {
    let course = Course::new();
    for arguments in [&["nonsense"][..], &["--check", "nonsense"]] {
        let output = course.learn(arguments);
        assert_eq!(status(&output), Some(2), "{output:?}");
        let told = text(&output.stderr);
        assert!(told.starts_with("xtask: no exercise 'nonsense'; available: "), "{told}");
    }
}

#[test]
fn keys_do_what_they_say_and_a_save_is_judged() {
    let course = Course::new();
    let mut terminal = OnTerminal::start(course.command(&["children"]));
    terminal.read_until("was never waited for");
    terminal.press("h");
    let shown = terminal.read_until("Hint 1");
    assert!(!shown.contains("Hint 2"), "{shown}");
    terminal.press("s");
    let shown = terminal.read_until("Press s again");
    assert!(!shown.contains("right/solution.rs"), "{shown}");
    terminal.press("s");
    terminal.read_until("right/solution.rs:");
    terminal.press("e");
    terminal.read_until("Set EDITOR");

    // As editors save: another file takes its place.
    let solution = course.program("children/right/solution.rs").replace("pub fn main", "fn main");
    let new = course.file("children").with_extension("new");
    fs::write(&new, solution).unwrap();
    fs::rename(&new, course.file("children")).unwrap();
    terminal.read_until("Right!");

    terminal.press("r");
    terminal.read_until("What you had is my/children/src/main.rs.old1");
    terminal.read_until("was never waited for");
    terminal.press("q");
    assert!(terminal.child.wait().unwrap().success());
    assert!(!terminal.is_key_by_key(), "the terminal is as it was");
    let progress = fs::read_to_string(course.0.path().join("my/progress.txt")).unwrap();
    assert!(
        progress.contains("passed children") && progress.contains("hints children 1"),
        "{progress}"
    );
}

#[test]
fn ctrl_c_while_a_program_hangs_leaves_nothing() {
    let course = Course::new();
    course.learn(&["children"]);
    let started = course.0.path().join("started");
    let hang = format!(
        "fn main() {{
             std::fs::write({started:?}, std::process::id().to_string()).unwrap();
             std::thread::sleep(std::time::Duration::from_secs(1000));
         }}"
    );
    fs::write(course.file("children"), hang).unwrap();
    let mut terminal = OnTerminal::start(course.command(&["children"]));
    let pid = || fs::read_to_string(&started).ok().filter(|pid| !pid.is_empty());
    seen::until("it has started", || pid().is_some());
    terminal.press("\x03");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(130));
    let process = PathBuf::from("/proc").join(pid().unwrap());
    seen::until("it is gone", || !process.exists());
    assert!(!terminal.is_key_by_key());
}
