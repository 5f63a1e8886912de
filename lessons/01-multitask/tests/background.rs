//! The demo `background`: it must find the processes that the test starts.

use std::collections::HashMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testing::seen::within;
use testing::{start, test};

/// Processes of a program with a name of its own. Dropped, they end.
struct Program {
    processes: Vec<Child>,
    _folder: TempDir,
}

impl Program {
    /// A copy of the shell by this name, started `count` times with a script.
    fn start(name: &str, script: &str, count: usize) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join(name);
        // Not copied by this process: a shell that another test starts meanwhile
        // would hold the copy open for writing, and then it cannot be run.
        assert!(start::command("cp").arg("/bin/sh").arg(&file).status().unwrap().success());
        let mut program = Self { processes: Vec::new(), _folder: folder };
        for _ in 0..count {
            let mut shell = start::command(&file);
            let child = shell.args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
            program.processes.push(child);
        }
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn background(arguments: &[&str]) -> Command {
    let mut demo = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    demo.arg("background").args(arguments);
    demo
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let output = background(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// How many processes the most frequent name has.
fn most_processes_of_a_name() -> usize {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap() {
        // A process that has just ended has no name.
        if let Ok(name) = fs::read_to_string(entry.unwrap().path().join("comm")) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap()
}

/// The numbers of a line behind `≈`.
fn numbers(line: &str) -> Vec<usize> {
    let parts = line.split('≈').skip(1).map(|part| part.trim_start().trim_start_matches('"'));
    let digits = parts.map(|part| part.split(|c: char| !c.is_ascii_digit()).next().unwrap());
    digits.filter_map(|digits| digits.parse().ok()).collect()
}

#[test]
fn it_finds_the_processes_that_sleep_and_whose_they_are() {
    let count = most_processes_of_a_name() + 5;
    let name = format!("sleep-{}", std::process::id());
    // One shell that starts the others, each a copy of it. `read` waits for a line that never
    // comes.
    let script = format!(
        "exec 3<&0; i=1; while [ $i -lt {count} ]; do (read line <&3; :) & i=$((i+1)); done; read line; :"
    );
    let program = Program::start(&name, &script, 1);
    let (first, more) = (program.processes[0].id(), count - 1);
    let end = format!("≈ \"{name}\": process ≈ {first}, and ≈ {more} below it");
    let most = |lines: &[String]| lines[3].ends_with(&end);
    let found =
        attempts(|| Some(lines(&["--watch", "--busiest", "500"])).filter(|lines| most(lines)));
    let &[processes, threads] = &numbers(&found[0])[..] else { panic!("{found:?}") };
    let &[running, sleeping, others] = &numbers(&found[1])[..] else { panic!("{found:?}") };
    assert!(sleeping >= count && running >= 1, "{found:?}");
    assert_eq!(running + sleeping + others, processes, "{found:?}");
    assert!(threads >= count, "{found:?}");
    assert!(numbers(&found[2])[0] > 0, "{found:?}");
    // Without a terminal `--watch` is one picture, with as many lines as asked for.
    assert_eq!(found.len(), 506, "{found:?}");
}

#[test]
fn it_names_the_one_that_is_busy() {
    let name = format!("busy-{}", std::process::id());
    let program = Program::start(&name, "while :; do :; done", 1);
    let row = format!("process ≈ {:7}  ≈ \"{name}\"", program.processes[0].id());
    attempts(|| {
        let lines = lines(&["--busiest", "20"]);
        lines.into_iter().find(|line| line.ends_with(&row) && numbers(line)[0] > 0)
    });
}

/// Tries until it finds something: on a busy machine not at once.
fn attempts<T>(attempt: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(30), attempt).expect("it was found within 30 seconds")
}
