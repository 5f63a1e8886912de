//! Runs the recorder, and builds what it is run on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// A trace that takes longer than this hangs.
const DEADLINE: &str = "120";

/// The folder of the examples, which are built: `cargo test --test` does not.
pub fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| build(&["--package", "xtask", "--examples"]));
    folder.join("examples").join(name)
}

/// Builds into the folder that xtask itself lies in.
pub fn build(what: &[&str]) -> PathBuf {
    let folder = Path::new(XTASK).parent().unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(folder.parent().unwrap())
        .args(what)
        .status()
        .unwrap();
    assert!(status.success());
    folder.to_owned()
}

/// A command that is killed at the deadline: its status is then 124.
pub fn in_time(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", DEADLINE]).arg(program).stdin(Stdio::null());
    command
}

/// Whether this system lets a program be traced; if not, the tests say so and pass.
pub fn is_allowed() -> bool {
    let status =
        in_time(&example("record")).args([XTASK, "shown", "true"]).output().unwrap().status;
    if status.code() == Some(3) {
        eprintln!("passed over: this system does not let a program be traced");
    }
    status.code() != Some(3)
}

/// What the recorder tells of a program.
pub fn record(selection: &str, program: &[&str], pace: &str) -> Vec<Value> {
    let mut recorder = in_time(&example("record"));
    events(recorder.args([XTASK, selection]).args(program).env("LESSON_PACE", pace))
}

/// What this recorder tells, in the order of the times.
pub fn events(recorder: &mut Command) -> Vec<Value> {
    let output = recorder.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{recorder:?}: {} {errors}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times = events.iter().map(|event| event["at"].as_f64().unwrap());
    assert!(times.is_sorted(), "not in the order of the times: {events:#?}");
    events
}
