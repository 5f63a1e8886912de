//! Runs the recorder, and builds what it is run on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// A trace that takes longer than this hangs.
const DEADLINE: &str = "120";

pub const LESSONS: [&str; 6] =
    ["01-multitask", "02-fork", "03-ipc", "04-pool", "05-threading", "06-lock"];

/// The folder of the binaries, all of which are built: `cargo test --test` does
/// not build them.
pub fn binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(XTASK).parent().unwrap();
        let build = |arguments: &[&str]| {
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--offline", "--target-dir"])
                .arg(folder.parent().unwrap())
                .args(arguments)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status()
                .unwrap();
            assert!(status.success());
        };
        build(&["--package", "xtask", "--examples"]);
        build(&LESSONS.map(|lesson| ["--bin", lesson]).concat());
        folder.to_owned()
    })
}

pub fn example(name: &str) -> PathBuf {
    binaries().join("examples").join(name)
}

/// A command that is killed at the deadline: its status is then 124.
pub fn in_time(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", DEADLINE]).arg(program).stdin(Stdio::null());
    command
}

/// What the recorder tells of a program.
pub fn record(selection: &str, program: &[&str], pace: &str) -> Vec<Value> {
    let output: Output = in_time(&example("record"))
        .args([XTASK, selection])
        .args(program)
        .env("LESSON_PACE", pace)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?} {selection}: {} {errors}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
