//! `send`: what rustc says of the programs that do not compile, and what the two others do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use demo::demo;
use testing::strace::{Call, record};
use testing::{start, test};

mod demo;

/// The programs that do not compile, and the code of their one error.
const WRONG: [(&str, &str); 4] =
    [("borrow", "E0373"), ("scoped", "E0499"), ("rc", "E0277"), ("arc", "E0277")];

fn source(name: &str) -> String {
    // As seen from the package's folder, where Cargo runs a test.
    fs::read_to_string(format!("src/send/{name}.rs")).unwrap()
}

/// A folder of this test, which is empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Whether rustc takes a text for a program, and what it says in JSON. What it makes, `link` for
/// a program, is in the folder.
fn compile(folder: &Path, text: &str, makes: &str) -> Output {
    fs::write(folder.join("program.rs"), text).unwrap();
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "--error-format", "json", "--emit", makes, "program.rs"])
        .current_dir(folder);
    rustc.output().unwrap()
}

#[test]
fn each_wrong_program_has_one_error_and_that_is_the_one_on_its_page() {
    if !start::is_installed("rustc") {
        return start::pass_over("rustc is not in the path");
    }
    let folder = folder("send-wrong");
    for (name, code) in WRONG {
        let output = compile(&folder, &source(name), "metadata");
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let codes: Vec<_> = said.split("\"code\":{\"code\":\"").skip(1).collect();
        assert!(codes.len() == 1 && codes[0].starts_with(code), "{name}: {said}");
    }
    // The two that miss a trait miss another one.
    for (name, missing) in [("rc", "`Send` is not"), ("arc", "`Sync` is not")] {
        let output = compile(&folder, &source(name), "metadata");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("the trait {missing} implemented")), "{name}: {said}");
    }
}

#[test]
fn the_other_two_compute_what_they_print() {
    if !start::is_installed("rustc") {
        return start::pass_over("rustc is not in the path");
    }
    let folder = folder("send-right");
    let changed = [
        ("moved", "+= 5", "+= 50", "  in the thread: balance 50\n  in main: balance 0\n"),
        (
            "moved",
            "balance = 0",
            "balance = 1",
            "  in the thread: balance 6\n  in main: balance 1\n",
        ),
        ("mutex", "[5, 8]", "[50, 800]", "  balance 850\n"),
    ];
    for (name, old, new, printed) in changed {
        let text = source(name);
        assert_eq!(text.matches(old).count(), 1, "{name}: {old}");
        let output = compile(&folder, &text.replace(old, new), "link");
        // The code of a warning is null, or its name.
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        let output = Command::new(folder.join("program")).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), printed, "{name}");
    }
}

/// The demo, whose rustc is a script.
fn with_rustc(folder: &Path, script: &str) -> Command {
    let mut command = demo(&["send"], "0");
    start::stand_in(&mut command, folder, "rustc", script);
    command
}

#[test]
fn rustc_is_given_each_wrong_program_and_its_answer_is_printed() {
    let folder = folder("send-answer");
    let log = folder.join("log");
    let script = format!(
        "cat >>{log}\necho \"error[E9$(wc -l <{log})]: \\`Sync\\`\" >&2\nexit 1\n",
        log = log.display()
    );
    let output = with_rustc(&folder, &script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut given = String::new();
    for (name, _) in WRONG {
        given += &source(name);
        let answer = format!("rustc: error[E9{}], about `Sync`", given.lines().count());
        let after = text.split_once(&format!("\n{name}.rs: ")).map(|(_, after)| after);
        let after = after.or(text.strip_prefix("borrow.rs: ")).expect(name);
        assert_eq!(after.lines().nth(1).unwrap().trim_start(), answer, "{text}");
    }
    assert_eq!(fs::read_to_string(log).unwrap(), given);
}

#[test]
fn without_a_code_or_without_rustc_it_says_so() {
    let folder = folder("send-none");
    let script = "cat >/dev/null\necho out of memory >&2\nexit 1\n";
    let output = with_rustc(&folder, script).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(errors.contains("out of memory"), "{errors}");

    fs::remove_file(folder.join("rustc")).unwrap();
    let mut command = demo(&["send"], "0");
    let output = command.env("PATH", &folder).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn the_two_that_compile_run_with_threads_of_their_own() {
    let folder = folder("send-threads");
    let script = "cat >/dev/null\necho 'error[E0001]: no' >&2\nexit 1\n";
    let Some(recorded) = record(&with_rustc(&folder, script), "write") else { return };
    let main = recorded.first();
    let moved = recorded.written("moved.rs: ");
    let mutex = recorded.written("mutex.rs: ");
    let starts =
        |call: &&Call| call.name.starts_with("clone") && call.arguments.contains("CLONE_THREAD");
    let threads: Vec<_> = main.calls.iter().filter(starts).collect();
    let after = |call: &Call| threads.iter().filter(|thread| call.end < thread.begin).count();
    assert_eq!((after(moved), after(mutex)), (3, 2), "{recorded:#?}");
    let own = recorded.written("  in the thread: ").caller;
    assert_eq!(threads[0].starts(), Some(own), "{recorded:#?}");
}

/// Each type in the table of the page is compiled where it must be `Send`, and where it must be
/// `Sync`.
#[test]
fn the_table_on_the_page_is_right() {
    if !start::is_installed("rustc") {
        return start::pass_over("rustc is not in the path");
    }
    let page = fs::read_to_string("../../docs/05-threading/send.md").unwrap();
    let folder = folder("send-table");
    let mut types = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        for name in cells[1].split('`').skip(1).step_by(2) {
            for (wanted, answer) in [("Send", cells[2]), ("Sync", cells[3])] {
                let text = format!(
                    "#![allow(unused)] use std::{{cell::*, rc::*, sync::{{*, atomic::*}}}};\n\
                     fn must<T: {wanted}>() {{}}\nfn main() {{ must::<{name}>() }}\n"
                );
                let is_right = compile(&folder, &text, "metadata").status.success();
                assert_eq!(if is_right { "yes" } else { "no" }, answer, "{wanted}: {name}");
            }
            types += 1;
        }
    }
    assert_eq!(types, 9);
}
