//! The shell function of `cargo xtask shell-init`, loaded into real shells. A
//! shell that is not installed is passed over, with a line on stderr.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const LESSONS: [&str; 6] =
    ["01-multitask", "02-fork", "03-ipc", "04-pool", "05-threading", "06-lock"];

/// What is typed, and the words that Cargo gets.
const CASES: &[(&str, &[&str])] = &[
    ("cargo run -p 01-multitask", &["run", "-p", "lesson-01-multitask"]),
    ("cargo run -p 02-fork", &["run", "-p", "lesson-02-fork"]),
    ("cargo run -p 03-ipc", &["run", "-p", "lesson-03-ipc"]),
    ("cargo run -p 04-pool", &["run", "-p", "lesson-04-pool"]),
    ("cargo run -p 05-threading", &["run", "-p", "lesson-05-threading"]),
    ("cargo run -p 06-lock", &["run", "-p", "lesson-06-lock"]),
    // Every way to write the option.
    ("cargo run -p02-fork", &["run", "-plesson-02-fork"]),
    ("cargo run -p=02-fork", &["run", "-p=lesson-02-fork"]),
    ("cargo run --package 02-fork", &["run", "--package", "lesson-02-fork"]),
    ("cargo run --package=02-fork", &["run", "--package=lesson-02-fork"]),
    ("cargo run '-p' \"02-fork\"", &["run", "-p", "lesson-02-fork"]),
    ("cargo run -qp 02-fork", &["run", "-qp", "lesson-02-fork"]),
    ("cargo run -qrp=02-fork", &["run", "-qrp=lesson-02-fork"]),
    ("cargo run -vp02-fork", &["run", "-vplesson-02-fork"]),
    // Other commands, several packages, a toolchain, options before the command.
    ("cargo r -p 02-fork", &["r", "-p", "lesson-02-fork"]),
    ("cargo +stable test -p 02-fork", &["+stable", "test", "-p", "lesson-02-fork"]),
    ("cargo build -p 03-ipc -p 04-pool", &["build", "-p", "lesson-03-ipc", "-p", "lesson-04-pool"]),
    (
        "cargo --color never -q clippy -p 02-fork -- -D warnings",
        &["--color", "never", "-q", "clippy", "-p", "lesson-02-fork", "--", "-D", "warnings"],
    ),
    (
        "cargo test -p 02-fork a_test -p 03-ipc",
        &["test", "-p", "lesson-02-fork", "a_test", "-p", "lesson-03-ipc"],
    ),
    // The program's own words: after `--`, and after the first that is no option.
    (
        "cargo run -p 02-fork zombie -p 02-fork",
        &["run", "-p", "lesson-02-fork", "zombie", "-p", "02-fork"],
    ),
    (
        "cargo r -j 2 --bin 02-fork -p 02-fork zombie --package=02-fork",
        &[
            "r",
            "-j",
            "2",
            "--bin",
            "02-fork",
            "-p",
            "lesson-02-fork",
            "zombie",
            "--package=02-fork",
        ],
    ),
    ("cargo run -p 02-fork -- -p 02-fork", &["run", "-p", "lesson-02-fork", "--", "-p", "02-fork"]),
    ("cargo run '' -p 02-fork", &["run", "", "-p", "02-fork"]),
    ("cargo test -- -p 02-fork", &["test", "--", "-p", "02-fork"]),
    // Not ours.
    ("cargo", &[]),
    ("cargo run -p", &["run", "-p"]),
    ("cargo run -p lesson-02-fork", &["run", "-p", "lesson-02-fork"]),
    ("cargo run -p 02-forks", &["run", "-p", "02-forks"]),
    ("cargo run -p 2-fork", &["run", "-p", "2-fork"]),
    ("cargo run -p 07-async", &["run", "-p", "07-async"]),
    ("cargo test -px 02-fork", &["test", "-px", "02-fork"]),
    ("cargo run -p xtask", &["run", "-p", "xtask"]),
    ("cargo run --bin 02-fork", &["run", "--bin", "02-fork"]),
    ("cargo test 02-fork", &["test", "02-fork"]),
    ("cargo lesson 02-fork -p 02-fork", &["lesson", "02-fork", "-p", "02-fork"]),
    ("cargo xtask check -p 02-fork", &["xtask", "check", "-p", "02-fork"]),
    ("cargo '' -p 02-fork", &["", "-p", "02-fork"]),
    // Words stay as they are.
    (
        "cargo test '' 'a  b' 'it is \"so\"' '$HOME' '*' '[a-z]' '\\n' '=x' '~' '{a,b}' ''",
        &["test", "", "a  b", "it is \"so\"", "$HOME", "*", "[a-z]", "\\n", "=x", "~", "{a,b}", ""],
    ),
    ("cargo test 'two\nlines\n' -p 02-fork", &["test", "two\nlines\n", "-p", "lesson-02-fork"]),
    ("cargo test -p '02-fork\n' '-p02-fork\n'", &["test", "-p", "02-fork\n", "-p02-fork\n"]),
    ("cargo test -p '\n02-fork' -p '-p 02-fork'", &["test", "-p", "\n02-fork", "-p", "-p 02-fork"]),
    ("cargo test '-p 02-fork' '-p=\n02-fork'", &["test", "-p 02-fork", "-p=\n02-fork"]),
    ("cargo test -p 02-fork *.txt", &["test", "-p", "lesson-02-fork", "a b.txt", "c.txt"]),
];

