//! Which Python `python3` is.
//!
//! Where a version manager such as pyenv is used, the `python3` in `PATH` is a shell script that
//! looks for the right Python each time. That takes longer than Python takes to start, and a
//! hundred processes. A check asks it once, and what is traced is Python, not the script.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::workspace::Interrupted;
use supervise::{End, Errors, Program};

/// The variable to set for a program: `PATH`, with the folder of the Python in front that the
/// script starts in the folder `root`. None if `python3` is not a script, or does not say.
pub fn variable(root: &Path) -> Option<(OsString, Option<OsString>)> {
    static PATH: OnceLock<Option<OsString>> = OnceLock::new();
    let path = PATH.get_or_init(|| find(root)).clone()?;
    Some(("PATH".into(), Some(path)))
}

fn find(root: &Path) -> Option<OsString> {
    // After an interruption nothing else is run.
    let python = behind_script(root).ok()??;
    let folder = python.parent().filter(|folder| folder.join("python3").is_file())?;
    let path = env::var_os("PATH")?;
    env::join_paths([folder.to_owned()].into_iter().chain(env::split_paths(&path))).ok()
}

/// The Python that the script starts in this folder. None if `python3` is not a script, or does
/// not tell.
///
/// # Errors
/// If the reader interrupts it.
pub fn behind_script(folder: &Path) -> Result<Option<PathBuf>, Interrupted> {
    let Some(script) = script() else { return Ok(None) };
    let outcome = supervise::run(&Program {
        path: script,
        arguments: vec!["-c".into(), "import sys; print(sys.executable)".into()],
        directory: folder.to_owned(),
        environment: Vec::new(),
        deadline: Duration::from_secs(10),
        output_limit: 1 << 16,
        errors: Errors::Merged,
    });
    let output = match outcome {
        Ok(outcome) if outcome.end == End::Interrupted => return Err(Interrupted),
        Ok(outcome) if outcome.end == End::Exited(0) => outcome.output,
        _ => return Ok(None),
    };
    // A shell that does not know the locale says so first.
    let last = output.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let executable = Path::new(OsStr::from_bytes(last));
    Ok(executable.is_file().then(|| executable.to_owned()))
}

/// The `python3` in `PATH`.
pub fn in_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join("python3")).find(|file| file.is_file())
}

/// The `python3` in `PATH`, if it is a script.
fn script() -> Option<PathBuf> {
    let python = in_path()?;
    let mut beginning = [0; 2];
    File::open(&python).ok()?.read_exact(&mut beginning).ok()?;
    (beginning == *b"#!").then_some(python)
}
