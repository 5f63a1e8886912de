//! A lesson that prints the right words without doing the thing is caught: its
//! page holds what the kernel saw, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const LESSONS: [&str; 6] =
    ["01-multitask", "02-fork", "03-ipc", "04-pool", "05-threading", "06-lock"];

/// The course with these lessons replaced by fakes: its own pages and Python
/// programs, and binaries that print what the pages show.
fn course_of_fakes() -> PathBuf {
    // Where these tests run, not where they were compiled: checkouts may share a target folder.
    let xtask = std::env::current_dir().unwrap();
    let real = xtask.parent().unwrap();
    let fake = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fakes");
    let _ = fs::remove_dir_all(&fake);
    fs::create_dir_all(fake.join("docs")).unwrap();
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n";
    fs::write(fake.join("Cargo.toml"), workspace).unwrap();
    for lesson in LESSONS {
        let folder = fake.join("lessons").join(lesson);
        fs::create_dir_all(folder.join("src")).unwrap();
        // Cargo builds a package's binary along with its tests.
        fs::create_dir_all(folder.join("tests")).unwrap();
        fs::write(folder.join("tests/none.rs"), "").unwrap();
        let manifest = format!(
            "[package]\nname = \"lesson-{lesson}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [[bin]]\nname = \"{lesson}\"\npath = \"src/main.rs\"\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        let copy = |from: PathBuf, to: PathBuf| fs::copy(from, to).map(drop).unwrap();
        copy(xtask.join("tests/fake/lesson.rs"), folder.join("src/main.rs"));
        copy(real.join("lessons").join(lesson).join("notes.py"), folder.join("notes.py"));
        // The lesson's whole chapter is one page to its fake.
        fs::create_dir_all(fake.join("docs").join(lesson)).unwrap();
        let mut chapter = String::new();
        for page in real.join("docs").join(lesson).read_dir().unwrap() {
            let page = page.unwrap();
            let text = fs::read_to_string(page.path()).unwrap();
            fs::write(fake.join("docs").join(lesson).join(page.file_name()), &text).unwrap();
            chapter += &text;
        }
        fs::write(folder.join("src/chapter.md"), chapter).unwrap();
    }
    fake
}

#[test]
fn lessons_that_only_print_the_right_text_fail() {
    let course = course_of_fakes();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["check", "--json"])
        .args(LESSONS)
        .env("CARGO_MANIFEST_DIR", course.join("xtask"))
        .env("CARGO_TARGET_DIR", course.join("target"))
        .env("CARGO_NET_OFFLINE", "true")
        .current_dir(&course)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let result: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"));

    let sections = result["sections"].as_array().unwrap();
    assert_eq!(sections.len(), LESSONS.len());
    for section in sections {
        let lesson = section["name"].as_str().unwrap();
        let about = |list: &str, command: &str| -> Vec<&Value> {
            let found = section[list].as_array().unwrap().iter();
            found.filter(|it| it["what"].as_str().unwrap().starts_with(command)).collect()
        };
        // What it prints is right: no transcript of its output fails.
        let printed = about("failed", "$ cargo lesson");
        assert!(printed.is_empty(), "the fake of {lesson} is not good enough: {printed:#?}");

        // Not those of Python programs.
        let command = format!("$ cargo xtask trace {lesson}");
        let traces = about("failed", &command);
        let not_checked = about("not_checked", &command);
        if traces.is_empty() && !not_checked.is_empty() {
            eprintln!("{lesson}: passed over, {}", not_checked[0]["why"]);
            continue;
        }
        let chapter = course.join("lessons").join(lesson).join("src/chapter.md");
        let page = fs::read_to_string(chapter).unwrap();
        // One with shell syntax, or whose page says that no check runs it, is only shown; and one
        // with two outcomes is one record.
        let is_record = |line: &&str| line.starts_with(&command) && !line.contains('|');
        let comments = ["<!-- check: not run", "<!-- check: or"];
        let others = comments.iter().flat_map(|comment| page.split(comment).skip(1));
        let others = others.filter_map(|block| block.lines().nth(2)).filter(is_record);
        let records = page.lines().filter(is_record).count() - others.count();
        assert!(records > 0, "{lesson} shows no record");
        // On a very busy machine even what fails each time may not count.
        let is_undecided = |it: &&&Value| it["why"].as_str().unwrap().contains("too busy");
        let undecided = not_checked.iter().filter(is_undecided).count();
        assert_eq!(
            traces.len() + undecided,
            records,
            "a record of {lesson} does not give it away: {traces:#?}"
        );
        for trace in traces {
            let why = trace["why"].as_str().unwrap();
            assert!(why.starts_with("the output differs"), "{trace}");
        }
    }
}
