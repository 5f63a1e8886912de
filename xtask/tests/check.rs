//! `cargo xtask check` and `check-all`, run on a small course whose faults are
//! known.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use nix::pty::openpty;
use nix::sys::ptrace;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use serde_json::Value;
use testing::start;
use testing::terminal::OnTerminal;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// A copy of the small course, for one test.
fn course(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("courses").join(name);
    let _ = fs::remove_dir_all(&folder);
    copy(Path::new("tests/course"), &folder);
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn command(course: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(XTASK);
    command
        .args(arguments)
        .env("CARGO_MANIFEST_DIR", course.join("xtask"))
        .env("CARGO_TARGET_DIR", course.join("target"))
        .env("CARGO_NET_OFFLINE", "true")
        .current_dir(course);
    command
}

fn xtask(course: &Path, arguments: &[&str]) -> Output {
    let output = command(course, arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    output
}

/// What xtask itself wrote to standard error; the rest is Cargo's.
fn own_errors(output: &Output) -> Vec<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    errors.lines().filter(|line| line.starts_with("xtask:")).map(str::to_owned).collect()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"))
}

/// From the place and name of each thing that failed to why.
fn failed(section: &Value) -> BTreeMap<String, String> {
    whys(&section["failed"])
}

fn whys(entries: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry =
        |it: &Value| (format!("{} {}", text(&it["place"]), text(&it["what"])), text(&it["why"]));
    entries.as_array().unwrap().iter().map(entry).collect()
}

/// The whole course, checked once for all tests that only look at the result.
fn whole() -> &'static Value {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let output = xtask(&course("whole"), &["check-all", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        json(&output)
    })
}