/// Prints its words in brackets, a line each, and a line `end`.
const PRINTS_ITS_WORDS: &str = "for word; do printf '[%s]\\n' \"$word\"; done; echo end";

struct Shell {
    name: &'static str,
    flags: &'static [&'static str],
    load: &'static str,
    /// Settings that change how the shell reads its own functions.
    settings: &'static [&'static str],
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        flags: &["--noprofile", "--norc"],
        load: "eval \"$(cat init.bash)\"",
        settings: &[
            "",
            "set -eu",
            "set -euo posix pipefail",
            "shopt -s extglob nullglob",
            "set -k; IFS=12p-",
        ],
    },
    Shell {
        name: "zsh",
        flags: &["-f"],
        load: "eval \"$(cat init.zsh)\"",
        settings: &[
            "",
            "setopt ksharrays nounset errexit",
            "setopt shwordsplit globsubst extendedglob globassign rcexpandparam warncreateglobal",
            "emulate sh",
            "emulate ksh",
        ],
    },
    Shell {
        name: "fish",
        flags: &["--no-config"],
        load: "cat init.fish | source",
        settings: &["", "set -g IFS 12p-"],
    },
];

impl Shell {
    fn installed() -> impl Iterator<Item = &'static Shell> {
        SHELLS.iter().filter(|shell| is_installed(shell.name))
    }

    /// Runs a script in a directory of the ground, with the ground's cargo.
    fn run(&self, ground: &Ground, directory: &str, script: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        // From a file, as zsh reads all of `-c` before it obeys an alias in it.
        let script = ground.write("script", script);
        Command::new(self.name)
            .args(self.flags)
            .arg(script)
            .current_dir(ground.0.join(directory))
            .env("PATH", format!("{}:{path}", ground.0.join("bin").display()))
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("BASH_ENV")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What the script prints, which must be all that it does.
    fn prints(&self, ground: &Ground, directory: &str, script: &str) -> String {
        let output = self.run(ground, directory, script);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (errors.as_str(), output.status.code()),
            ("", Some(0)),
            "{}: {script}",
            self.name
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("{program} is not installed: not tested with it");
    }
    found
}

fn shell_init(shell: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["shell-init", shell])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap()
}

/// A directory of a test, removed with it: `course` with the files that make a
/// course, `elsewhere` without them, and `bin`, first in the path.
struct Ground(PathBuf);

impl Ground {
    fn new(test: &str) -> Ground {
        let top = std::env::temp_dir().join(format!("shell-init-{test}-{}", std::process::id()));
        let ground = Ground(top);
        for lesson in LESSONS {
            ground.write(&format!("course/lessons/{lesson}/Cargo.toml"), "");
        }
        // Not one of the six.
        ground.write("course/lessons/07-async/Cargo.toml", "");
        for directory in ["course", "course/lessons/02-fork/src", "elsewhere"] {
            ground.write(&format!("{directory}/a b.txt"), "");
            ground.write(&format!("{directory}/c.txt"), "");
            for shell in SHELLS {
                let text = String::from_utf8(shell_init(shell.name).stdout).unwrap();
                ground.write(&format!("{directory}/init.{}", shell.name), &text);
            }
        }
        fs::create_dir(ground.0.join("bin")).unwrap();
        ground
    }

