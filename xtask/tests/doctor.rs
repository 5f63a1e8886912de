//! `cargo xtask doctor`: it says of this machine what is so.

use std::process::Command;

use testing::start;

fn doctor() -> Command {
    start::command(env!("CARGO_BIN_EXE_xtask"))
}

/// What it says of each thing: the verdict and the words; and its exit status.
fn examined(mut command: Command) -> (Vec<(String, String, String)>, Option<i32>) {
    let output = command.arg("doctor").output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\x1b'), "{text:?}");
    let (rows, _) = text.trim_end().rsplit_once('\n').unwrap();
    let row = |line: &str| {
        let (verdict, rest) = line.split_at(9);
        let (name, words) = rest.split_at(13);
        (verdict.trim().to_owned(), name.trim().to_owned(), words.to_owned())
    };
    (rows.lines().map(row).collect(), output.status.code())
}

/// What it says of one thing.
fn of(name: &str, command: Command) -> (String, String) {
    let (rows, status) = examined(command);
    assert_eq!(status, Some(0), "{rows:#?}");
    let row = rows.iter().find(|row| row.1 == name);
    let (verdict, _, words) = row.unwrap_or_else(|| panic!("no '{name}' in {rows:#?}"));
    (verdict.clone(), words.clone())
}

#[test]
fn everything_is_examined_and_the_course_can_be_followed() {
    let (rows, status) = examined(doctor());
    assert_eq!(status, Some(0), "{rows:#?}");
    let names: Vec<&str> = rows.iter().map(|row| &*row.1).collect();
    let expected = [
        "kernel",
        "/proc",
        "CPUs",
        "tracing",
        "trace --pid",
        "python3",
        "strace",
        "memory",
        "limits",
        "page size",
        "autogroup",
        "terminal",
    ];
    assert_eq!(names, expected);
    assert!(rows.iter().all(|row| ["ok", "note"].contains(&&*row.0)), "{rows:#?}");
}

#[test]
fn what_is_not_installed_is_missing() {
    let without = |name: &str| {
        let mut command = doctor();
        command.env("PATH", "/nonexistent");
        of(name, command)
    };
    for name in ["python3", "strace"] {
        let (verdict, words) = without(name);
        assert!(verdict == "note" && words.starts_with("not found; "), "{words}");
    }
}

#[test]
fn what_makes_python_write_in_pieces_is_noted() {
    if !start::is_installed("python3") {
        return;
    }
    let with = |value: &str| {
        let mut command = doctor();
        command.env("PYTHONUNBUFFERED", value);
        of("python3", command)
    };
    let (verdict, words) = with("1");
    assert!(verdict == "note" && words.contains("; PYTHONUNBUFFERED is set: "), "{words}");
    assert_eq!(with("").0, "ok");
}

#[test]
fn a_low_limit_is_noted() {
    let mut command = start::command("sh");
    command.args(["-c", "ulimit -n 100; exec \"$0\" doctor", env!("CARGO_BIN_EXE_xtask")]);
    let (verdict, words) = of("limits", command);
    assert_eq!(verdict, "note");
    assert!(words.contains("open files 100") && words.contains("low: open files;"), "{words}");
}

#[test]
fn one_cpu_is_noted() {
    let allowed = common::cpus::allowed().unwrap();
    let mut command = start::command("taskset");
    command.args(["-c", &allowed[0].to_string(), env!("CARGO_BIN_EXE_xtask")]);
    let (verdict, words) = of("CPUs", command);
    assert_eq!(verdict, "note");
    assert!(words.starts_with(&format!("may use {} (", allowed[0])), "{words}");
}

#[test]
fn a_tracer_that_is_there_already_is_named() {
    if !start::can_use_strace() {
        return;
    }
    let mut command = start::command("strace");
    command.args(["-f", "-qq", "-e", "trace=none", "-o", "/dev/null", env!("CARGO_BIN_EXE_xtask")]);
    let (verdict, words) = of("tracing", command);
    assert_eq!(verdict, "note");
    assert!(words.contains("already traces whatever is started here"), "{words}");
}