#[test]
fn a_lesson_that_does_what_its_page_says_holds() {
    let good = &whole()["sections"][0];
    assert_eq!(failed(good), BTreeMap::new());
    assert_eq!(good["held"], true);
    assert_eq!(good["counts"]["transcripts"], 7);
    assert_eq!(good["counts"]["tests"], 2);
    let not_checked: Vec<&str> = good["not_checked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["why"].as_str().unwrap())
        .collect();
    assert_eq!(not_checked, ["ignored too slow", "it takes a year", "no machine has that"]);
}

#[test]
fn each_thing_that_is_not_as_the_page_says_is_found() {
    let bad = &whole()["sections"][1];
    let differs = "the output differs (ids are shown as on the page)";
    let expected = [
        ("docs/02-bad/forgotten.md 02-bad forgotten", "this demo has no page"),
        ("docs/02-bad/README.md reading time", "its first paragraph does not say `1 minute`"),
        ("docs/02-bad/README.md next page", "its last paragraph has no link to docs/02-bad/ids.md"),
        (
            "docs/02-bad/ids.md 02-bad ids",
            "its first paragraph has no link to lessons/02-bad/src/ids.rs",
        ),
        ("docs/02-bad/ids.md reading time", "says 10 minutes, and takes 1 minute"),
        (
            "docs/02-bad/ids.md next page",
            "its last paragraph has no link to docs/03-faults/README.md",
        ),
        ("docs/02-bad/silent.md table of contents", "docs/SUMMARY.md does not list this page"),
        (
            "docs/02-bad/unread.md page",
            "line 3: a block 'sh' without a source: a ```console block is run, and any other is \
             an excerpt: the paragraph above it ends with a link to its file",
        ),
        ("docs/02-bad/README.md:10 $ cargo lesson 02-bad", differs),
        ("docs/02-bad/README.md:17 $ cargo lesson 02-bad ids", differs),
        ("docs/02-bad/README.md:22 $ cargo lesson 02-bad fails", "exit status 1, and not 0"),
        ("docs/02-bad/README.md:26 $ cargo lesson 02-bad balance", "printed what must never come"),
        (
            "docs/02-bad/README.md:3 ../01-good/README.md#nowhere",
            "no heading 'nowhere'; available: 01--good, the-end",
        ),
        ("docs/02-bad/README.md:3 missing.md", "no file docs/02-bad/missing.md"),
        (
            "docs/02-bad/README.md:37 $ cargo lesson 02-bad ids | cat",
            "cannot be run: only plain words, no shell syntax",
        ),
        (
            "docs/02-bad/README.md:41 $ rm -r everything",
            "cannot be run: only `cargo lesson`, `cargo xtask` and `python3` are run",
        ),
        ("docs/02-bad/README.md:45 $ cargo lesson 09-none", "cannot be run: no lesson '09-none'"),
        (
            "docs/02-bad/README.md:50 $ cargo lesson 02-bad",
            "lines 2-9 may interleave, but there are 3",
        ),
        (
            "docs/02-bad/README.md:58 $ cargo lesson 02-bad nameless",
            "the lines from 1 on may interleave, but none can change its place: the lines of one \
             process or thread keep their order, and one that names nobody keeps its place",
        ),
        (
            "docs/02-bad/README.md:65 $ cargo lesson 02-bad",
            "the lines from 2 on may interleave, but none can change its place: the lines of one \
             process or thread keep their order, and one that names nobody keeps its place",
        ),
        ("docs/02-bad/README.md:72 $ cargo lesson 02-bad refuses", "exit status 3, and not 0"),
        (
            "docs/02-bad/README.md:77 $ cargo lesson 02-bad endless",
            "the last line has no newline at its end",
        ),
        (
            "docs/02-bad/README.md:5 lessons/02-bad/src/main.rs",
            "the file does not hold these lines (any more)",
        ),
        ("lessons/02-bad bad", "failed"),
    ];
    let expected: BTreeMap<String, String> =
        expected.map(|(what, why)| (what.to_owned(), why.to_owned())).into();
    assert_eq!(failed(bad), expected);
}

#[test]
fn a_failure_names_the_line_in_the_ids_of_the_page_and_the_command() {
    let failed = whole()["sections"][1]["failed"].as_array().unwrap();
    let of = |place: &str| failed.iter().find(|it| it["place"] == place).unwrap();
    let output = of("docs/02-bad/README.md:10");
    let details: Vec<&str> =
        output["details"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(details[0], "first differing line of process 500, line 2 of the output:");
    assert_eq!(details[1], "  page: pid 500 made pid 500");
    assert!(details[2].starts_with("  here: pid 500 made pid "), "{details:?}");
    let again = output["again"].as_str().unwrap();
    // A busy machine runs it at a slower pace.
    assert!(again.starts_with("LESSON_PACE=0.") && again.ends_with(" cargo lesson 02-bad"));

    let test = of("lessons/02-bad");
    assert_eq!(test["again"], "cargo test --package lesson-02-bad --test two -- --exact bad");
    assert!(test["details"].to_string().contains("what the test says"), "{test}");
}

#[test]
fn a_lesson_that_goes_wrong_in_every_way_ends_and_leaves_nothing() {
    let section = &whole()["sections"][2];
    let faults = failed(section);
    let not_checked: BTreeMap<String, String> = whys(&section["not_checked"]);
    let why = |line: u32| {
        let at_line = |(what, _): &(&String, &String)| {
            what.starts_with(&format!("docs/03-faults/README.md:{line} "))
        };
        let found = faults.iter().find(at_line).or_else(|| not_checked.iter().find(at_line));
        found.unwrap_or_else(|| panic!("nothing at line {line}: {section}")).1
    };
    // On a busy machine what took too long is not checked, with the same words.
    assert!(why(7).ends_with("was still running at its deadline and was killed"), "{}", why(7));
    assert!(
        why(12).contains("left 1 running (process ") && why(12).contains("sleep"),
        "{}",
        why(12)
    );
    assert!(why(16).starts_with("printed more than "), "{}", why(16));
    assert_eq!(why(20), "exit status 137, and not 0");
}

#[test]
fn the_report_on_the_readme_is_not_judged_when_something_fails() {
    let pages = &whole()["sections"][3];
    let twice = "lists docs/02-bad/ids.md, which is not a page or is listed twice";
    let twice = ("docs/SUMMARY.md:11 02-bad/ids.md".to_owned(), twice.to_owned());
    assert_eq!(failed(pages), BTreeMap::from([twice]));
    assert!(
        pages["not_checked"][0]["why"].as_str().unwrap().starts_with("the report differs where"),
        "{pages}"
    );
}

/// Programs that keep all CPUs busy, but give way to all others.
struct Busy(Vec<Child>);

impl Busy {
    fn start() -> Busy {
        let count = 2 * std::thread::available_parallelism().unwrap().get();
        let script = "nice -n 19 sh -c 'while :; do :; done'";
        let start =
            || start::command("sh").args(["-c", &format!("exec {script}")]).spawn().unwrap();
        Busy((0..count).map(|_| start()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn on_a_busy_machine_what_may_be_due_to_that_has_not_failed() {
    let course = course("busy");
    fs::write(
        course.join("docs/03-faults/README.md"),
        "# 03\n\n[Contents](../README.md) · 1 minute\n\n<!-- check: deadline 1 -->\n```console\n$ cargo lesson 03-faults hang\n```\n\n\
         ```console\n$ cargo lesson 03-faults once\nonce more\n```\n\n\
         ```console\n$ cargo lesson 03-faults suicide\n```\n",
    )
    .unwrap();
    xtask(&course, &["list"]); // builds
    let busy = Busy::start();
    let output = xtask(&course, &["check", "03-faults", "hang", "--json"]);
    drop(busy);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let result = json(&output);
    let section = &result["sections"][0];
    assert_eq!(section["counts"]["transcripts"], 3, "{result}");
    let failed = failed(section);
    let suicide = "docs/03-faults/README.md:16 $ cargo lesson 03-faults suicide";
    assert_eq!(failed, [(suicide.to_owned(), "exit status 137, and not 0".to_owned())].into());
    let not_checked = whys(&section["not_checked"]);
    let why = &not_checked["docs/03-faults/README.md:7 $ cargo lesson 03-faults hang"];
    assert!(why.starts_with("this machine was too busy (others used "), "{why}");
    assert!(
        why.ends_with("% of its CPUs): was still running at its deadline and was killed"),
        "{why}"
    );
    assert_eq!(not_checked.len(), 1, "what holds when it runs again has held: {result}");
}

#[test]
fn a_lesson_gets_everything_after_its_name_and_takes_the_place_of_cargo() {
    let course = course("lesson");
    // While it builds for the first time, Cargo says so.
    let arguments = [&["01-good", "wrong"][..], &["01-good", "--", "wrong"]];
    for (arguments, builds) in arguments.into_iter().zip([true, false]) {
        let output = xtask(&course, &[&["lesson"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.ends_with("no demo 'wrong'\n"), "{errors}");
        assert_eq!(errors.contains("Finished `dev` profile"), builds, "{errors}");
    }
    let output = xtask(&course, &["lesson", "01-good", "--list"]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("ids\t"), "{output:?}");
    let output = xtask(&course, &["lesson", "03-faults", "suicide"]);
    assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{output:?}");
    let output = xtask(&course, &["lesson", "01-god", "--list"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    let available = "available: 01-good, 02-bad, 03-faults";
    assert_eq!(errors, format!("cargo lesson: no lesson '01-god'; {available}\n"));
}

#[test]
fn blessing_rewrites_what_differs_and_nothing_else() {
    let course = course("bless");
    let page = course.join("docs/02-bad/README.md");
    let before = fs::read_to_string(&page).unwrap();
    let output = xtask(&course, &["check", "02-bad", "--bless"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("blessed: docs/02-bad/README.md:10"), "{told}");
    assert!(told.contains("-pid 500 made pid 500"), "{told}");

    let after = fs::read_to_string(&page).unwrap();
    let changed = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("pid ")).map(str::to_owned).collect()
    };
    assert_eq!(changed(&before), changed(&after));
    let again = xtask(&course, &["check", "02-bad", "--bless"]);
    assert!(!String::from_utf8(again.stdout).unwrap().contains("blessed"));
    assert_eq!(after, fs::read_to_string(&page).unwrap(), "what is equivalent is left as it is");
}

#[test]
fn a_blessed_page_shows_what_a_reader_gets_at_a_reader_s_pace() {
    let course = course("bless-pace");
    let page = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("\npace 0.5\n", "\nspeed 0.5\n")).unwrap();
    xtask(&course, &["check", "01-good", "ids", "--bless"]);
    let blessed = fs::read_to_string(&page).unwrap();
    assert!(blessed.contains("\npace 1\n"), "{blessed}");
}

#[test]
fn a_page_that_cannot_be_written_stays_as_it_was() {
    let course = course("bless-limit");
    let page = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&page).unwrap().replace("\nI am pid ", "\nI was pid ");
    // More than the limit, for a command that is built and prints less.
    let text = format!("{text}\n<!-- {} -->\n", "long ".repeat(100_000));
    fs::write(&page, &text).unwrap();
    let check = ["check", "01-good", "ids"];
    xtask(&course, &check); // builds
    let mut limited = start::command("sh");
    limited.args(["-c", "ulimit -f 200; exec \"$@\"", "sh"]);
    start::add_program(&mut limited, &command(&course, &[&check[..], &["--bless"]].concat()));
    let output = limited.current_dir(&course).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let [why] = &own_errors(&output)[..] else { panic!("not one line: {output:?}") };
    assert!(why.contains("ids.md") && why.contains("File too large"), "{why}");
    assert_eq!(fs::read_to_string(&page).unwrap(), text);
    assert!(!page.with_file_name("ids.md.new").exists());
}

#[test]
fn a_page_is_not_written_through_a_link() {
    let course = course("bless-link");
    let page = course.join("docs/01-good/ids.md");
    let other = course.join("other");
    fs::write(&other, "other").unwrap();
    symlink(&other, page.with_file_name("ids.md.new")).unwrap();
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("\nI am pid ", "\nI was pid ")).unwrap();
    xtask(&course, &["check", "01-good", "ids", "--bless"]);
    assert!(fs::read_to_string(&page).unwrap().contains("\nI am pid "));
    assert!(page.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read_to_string(&other).unwrap(), "other");
}

#[test]
fn a_test_that_fails_where_a_call_is_refused_is_not_checked() {
    let course = course("refused-call");
    let test = r#"
        unsafe extern "C" { fn eventfd(value: u32, flags: i32) -> i32; }
        #[test]
        fn needs_it() {
            assert!(unsafe { eventfd(0, 0) } >= 0);
        }
        #[test]
        fn needs_nothing() {}
        #[test]
        fn is_wrong() { panic!("two and two are not five"); }"#;
    fs::write(course.join("lessons/01-good/tests/one.rs"), test).unwrap();
    let tests = |output: &Output, result: &str| {
        let section = &json(output)["sections"][0];
        let tests = whys(&section[result]);
        tests.into_iter().filter(|(what, _)| what.starts_with("lessons/")).collect::<Vec<_>>()
    };
    let output = xtask(&course, &["check", "01-good", "--json"]);
    let is_wrong = [("lessons/01-good is_wrong".to_owned(), "failed".to_owned())];
    assert_eq!(tests(&output, "failed"), is_wrong);
    assert_eq!(tests(&output, "not_checked"), []);

    let mut check = command(&course, &["check", "01-good", "--json", "--again"]);
    start::refuse(&mut check, libc::SYS_eventfd2, Errno::ENOSYS);
    let output = check.output().unwrap();
    assert_eq!(tests(&output, "failed"), is_wrong, "it has nothing to do with the call");
    let why = "failed, and this system refuses eventfd (ENOSYS)".to_owned();
    assert_eq!(
        tests(&output, "not_checked"),
        [("lessons/01-good needs_it".to_owned(), why)],
        "{output:?}"
    );
}

#[test]
fn a_python_program_that_the_system_refuses_a_call_is_not_checked() {
    let course = course("refused-python");
    fs::write(
        course.join("pin.py"),
        "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n",
    )
    .unwrap();
    fs::write(course.join("other.py"), "import sys\nsys.exit('Operation not permitted')\n")
        .unwrap();
    let page = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&page).unwrap();
    let block = |name| format!("\n```console\n$ python3 {name}.py\n```\n");
    fs::write(&page, text + &block("pin") + &block("other")).unwrap();
    let mut check = command(&course, &["check", "01-good", "--json"]);
    start::refuse(&mut check, libc::SYS_sched_setaffinity, Errno::EPERM);
    let output = check.output().unwrap();
    let section = &json(&output)["sections"][0];
    let whys = |result: &str| -> Vec<(String, String)> {
        let whys = whys(&section[result]).into_iter();
        whys.filter(|(what, _)| what.contains("python3"))
            .map(|(what, why)| (what.rsplit(' ').next().unwrap().to_owned(), why))
            .collect()
    };
    let refused = "exit status 1, and not 0, and this system refuses sched_setaffinity (EPERM)";
    assert_eq!(whys("not_checked"), [("pin.py".to_owned(), refused.to_owned())], "{output:?}");
    assert_eq!(whys("failed"), [("other.py".to_owned(), "exit status 1, and not 0".to_owned())]);
}

#[test]
fn a_refused_trace_is_not_checked_only_where_nothing_can_be_traced() {
    // Nobody can trace it: this test does. It stops when it has become `sleep`.
    let mut sleep = start::command("sleep");
    let traced = || Ok(ptrace::traceme()?);
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { sleep.arg("1000").pre_exec(traced) };
    let Ok(mut sleep) = sleep.spawn() else {
        return start::pass_over("this system does not let a program be traced");
    };
    let course = course("refused-trace");
    let command_line = format!("cargo xtask trace --pid {}", sleep.id());
    let page = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, format!("{text}\n```console\n$ {command_line}\n```\n")).unwrap();
    let check = || command(&course, &["check", "01-good", "--json"]);
    let trace = |output: &Output, result: &str| {
        let section = &json(output)["sections"][0];
        let whys = whys(&section[result]);
        whys.into_iter().find(|(what, _)| what.ends_with(&command_line)).map(|(_, why)| why)
    };

    let output = check().output().unwrap();
    assert_eq!(trace(&output, "failed").as_deref(), Some("exit status 3, and not 0"));
    let mut without = check();
    start::refuse(&mut without, libc::SYS_ptrace, Errno::EPERM);
    let output = without.output().unwrap();
    assert_eq!(trace(&output, "failed"), None, "{output:?}");
    assert!(trace(&output, "not_checked").is_some(), "{output:?}");
    sleep.kill().unwrap();
    sleep.wait().unwrap();
}

#[test]
fn what_took_longest_is_printed_with_its_time() {
    let output = xtask(&course("times"), &["check", "01-good", "ids", "--times"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, times) = text.split_once(" not checked (").expect("the summary");
    let rows: Vec<&str> = times.lines().skip(1).collect();
    assert!(!rows.is_empty(), "{text}");
    for row in rows {
        let (number, unit) = row.trim().split_once(' ').expect("a time");
        assert!(number.parse::<f64>().is_ok() && unit.contains("01-good"), "{row}");
    }
}

#[test]
fn on_a_terminal_a_line_shows_how_far_it_is_and_goes_away() {
    let course = course("progress");
    xtask(&course, &["list"]); // builds
    let mut terminal = OnTerminal::start(command(&course, &["check", "01-good", "ids"]));
    // All of it, which may come at once.
    let shown = terminal.read_until(" not checked (");
    assert!(shown.contains("\r\x1b[K1 of "), "{shown:?}");
    let (_, last) = shown.rsplit_once("\r\x1b[K").expect("the line is taken away");
    assert!(!last.contains(" of ") && last.contains(" not checked ("), "{shown:?}");
    assert!(terminal.child.wait().unwrap().success(), "{shown:?}");
}

#[test]
fn a_reader_is_told_that_another_cargo_builds() {
    let course = course("lock");
    xtask(&course, &["list"]); // builds
    let lock = fs::File::open(course.join("target/debug/.cargo-lock")).unwrap();
    let lock = Flock::lock(lock, FlockArg::LockExclusive).unwrap();
    let mut list = command(&course, &["list"]);
    let mut list = list.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(list.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = errors.find(|line| line.contains("Blocking waiting for file lock"));
    drop(lock);
    assert!(told.is_some(), "nothing was said");
    assert!(list.wait().unwrap().success());
}

/// A test program is run again only if it has to be.
#[test]
fn tests_that_held_are_run_again_when_something_has_changed() {
    let course = course("again");
    let (lesson, ran, fail) =
        (course.join("lessons/01-good"), course.join("ran"), course.join("fail"));
    let test = r#"
        #[test]
        fn counted() {
            use std::io::Write;
            let file = std::fs::File::options().create(true).append(true).open("../../ran");
            file.unwrap().write_all(b"x").unwrap();
            assert!(!std::path::Path::new("../../fail").exists());
        }"#;
    fs::write(lesson.join("tests/one.rs"), test).unwrap();
    // How often it has run by then, and how many tests are said not to have run.
    let check = |arguments: &[&str]| {
        let output = xtask(&course, &[&["check", "01-good", "--json"], arguments].concat());
        let section = &json(&output)["sections"][0];
        assert_eq!(section["counts"]["tests"], 1, "{output:?}");
        let not_run = section["not_run_again"].as_u64().unwrap();
        (fs::read(&ran).unwrap().len(), not_run, failed(section).len())
    };
    assert_eq!(check(&[]), (1, 0, 0));
    assert_eq!(check(&[]), (1, 1, 0), "nothing has changed");
    assert_eq!(check(&["--again"]), (2, 0, 0));
    assert_eq!(check(&[]), (2, 1, 0));

    fs::write(lesson.join("notes.py"), "pass").unwrap();
    assert_eq!(check(&[]), (3, 0, 0), "a Python program has changed");
    let demo = lesson.join("src/ids.rs");
    let source = fs::read_to_string(&demo).unwrap();
    fs::write(&demo, source.replace("I am pid", "I am Pid")).unwrap();
    check(&[]);
    assert!(fs::read(&ran).unwrap().len() > 3, "the lesson's program has changed");
    fs::write(&demo, source).unwrap();
    let times = check(&[]).0;
    assert_eq!(check(&[]), (times, 1, 0));

    // What has failed is run again until it holds; on a busy machine more than once each time.
    fs::write(&fail, "").unwrap();
    let (failed_once, ..) = check(&["--again"]);
    let (failed_again, not_run, failures) = check(&[]);
    assert_eq!((not_run, failures), (0, 1));
    assert!(failed_again > failed_once);
    fs::remove_file(&fail).unwrap();
    assert_eq!(check(&[]), (failed_again + 1, 0, 0));
    assert_eq!(check(&[]), (failed_again + 1, 1, 0));

    let output = xtask(&course, &["check", "01-good"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("1 test or judgement was not run again, because "), "{told}");
}

#[test]
fn what_is_told_to_a_person_has_no_terminal_codes() {
    let output = xtask(&course("plain"), &["check", "01-good"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("01-good "), "{told}");
    assert!(
        told.contains("7 transcripts, 2 tests, 1 excerpt, 11 links, 3 not checked: ok ("),
        "{told}"
    );
    assert!(!told.contains('\u{1b}') && own_errors(&output).is_empty(), "{output:?}");
    assert!(!output.stderr.contains(&0x1b), "{output:?}");
}

#[test]
fn a_record_on_a_page_does_not_ask_cargo_again() {
    // Cargo would repeat the warnings of every lesson, and wait for its lock.
    let course = course("warning");
    let main = course.join("lessons/02-bad/src/main.rs");
    let source = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("{source}\nfn never_called() {{}}\n")).unwrap();
    let page = course.join("docs/01-good/README.md");
    let mut text = fs::read_to_string(&page).unwrap();
    text += "\n```console\n$ cargo xtask trace 01-good --only exit\n\
             \x20520 µs  pid 4711: exit the process, status 0\n```\n";
    fs::write(&page, text).unwrap();

    let output = xtask(&course, &["check", "01-good"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("never_called"), "no warning to repeat: {output:?}");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_python_that_is_a_script_is_asked_once_which_python_it_starts() {
    let course = course("python");
    let page = course.join("docs/01-good/README.md");
    let transcripts = "\n```console\n$ python3 one.py\nthe real one\n```\n".repeat(3);
    fs::write(&page, fs::read_to_string(&page).unwrap() + &transcripts).unwrap();
    let script = |name: &str, text: &str| {
        let folder = course.join(name);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("python3");
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    };
    let real = script("real", "echo the real one");
    let log = course.join("log").display().to_string();
    let other = real.display();
    let started = |script: &Path| {
        let path = std::env::var_os("PATH").unwrap();
        let path = [script.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let mut command = command(&course, &["check", "01-good"]);
        let output = command.env("PATH", std::env::join_paths(path).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        text.lines().count()
    };

    let manager = format!(
        "echo >>{log}; case $1 in -c) echo {other}/python3;; *) exec {other}/python3;; esac"
    );
    assert_eq!(started(&script("manager", &manager)), 1);
    // One that does not tell is started each time.
    let silent = format!("echo >>{log}; exec {other}/python3");
    assert_eq!(started(&script("silent", &silent)), 1 + 3);
}

#[test]
fn a_lesson_without_tests_or_transcripts_fails() {
    let course = course("bare");
    fs::write(course.join("lessons/01-good/tests/one.rs"), "").unwrap();
    for page in ["README", "ids", "refused"] {
        // Only what is outside of its blocks.
        let page = course.join(format!("docs/01-good/{page}.md"));
        let text = fs::read_to_string(&page).unwrap();
        let kept = text.split("```").step_by(2).flat_map(str::lines);
        let kept = kept.filter(|line| !line.starts_with("<!--"));
        fs::write(&page, kept.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
    let output = xtask(&course, &["check", "01-good", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let none = "no transcript runs this demo";
    let expected = [
        ("docs/01-good/README.md tests of 01-good", "none found"),
        ("docs/01-good/README.md transcripts of 01-good", "none found"),
        ("docs/01-good/ids.md 01-good ids", none),
        ("docs/01-good/refused.md 01-good refused", none),
    ];
    let expected = expected.map(|(what, why)| (what.to_owned(), why.to_owned()));
    assert_eq!(failed(&json(&output)["sections"][0]), BTreeMap::from(expected));
}

#[test]
fn one_demo_is_checked_alone() {
    let output = xtask(&course("demo"), &["check", "01-good", "ids", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let counts = &json(&output)["sections"][0]["counts"];
    // All those that name no other demo: a word that is none is the demo's argument.
    assert_eq!((&counts["transcripts"], &counts["tests"]), (&Value::from(6), &Value::from(0)));

    let output = xtask(&course("demo"), &["check", "01-good", "missing"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = own_errors(&output);
    assert_eq!(errors, ["xtask: no demo 'missing' in 01-good; available: ids, refused"]);
}

#[test]
fn an_unknown_lesson_is_wrong_usage() {
    let output = xtask(&course("unknown"), &["check", "04-none"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "xtask: no lesson '04-none'; available: 01-good, 02-bad, 03-faults\n");
}

/// The processes that have this word in their environment.
fn marked(mark: &str) -> Vec<String> {
    let variable = format!("COURSE_MARK={mark}");
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let has_mark = |path: &PathBuf| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == variable.as_bytes())
    };
    let command = |path: PathBuf| fs::read_to_string(path.join("cmdline")).unwrap_or_default();
    processes.filter(has_mark).map(command).collect()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "in a minute it did not happen: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts xtask on the lesson that hangs, and sends it a signal when that does.
fn signalled_while_a_lesson_hangs(name: &str, arguments: &[&str], signal: &str) -> Output {
    let course = course(name);
    // Built first, so that what comes next is the lesson.
    xtask(&course, &["list"]);
    // Long enough for the signal to come in the middle.
    let page = course.join("docs/03-faults/README.md");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("deadline 1 ", "deadline 60 ")).unwrap();

    let mark = format!("{name}-{}", std::process::id());
    let child = Command::new(XTASK)
        .args(arguments)
        .env("CARGO_MANIFEST_DIR", course.join("xtask"))
        .env("CARGO_TARGET_DIR", course.join("target"))
        .env("COURSE_MARK", &mark)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the lesson hangs", || marked(&mark).iter().any(|command| command == "sleep\x0020\0"));
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    if signal == "INT" && arguments[0] == "check" {
        assert_eq!(marked(&mark), Vec::<String>::new(), "left running");
    }
    // A supervisor whose caller is gone kills what runs, the kernel what was traced.
    until("everything ends", || marked(&mark).is_empty());
    output
}

#[test]
fn ctrl_c_ends_the_check_and_leaves_nothing() {
    let output = signalled_while_a_lesson_hangs("ctrl-c", &["check", "03-faults"], "INT");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(own_errors(&output), ["xtask: interrupted; nothing was left running"]);
}

#[test]
fn killing_the_check_leaves_nothing() {
    let output = signalled_while_a_lesson_hangs("killed", &["check", "03-faults"], "KILL");
    assert_eq!(output.status.code(), None, "{output:?}");
}

#[test]
fn ctrl_c_ends_a_trace_and_leaves_nothing() {
    let trace = ["trace", "03-faults", "hang"];
    let output = signalled_while_a_lesson_hangs("trace-ctrl-c", &trace, "INT");
    if output.status.code() == Some(3) {
        return eprintln!("passed over: this system does not let a program be traced");
    }
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(own_errors(&output), ["xtask: interrupted; nothing was left running"]);
}

#[test]
fn killing_a_trace_leaves_nothing() {
    let trace = ["trace", "03-faults", "hang"];
    let output = signalled_while_a_lesson_hangs("trace-killed", &trace, "KILL");
    assert_eq!(output.status.code(), None, "{output:?}");
}

#[test]
fn where_another_tracer_is_first_a_sentence_says_so() {
    // A program that is traced already cannot be traced by another.
    let course = course("refused");
    xtask(&course, &["list"]);
    let strace = Command::new("strace")
        .args(["-f", "-o", "/dev/null", XTASK, "trace", "01-good"])
        .env("CARGO_MANIFEST_DIR", course.join("xtask"))
        .env("CARGO_TARGET_DIR", course.join("target"))
        .env("CARGO_NET_OFFLINE", "true")
        .output();
    let Ok(output) = strace else {
        return eprintln!("passed over: strace is not installed");
    };
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let [why] = &own_errors(&output)[..] else { panic!("not one line: {output:?}") };
    assert!(why.contains("already traces whatever is started here"), "{why}");
}

#[test]
fn a_terminal_that_stops_writers_in_the_background_does_not_stop_the_check() {
    // One of the transcripts shows that a lesson does not get at this terminal.
    let terminal = openpty(None, None).unwrap();
    let mut settings = tcgetattr(&terminal.slave).unwrap();
    settings.local_flags |= LocalFlags::TOSTOP;
    tcsetattr(&terminal.slave, SetArg::TCSANOW, &settings).unwrap();

    let course = course("tostop");
    let mut command = Command::new(XTASK);
    command
        .args(["check", "01-good"])
        .env("CARGO_MANIFEST_DIR", course.join("xtask"))
        .env("CARGO_TARGET_DIR", course.join("target"))
        .env("CARGO_NET_OFFLINE", "true")
        .stdin(terminal.slave.try_clone().unwrap())
        .stdout(terminal.slave.try_clone().unwrap())
        .stderr(terminal.slave);
    let own_terminal = || {
        nix::unistd::setsid()?;
        // SAFETY: the request makes standard input the terminal of the new session;
        // its argument is a number.
        Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
        Ok(())
    };
    // SAFETY: between fork and exec, setsid and ioctl are allowed.
    unsafe { command.pre_exec(own_terminal) };
    let mut child = command.spawn().unwrap();
    drop(command); // with its copies of the terminal
    let mut screen = Vec::new();
    // A terminal whose last user is gone ends with EIO.
    let end = fs::File::from(terminal.master).read_to_end(&mut screen);
    assert_eq!(end.err().and_then(|why| why.raw_os_error()), Some(libc::EIO));
    assert!(child.wait().unwrap().success(), "{}", String::from_utf8_lossy(&screen));
}

/// A Chinese page of `01-good ids`, with the output that the English page shows.
fn chinese(course: &Path) -> PathBuf {
    let english = fs::read_to_string(course.join("docs/01-good/ids.md")).unwrap();
    let (_, rest) = english.split_once("<!--").unwrap();
    let (fence, _) = rest.split_once("\nFirst reading").unwrap();
    let header = "[01 good](../../01-good/README.md) · [ids.rs](../../../lessons/01-good/src/ids.rs) · 核心 · 1 分钟";
    let next = "第一遍：[bad](../../02-bad/README.md)。全部：[refused](../../01-good/refused.md)。";
    let page = course.join("docs/zh/01-good/ids.md");
    fs::create_dir_all(page.parent().unwrap()).unwrap();
    fs::write(&page, format!("# 我的编号是什么？\n\n{header}\n\n<!--{fence}\n{next}\n")).unwrap();
    page
}

#[test]
fn a_new_output_is_written_into_the_chinese_page_too() {
    let course = course("chinese-bless");
    let english = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&english).unwrap();
    fs::write(&english, text.replace("I am pid", "I was pid")).unwrap();
    let page = chinese(&course);
    let was = fs::read_to_string(&page).unwrap();
    assert!(was.contains("I was pid"));
    let output = xtask(&course, &["check", "01-good", "ids", "--bless"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("blessed: docs/zh/01-good/ids.md"), "{told}");
    let is = fs::read_to_string(&page).unwrap();
    let english = fs::read_to_string(&english).unwrap();
    let (_, fence) = english.split_once("```console\n").unwrap();
    let (fence, _) = fence.split_once("\nFirst").unwrap();
    assert!(is.contains("I am pid ") && is.contains(fence), "{is}");
}

#[test]
fn a_stale_section_is_named_and_marked_until_it_is_stamped() {
    let course = course("chinese-stamp");
    let page = chinese(&course);
    let (path, heading) = ("docs/zh/01-good/ids.md", "我的编号是什么？");
    let check = |more: &[&str], status: i32| {
        let output = xtask(&course, &[&["check", "01-good", "ids"], more].concat());
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(status), "{told}");
        told
    };
    let stamp = |words: &[&str], status: i32| {
        let output = xtask(&course, &[&["stamp"], words].concat());
        assert_eq!(output.status.code(), Some(status), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &own_errors(&output).join("\n")
    };

    // The table of contents of the Chinese book, and the English book's list.
    assert!(stamp(&["--list"], 1).contains("FAILED: docs/zh/SUMMARY.md"));
    assert!(stamp(&["--list", "--bless"], 1).contains("blessed: docs/zh/SUMMARY.md"));
    assert!(check(&[], 0).contains("Chinese: 0 sections up to date, 1 stale"));
    assert_eq!(stamp(&["--list"], 1), format!("{path}: {heading}: not vouched for yet\n"));
    assert!(stamp(&[], 2).contains("which page? available: docs/zh/01-good/ids.md"));
    assert!(stamp(&["docs/zh/x.md", "x"], 2).contains("available: docs/zh/01-good/ids.md"));
    assert!(stamp(&[path], 2).contains(heading));
    assert!(stamp(&[path, "x"], 2).contains(heading));
    assert!(stamp(&[path, heading, "x"], 2).contains("one heading"));
    assert!(stamp(&["--help"], 0).contains("cargo xtask stamp [OPTIONS] PAGE HEADING"));
    assert_eq!(stamp(&[path, heading], 0), format!("{path}: {heading}: stamped\n"));
    assert_eq!(stamp(&["--list"], 0), "");
    let stamped = fs::read_to_string(&page).unwrap();
    assert!(!check(&["--bless"], 0).contains("Chinese"));
    assert_eq!(fs::read_to_string(&page).unwrap(), stamped);

    let english = course.join("docs/01-good/ids.md");
    let text = fs::read_to_string(&english).unwrap();
    fs::write(&english, text.replace("First reading", "On a first reading")).unwrap();
    let stale = format!("  stale: {path}: {heading}: the English section has changed\n");
    assert!(check(&[], 0).contains(&stale), "a reader's check holds");
    assert_eq!(fs::read_to_string(&page).unwrap(), stamped);
    check(&["--bless"], 0);
    let marked = fs::read_to_string(&page).unwrap();
    assert!(marked.contains("-->\n\n*本节译文落后于英文版。*\n\n[01 good]"), "{marked}");
    check(&["--bless"], 0);
    assert_eq!(fs::read_to_string(&page).unwrap(), marked);
    stamp(&["--list"], 1);
    stamp(&[path, heading], 0);
    assert!(!fs::read_to_string(&page).unwrap().contains("本节译文"));
    stamp(&["--list"], 0);

    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("[refused](../../01-good/refused.md)", "refused")).unwrap();
    let told = check(&[], 1);
    assert!(told.contains("FAILED: docs/zh/01-good/ids.md:"), "{told}");
    assert!(told.contains("link: none, expected `docs/01-good/refused.md`"), "{told}");
    assert!(stamp(&[path, heading], 1).contains("the section is not stamped"));
    assert!(stamp(&["--list"], 1).contains("FAILED: docs/zh/01-good/ids.md:"));
    assert!(stamp(&["--bless"], 2).contains("--list [--bless]"));
}