    fn with_fake_cargo(test: &str, script: &str) -> Ground {
        let ground = Ground::new(test);
        let cargo = ground.write("bin/cargo", &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(cargo, fs::Permissions::from_mode(0o755)).unwrap();
        ground
    }

    fn write(&self, file: &str, text: &str) -> PathBuf {
        let file = self.0.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn bracketed(words: &[&str]) -> String {
    words.iter().map(|word| format!("[{word}]\n")).collect()
}

#[test]
fn cargo_gets_the_words_of_the_table() {
    let ground = Ground::with_fake_cargo("table", PRINTS_ITS_WORDS);
    // Not one of the six.
    ground.write("course/lessons/07-async/Cargo.toml", "");
    for shell in Shell::installed() {
        for setting in shell.settings {
            // Loaded twice: the second time changes nothing.
            let mut script = format!("{setting}\n{0}\n{0}\n", shell.load);
            CASES.iter().for_each(|(typed, _)| script += &format!("{typed}\n"));

            let printed = shell.prints(&ground, "course", &script);
            let calls: Vec<&str> = printed.split_terminator("end\n").collect();
            assert_eq!(calls.len(), CASES.len(), "{printed}");
            for (call, (typed, words)) in calls.iter().zip(CASES) {
                assert_eq!(*call, bracketed(words), "{}, {setting}: {typed}", shell.name);
            }
        }
    }
}

#[test]
fn only_the_course_is_changed_and_all_of_it() {
    let ground = Ground::with_fake_cargo("where", PRINTS_ITS_WORDS);
    for shell in Shell::installed() {
        for (directory, package) in [
            ("course", "lesson-02-fork"),
            ("course/lessons/02-fork/src", "lesson-02-fork"),
            ("elsewhere", "02-fork"),
        ] {
            let script = format!("{}\ncargo run -p 02-fork", shell.load);
            let words = bracketed(&["run", "-p", package]) + "end\n";
            assert_eq!(shell.prints(&ground, directory, &script), words, "{}", shell.name);
        }
    }
}

#[test]
fn an_alias_may_be_there_already() {
    let ground = Ground::with_fake_cargo("alias", PRINTS_ITS_WORDS);
    for shell in Shell::installed() {
        let (alias, kept) = match shell.name {
            "bash" => ("shopt -s expand_aliases\nalias cargo='cargo --locked'", "[--locked]\n"),
            "zsh" => ("alias cargo='cargo --locked'", "[--locked]\n"),
            // In fish an alias is a function, and the new one takes its place.
            _ => ("alias cargo 'cargo --locked'", ""),
        };
        let script = format!("{alias}\n{}\ncargo run -p 02-fork", shell.load);
        let words = kept.to_string() + &bracketed(&["run", "-p", "lesson-02-fork"]);
        assert_eq!(shell.prints(&ground, "course", &script), words + "end\n", "{}", shell.name);
    }
}

#[test]
fn the_streams_and_the_exit_status_are_cargos() {
    let ground = Ground::with_fake_cargo("streams", "cat; echo complaint >&2; exit 7");
    for shell in Shell::installed() {
        let status = if shell.name == "fish" { "$status" } else { "$?" };
        let call = "printf 'in\\n' | cargo run -p 02-fork";
        let output =
            shell.run(&ground, "course", &format!("{}\n{call}\necho {status}", shell.load));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "in\n7\n", "{}", shell.name);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "complaint\n", "{}", shell.name);

        if shell.name != "fish" {
            let script =
                format!("set -e\n{}\ncargo test || echo caught\n{call}\necho on", shell.load);
            let output = shell.run(&ground, "course", &script);
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "caught\nin\n", "{}", shell.name);
            assert_eq!(output.status.code(), Some(7), "{}", shell.name);
        }
    }
}

#[test]
fn the_real_cargo_finds_the_lesson() {
    let ground = Ground::new("real");
    ground.write(
        "course/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/02-fork\"]\n",
    );
    ground.write(
        "course/lessons/02-fork/Cargo.toml",
        "[package]\nname = \"lesson-02-fork\"\nedition = \"2024\"\n[[bin]]\nname = \"02-fork\"\npath = \"src/main.rs\"\n",
    );
    ground.write(
        "course/lessons/02-fork/src/main.rs",
        "fn main() { std::env::args().skip(1).for_each(|word| println!(\"[{word}]\")); }\n",
    );
    let find = "cargo tree --offline -p 02-fork";
    for shell in Shell::installed() {
        let without = shell.run(&ground, "course", find);
        assert!(!without.status.success(), "Cargo needs no help: {without:?}");

        let found = shell.run(&ground, "course", &format!("{}\n{find}", shell.load));
        assert!(found.status.success(), "{}: {found:?}", shell.name);
        let tree = String::from_utf8(found.stdout).unwrap();
        assert!(tree.starts_with("lesson-02-fork v"), "{tree}");

        if shell.name == "bash" {
            let call = "cargo run --quiet --offline -p 02-fork zombie -p 02-fork";
            let printed = shell.prints(&ground, "course", &format!("{}\n{call}", shell.load));
            assert_eq!(printed, "[zombie]\n[-p]\n[02-fork]\n");
        }
    }
}

#[test]
fn the_text_says_how_to_load_it() {
    for (shell, command) in [
        ("bash", "#     eval \"$(cargo xtask shell-init bash)\"\n"),
        ("zsh", "#     eval \"$(cargo xtask shell-init zsh)\"\n"),
        ("fish", "#     cargo xtask shell-init fish | source\n"),
    ] {
        let output = shell_init(shell);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().nth(2).map(|line| format!("{line}\n")).as_deref(), Some(command));
        assert!(
            !text.contains("@SHELL@") && !text.contains("@LESSONS@"),
            "a placeholder is left: {text}"
        );
    }
}

#[test]
fn an_unknown_shell_is_wrong_usage() {
    let output = shell_init("tcsh");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("no shell 'tcsh': there is bash, zsh, fish"), "{errors}");
    assert!(output.stdout.is_empty(), "nothing for a shell to read");
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/shell_init/cargo.sh"));
    if is_installed("shellcheck") {
        let output = Command::new("shellcheck").arg("--shell=bash").arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
