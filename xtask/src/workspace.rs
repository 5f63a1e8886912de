//! What is where in the workspace, and its built programs.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::menu::WrongUsage;
use serde_json::Value;
use xtask::supervise::{self, End, Errors, Program};

/// The course: its root folder and its lessons.
pub struct Workspace {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The lessons' names, in order: `02-fork`.
    pub lessons: Vec<String>,
}

/// The environment variable in which `check` hands the folder of the built lessons
/// to the xtask of a transcript. Cargo must not run again there: it would repeat the
/// warnings of all lessons, and wait where somebody else is building.
pub const BINARIES: &str = "XTASK_BINARIES";

/// The programs that Cargo built for a lesson.
#[derive(Default)]
pub struct Built {
    /// The lesson itself.
    pub binary: PathBuf,
    /// Its tests.
    pub tests: Vec<PathBuf>,
}

impl Workspace {
    /// Finds the workspace that `cargo xtask` was typed in; without Cargo, the
    /// one that this xtask was built in.
    ///
    /// # Errors
    /// If the folder is not there any more, or has no lessons.
    pub fn find() -> Result<Workspace> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&own).parent().context("xtask has no folder above it")?;
        let folder = root.join("lessons");
        let entries = folder.read_dir().with_context(|| format!("read {}", folder.display()))?;
        let mut lessons = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("read {}", folder.display()))?;
            if entry.path().join("Cargo.toml").exists() {
                lessons.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        ensure!(!lessons.is_empty(), "no lessons in {}", folder.display());
        lessons.sort();
        Ok(Workspace { root: root.to_owned(), lessons })
    }

    /// The lessons with these names.
    ///
    /// # Errors
    /// Wrong usage, if there is no such lesson.
    pub fn named(&self, names: &[String]) -> Result<Vec<String>> {
        for name in names {
            if !self.lessons.contains(name) {
                let lessons = self.lessons.join(", ");
                return Err(WrongUsage(format!("no lesson '{name}': there is {lessons}")).into());
            }
        }
        Ok(self.lessons.iter().filter(|lesson| names.contains(lesson)).cloned().collect())
    }

    /// The built program of a lesson: built now, unless `check` did it already.
    ///
    /// # Errors
    /// As of [`build`](Self::build).
    pub fn binary(&self, lesson: &str) -> Result<PathBuf> {
        match std::env::var_os(BINARIES) {
            Some(folder) => Ok(Path::new(&folder).join(lesson)),
            None => Ok(self.build()?[lesson].binary.clone()),
        }
    }

    /// Builds all lessons and their tests, in one call of Cargo, which shows its
    /// progress, and says so when it waits for another Cargo. Always all: for a part of them
    /// Cargo would choose other features of their dependencies, and build those
    /// and the lessons once more.
    ///
    /// # Errors
    /// If something does not build, or the reader interrupted it.
    pub fn build(&self) -> Result<HashMap<String, Built>> {
        let mut arguments = vec!["test", "--no-run", "--message-format=json-render-diagnostics"];
        let packages: Vec<String> =
            self.lessons.iter().map(|lesson| format!("--package=lesson-{lesson}")).collect();
        arguments.extend(packages.iter().map(String::as_str));
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let outcome = supervise::run(&Program {
            path: cargo.into(),
            arguments: arguments.into_iter().map(OsString::from).collect(),
            directory: self.root.clone(),
            environment: Vec::new(),
            deadline: Duration::from_secs(3600),
            output_limit: 64 << 20,
            errors: Errors::Inherited,
        })?;
        match outcome.end {
            End::Exited(0) => {}
            End::Interrupted => return Err(Interrupted.into()),
            _ => bail!("the lessons do not build: cargo says above why"),
        }
        let mut built: HashMap<String, Built> = HashMap::new();
        for line in String::from_utf8_lossy(&outcome.output).lines() {
            let message: Value =
                serde_json::from_str(line).with_context(|| format!("cargo's message {line}"))?;
            let Some(executable) = message["executable"].as_str() else { continue };
            let manifest = Path::new(message["manifest_path"].as_str().context("manifest_path")?);
            let folder =
                manifest.parent().and_then(Path::file_name).context("a package's folder")?;
            let built = built.entry(folder.to_string_lossy().into_owned()).or_default();
            if message["profile"]["test"] == true {
                built.tests.push(executable.into());
            } else {
                built.binary = executable.into();
            }
        }
        for lesson in &self.lessons {
            ensure!(
                built.get(lesson).is_some_and(|built| built.binary.exists()),
                "cargo built no binary for {lesson}"
            );
        }
        Ok(built)
    }
}

/// The reader pressed Ctrl-C; nothing is left running.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted; nothing was left running")
    }
}

impl std::error::Error for Interrupted {}
