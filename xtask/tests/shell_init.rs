//! The functions of `cargo xtask shell-init`, loaded into real shells with a fake
//! `cargo` first in the path. A line on stderr names a shell that is not installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

/// The words typed after `cargo`, and those that Cargo gets. A `|` ends each word.
const CASES: &[(&str, &str)] = &[
    ("", ""),
    ("run|-p|02-fork|", "run|-p|lesson-02-fork|"),
    ("r|--package|06-lock|-q|", "r|--package|lesson-06-lock|-q|"),
    ("test|-p=02-fork|-p03-ipc|", "test|-p=lesson-02-fork|-plesson-03-ipc|"),
    ("+beta|b|--package=02-fork|", "+beta|b|--package=lesson-02-fork|"),
    ("run|-p|02-fork|--|-p|02-fork|", "run|-p|lesson-02-fork|--|-p|02-fork|"),
    ("test|--workspace|--exclude|02-fork|", "test|--workspace|--exclude|lesson-02-fork|"),
    ("test|--exclude=02-fork|--exclude=x|", "test|--exclude=lesson-02-fork|--exclude=x|"),
    ("tree|-i|02-fork|--invert|03-ipc|", "tree|-i|lesson-02-fork|--invert|lesson-03-ipc|"),
    ("run|-p|02-fork@0.1.0|-p03-ipc@1|", "run|-p|lesson-02-fork@0.1.0|-plesson-03-ipc@1|"),
    // Not a lesson, or not a package.
    ("run|-p|02-forks@0.1.0|--excluded|02-fork|", "run|-p|02-forks@0.1.0|--excluded|02-fork|"),
    ("run|-p|02-forks|-p|102-fork|-p|", "run|-p|02-forks|-p|102-fork|-p|"),
    ("run|-p|02-fork\n|-p|\n02-fork|", "run|-p|02-fork\n|-p|\n02-fork|"),
    ("run|--bin|02-fork|02-fork|-px02-fork|", "run|--bin|02-fork|02-fork|-px02-fork|"),
    // Words stay as they are.
    ("|a  b|two\nlines\n|*|$HOME|\"|\\n|~||", "|a  b|two\nlines\n|*|$HOME|\"|\\n|~||"),
    ("=x|(|!|-n|{a,b}|-p 02-fork|", "=x|(|!|-n|{a,b}|-p 02-fork|"),
];

struct Shell {
    name: &'static str,
    /// Makes `cargo` an alias, which the function must survive.
    alias: &'static str,
    load: &'static str,
    /// Settings that change how a shell reads its functions.
    settings: &'static [&'static str],
    status: &'static str,
    /// Attaches a completion to `cargo`.
    attach: &'static str,
    /// Prints the completion that is attached.
    attached: &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        alias: "shopt -s expand_aliases; alias cargo=false",
        load: "eval \"$(cat init.bash)\"\nunalias cargo",
        settings: &["", "set -euo posix", "shopt -s extglob nullglob; set -k; IFS=12p-"],
        status: "$?",
        attach: "complete -W greeting cargo",
        attached: "complete -p cargo",
    },
    Shell {
        name: "zsh",
        alias: "alias cargo=false",
        load: "eval \"$(cat init.zsh)\"\nunalias cargo",
        settings: &[
            "",
            "setopt ksharrays nounset errexit",
            "setopt shwordsplit globsubst extendedglob globassign rcexpandparam warncreateglobal",
            "emulate sh",
            "emulate ksh",
        ],
        status: "$?",
        attach: "autoload -U compinit; compinit -u -D; compdef greeting cargo",
        attached: "echo $_comps[cargo]",
    },
    Shell {
        name: "fish",
        alias: "alias cargo false",
        load: "cat init.fish | source",
        settings: &["", "set -g IFS 12p-"],
        status: "$status",
        attach: "complete --command cargo --arguments greeting",
        attached: "complete --do-complete 'cargo greet'",
    },
];

fn shell_init(shell: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(["shell-init", shell]).output().unwrap()
}

/// What the scripts print, in each installed shell with its function at hand.
fn in_each_shell(
    test: &str,
    scripts: impl Fn(&Shell) -> Vec<String>,
    check: impl Fn(&str, Option<i32>, &str),
) {
    let folder = format!("{}/shell-init-{test}", env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    let cargo = format!("{folder}/cargo");
    fs::write(&cargo, "#!/bin/sh\nfor word; do printf '%s|' \"$word\"; done\nexit 7\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    for shell in SHELLS {
        if Command::new(shell.name).arg("--version").output().is_err() {
            eprintln!("{} is not installed: not tested with it", shell.name);
            continue;
        }
        let function = shell_init(shell.name).stdout;
        fs::write(format!("{folder}/init.{}", shell.name), function).unwrap();
        for script in scripts(&shell) {
            // From a file: zsh reads all of `-c` before it obeys an alias in it.
            fs::write(format!("{folder}/script"), &script).unwrap();
            let output = Command::new(shell.name)
                .arg("script")
                .current_dir(&folder)
                .env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap()))
                .env("HOME", &folder)
                .output()
                .unwrap();
            let context = format!("{}: {script}", shell.name);
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{context}");
            let printed = String::from_utf8(output.stdout).unwrap();
            check(&printed, output.status.code(), &context);
        }
    }
}

#[test]
fn cargo_gets_the_words_of_the_table_and_its_status_comes_back() {
    let script = |shell: &Shell, setting: &&str| {
        let mut script = format!("{}\n{setting}\n{}\n", shell.alias, shell.load);
        for (typed, _) in CASES {
            let quoted: Vec<_> =
                typed.split_terminator('|').map(|word| format!("'{word}'")).collect();
            script += &format!("cargo {} || echo {}\n", quoted.join(" "), shell.status);
        }
        // Outside a list, `set -e` is in force inside the function.
        script + "cargo end -p 02-fork\n"
    };
    let expected: String = CASES.iter().map(|(_, words)| format!("{words}7\n")).collect();
    let expected = expected + "end|-p|lesson-02-fork|";
    in_each_shell(
        "words",
        |shell| shell.settings.iter().map(|setting| script(shell, setting)).collect(),
        |printed, status, context| {
            assert_eq!((printed, status), (expected.as_str(), Some(7)), "{context}")
        },
    );
}

#[test]
fn completion_stays_attached_to_cargo() {
    in_each_shell(
        "completion",
        |shell| vec![[shell.alias, shell.attach, shell.load, shell.attached].join("\n")],
        |printed, _, context| assert!(printed.contains("greeting"), "{context}: {printed}"),
    );
}

#[test]
fn an_unknown_shell_is_wrong_usage() {
    let output = shell_init("tcsh");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("no shell 'tcsh'; available: bash, zsh, fish"), "{errors}");
    assert!(output.stdout.is_empty(), "nothing for a shell to read");
}
