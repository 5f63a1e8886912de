//! `cargo xtask copy`: each demo becomes a program of its own that builds and runs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// The course, with a folder `my` of its own.
struct Course(TempDir);

impl Course {
    fn new() -> Course {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // Where these tests run, not where they were compiled: checkouts may share a target folder.
        let here = std::env::current_dir().unwrap();
        let course = here.parent().unwrap();
        for name in ["Cargo.toml", "Cargo.lock", "common", "lessons", "xtask"] {
            symlink(course.join(name), folder.path().join(name)).unwrap();
        }
        Course(folder)
    }

    fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
        let target = Path::new(XTASK).parent().unwrap().parent().unwrap();
        Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .env("CARGO_MANIFEST_DIR", self.0.path().join("xtask"))
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true")
            .env("LESSON_PACE", "0")
            .output()
            .unwrap()
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        self.command(XTASK, arguments)
    }

    fn file(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Copies a demo and runs the copy; returns what it prints.
    fn copied(&self, lesson: &str, demo: &str, name: &str) -> Output {
        let output = self.xtask(&["copy", lesson, demo, name]);
        assert!(output.status.success(), "copy {lesson} {demo}: {output:?}");
        let output = self.xtask(&["my", name]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !errors.contains("warning") && !errors.contains("error["),
            "{lesson} {demo}: {errors}"
        );
        output
    }
}

/// The built program of a lesson.
fn program(lesson: &str) -> PathBuf {
    Path::new(XTASK).with_file_name(lesson)
}

fn demos(lesson: &str) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", &format!("lesson-{lesson}"), "--bin", lesson]);
    assert!(cargo.status().unwrap().success());
    let output = Command::new(program(lesson)).arg("--list").output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn lines(output: &Output) -> usize {
    String::from_utf8_lossy(&output.stdout).lines().count()
}

#[test]
fn a_copy_runs_can_be_changed_and_traced_and_is_never_overwritten() {
    let course = Course::new();
    let output = course.copied("02-fork", "twice", "mine");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines(&output), 3, "{output:?}");

    let file = course.file("my/mine/src/twice.rs");
    let source = fs::read_to_string(&file).unwrap();
    fs::write(&file, source.replace("start...", "changed")).unwrap();
    let output = course.xtask(&["my", "mine"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("changed"), "{output:?}");
    let output = course.xtask(&["trace", "my", "mine", "--only", "print"]);
    // Where nothing can be traced, it says so.
    if output.status.code() != Some(3) {
        assert!(String::from_utf8_lossy(&output.stdout).contains("changed"), "{output:?}");
    }

    let output = course.xtask(&["copy", "02-fork", "zombie", "mine"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.starts_with("xtask: my/mine exists already; copy it under another"), "{errors}");
    assert!(fs::read_to_string(&file).unwrap().contains("changed"));
}

#[test]
fn what_the_demo_needs_comes_along_and_nothing_else() {
    let course = Course::new();
    let copy = |lesson: &str, demo: &str| {
        let output = course.xtask(&["copy", lesson, demo]);
        assert!(output.status.success(), "{output:?}");
        let source = course.file(&format!("my/{demo}/src"));
        let mut names: Vec<_> = source
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        (names, fs::read_to_string(course.file(&format!("my/{demo}/Cargo.toml"))).unwrap())
    };
    // Helpers of its own, those of another demo, and a constant of main.
    let (names, manifest) = copy("06-lock", "robust");
    assert_eq!(names, ["main.rs", "processes", "processes.rs", "robust", "robust.rs"]);
    assert!(manifest.contains("shared-mutex = { path = \"../../lessons/06-lock/shared-mutex\" }"));
    assert!(!manifest.contains("crossbeam"), "{manifest}");
    // A script, and what the workers can run.
    let (names, _) = copy("04-pool", "crash");
    assert_eq!(names, ["crash.rs", "main.rs"]);
    assert!(course.file("my/crash/crash.py").exists());
    let main = fs::read_to_string(course.file("my/crash/src/main.rs")).unwrap();
    assert!(main.contains("const TASKS: Tasks = &[\n    &crash::RUN,\n];"), "{main}");
    let source = fs::read_to_string(course.file("my/robust/src/robust.rs")).unwrap();
    assert!(!source.contains("cfg(test)"), "{source}");
}

#[test]
fn a_copy_that_does_not_compile_is_no_trouble_for_the_course() {
    let course = Course::new();
    fs::create_dir_all(course.file("my/broken/src")).unwrap();
    fs::write(course.file("my/broken/Cargo.toml"), "no manifest").unwrap();
    fs::write(course.file("my/broken/src/main.rs"), "no program").unwrap();
    let output = course.command(env!("CARGO"), &["metadata", "--no-deps", "--format-version=1"]);
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("broken"));
    let output = course.xtask(&["my", "broken"]);
    assert_eq!(output.status.code(), Some(101), "Cargo's own status: {output:?}");
}

#[test]
fn what_cannot_be_copied_is_refused() {
    let course = Course::new();
    for (arguments, why) in [
        (&["copy"][..], "xtask: copy what? "),
        (&["copy", "02-fork"], "xtask: copy what? "),
        (&["copy", "2-fork", "twice"], "xtask: no lesson '2-fork'; available: 01-multitask, "),
        (&["copy", "02-fork", "twise"], "xtask: no demo 'twise'; available: twice, family, "),
        (&["copy", "02-fork", "twice", "../mine"], "xtask: '../mine' cannot be a program's name"),
        (&["copy", "02-fork", "twice", "xtask"], "xtask: 'xtask' is a program of the course"),
        (
            &["copy", "06-lock", "semaphore"],
            "xtask: my/semaphore is for the exercise 'semaphore'; ",
        ),
        (&["my"], "cargo my: which program? in my/: none yet"),
        (&["my", "mine"], "cargo my: no program 'mine' in my/ (available: none); "),
        (&["trace", "my"], "xtask: which program? in my/: none yet"),
        (&["trace", "my", "mine", "1"], "xtask: one program of my/; its arguments come after `--`"),
        (&["trace", "my", "mine"], "xtask: no program 'mine' in my/ (available: none); "),
    ] {
        let output = course.xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.starts_with(why) && errors.lines().count() == 1, "{arguments:?}: {errors}");
    }
    assert!(!course.file("my").exists());
}

#[test]
#[ignore = "it takes minutes: a build for each demo"]
fn each_demo_can_be_copied_and_the_copy_does_what_the_demo_does() {
    let course = Course::new();
    for lesson in ["01-multitask", "02-fork", "03-ipc", "04-pool", "05-threading", "06-lock"] {
        for demo in demos(lesson) {
            let name = format!("copy-{}-{demo}", &lesson[..2]);
            let copy = course.copied(lesson, &demo, &name);
            let of_lesson = course.command(program(lesson), &[&demo]);
            assert_eq!(copy.status, of_lesson.status, "{lesson} {demo}: {copy:?}");
            assert!(lines(&copy) > 0, "{lesson} {demo}: {copy:?}");
        }
    }
}
