//! What is where in the workspace, and what Cargo builds of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use common::options::UsageError;
use serde_json::Value;
use supervise::{End, Errors, Program};

/// The environment variable in which `check` hands the folder of the built lessons to the
/// xtask of a transcript. Cargo must not run again there: it would repeat the warnings of
/// all lessons, and wait where somebody else is building.
pub const BINARIES: &str = "XTASK_BINARIES";

/// The folder of the reader's own programs, from the root of the workspace.
pub const OWN: &str = "my";

/// Is locked while Cargo runs.
static BUILDING: Mutex<()> = Mutex::new(());

/// The course: its root folder and its lessons.
pub struct Workspace {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The lessons' names, in order: `02-fork`.
    pub lessons: Vec<String>,
}

/// A lesson that Cargo has built.
pub struct Lesson {
    /// Its name: `02-fork`.
    pub name: String,
    /// Its program.
    pub binary: PathBuf,
    /// Its test programs, if they were asked for.
    pub tests: Vec<PathBuf>,
}

/// What Cargo is to build of a lesson.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Its program.
    Binary,
    /// Its program and its tests.
    BinaryAndTests,
}

impl Lesson {
    fn new(name: &str) -> Lesson {
        Lesson { name: name.to_owned(), binary: PathBuf::new(), tests: Vec::new() }
    }

    /// Its chapter, from the root of the workspace: a folder of pages.
    pub fn chapter(&self) -> String {
        format!("docs/{}", self.name)
    }

    /// Its folder, from the root of the workspace.
    pub fn folder(&self) -> String {
        format!("lessons/{}", self.name)
    }

    /// Its package, by Cargo's name.
    pub fn package(&self) -> String {
        format!("lesson-{}", self.name)
    }

    /// The source file of a demo, from the root of the workspace.
    pub fn source(&self, demo: &str) -> String {
        format!("{}/src/{}.rs", self.folder(), demo.replace('-', "_"))
    }

    /// Its demos, as it lists them itself: the name of each, and what it shows.
    ///
    /// # Errors
    /// If it lists none.
    pub fn demos(&self) -> Result<Vec<(String, String)>> {
        let outcome = supervise::run(&Program {
            path: self.binary.clone(),
            arguments: vec!["--list".into()],
            directory: ".".into(),
            environment: Vec::new(),
            deadline: Duration::from_secs(10),
            output_limit: 1 << 16,
            errors: Errors::Merged,
        })?;
        if outcome.end == End::Interrupted {
            return Err(Interrupted.into());
        }
        let output = String::from_utf8_lossy(&outcome.output);
        let name = &self.name;
        ensure!(outcome.end == End::Exited(0), "{name} --list {}: {output}", outcome.end);
        let pairs = output.lines().filter_map(|line| line.split_once('\t'));
        let demos: Vec<_> =
            pairs.map(|(name, about)| (name.to_owned(), about.to_owned())).collect();
        ensure!(!demos.is_empty(), "{name} --list names no demo");
        Ok(demos)
    }
}

impl Workspace {
    /// Finds the workspace that `cargo xtask` was typed in; without Cargo, the one that
    /// this xtask was built in.
    ///
    /// # Errors
    /// If the folder is gone, or has no lessons.
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

    /// Checks that the lessons of these names exist.
    ///
    /// # Errors
    /// A [`UsageError`], if one does not.
    pub fn require(&self, names: &[String]) -> Result<(), UsageError> {
        match names.iter().find(|name| !self.lessons.contains(name)) {
            Some(name) => Err(UsageError::unknown(
                &format!("lesson '{name}'"),
                self.lessons.iter().map(String::as_str),
            )),
            None => Ok(()),
        }
    }

    /// The names of the reader's own programs, in order.
    pub fn own_programs(&self) -> Vec<String> {
        let entries = self.root.join(OWN).read_dir().into_iter().flatten().flatten();
        let programs = entries.filter(|entry| entry.path().join("Cargo.toml").exists());
        let names = programs.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// The error that no program of the reader's own is named.
    pub fn which_own(&self) -> UsageError {
        let programs = self.own_programs().join(", ");
        let available = if programs.is_empty() { "none yet" } else { &programs };
        UsageError(format!("which program? in {OWN}/: {available}"))
    }

    /// What Cargo needs to be told to run or build a program of the reader's own. What the
    /// course has built already is not built again.
    ///
    /// # Errors
    /// A [`UsageError`], if there is no such program.
    pub fn own_program(&self, name: &str) -> Result<Vec<OsString>, UsageError> {
        let programs = self.own_programs();
        if !programs.iter().any(|program| program == name) {
            let available =
                if programs.is_empty() { "none".to_owned() } else { programs.join(", ") };
            return Err(UsageError(format!(
                "no program '{name}' in {OWN}/ (available: {available}); \
                 `cargo xtask copy LESSON DEMO {name}` makes one, and `cargo xtask learn` those of \
                 the exercises"
            )));
        }
        Ok(self.outside(&self.root.join(OWN).join(name).join("Cargo.toml")))
    }

    /// What Cargo needs to be told of a package outside of the workspace, to build it with what the
    /// course has built already.
    fn outside(&self, manifest: &Path) -> Vec<OsString> {
        ["--manifest-path".into(), manifest.into(), "--target-dir".into(), self.target().into()]
            .into()
    }

    /// The folder of all that Cargo builds.
    pub fn target(&self) -> PathBuf {
        let own = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(own)
    }

    /// Whether Cargo has built this program before. If not, building it takes a while, and Cargo
    /// should say what it does.
    pub fn is_built(&self, profile: &str, program: &str) -> bool {
        self.target().join(profile).join(program).exists()
    }

    /// Builds a program of the reader's own, and returns the file.
    ///
    /// # Errors
    /// If there is none, it does not build, or the reader interrupted it.
    pub fn build_own(&self, name: &str) -> Result<PathBuf> {
        let program = self.own_program(name)?;
        let built = self.cargo(std::iter::once("build".into()).chain(program))?;
        executable(&built).with_context(|| format!("{OWN}/{name} has no program"))
    }

    /// Builds a package outside of the workspace without a word, and returns its program.
    ///
    /// # Errors
    /// If it does not build, or the reader interrupted it.
    pub fn build_package(&self, manifest: &Path) -> Result<PathBuf> {
        let words = ["build".into(), "--quiet".into()].into_iter();
        let built = self.cargo(words.chain(self.outside(manifest)))?;
        executable(&built).with_context(|| format!("{} has no program", manifest.display()))
    }

    /// Builds lessons in one call of Cargo, which shows its progress, and says so when it
    /// waits for another Cargo.
    ///
    /// # Errors
    /// If something does not build, or the reader interrupted it.
    pub fn build(&self, names: &[String], targets: Targets) -> Result<Vec<Lesson>> {
        let mut lessons: Vec<Lesson> = names.iter().map(|name| Lesson::new(name)).collect();
        if targets == Targets::Binary
            && let Some(folder) = std::env::var_os(BINARIES)
        {
            // `check` has built them.
            lessons.iter_mut().for_each(|it| it.binary = Path::new(&folder).join(&it.name));
            return Ok(lessons);
        }
        let (words, select): (&[&str], fn(&Lesson) -> String) = match targets {
            // As `cargo run --bin` does, and so with the same features of everything.
            Targets::Binary => (&["build"], |it| format!("--bin={}", it.name)),
            Targets::BinaryAndTests => {
                (&["test", "--no-run"], |it| format!("--package={}", it.package()))
            }
        };
        let arguments = words.iter().map(OsString::from);
        let selected = lessons.iter().map(|lesson| select(lesson).into());
        for message in self.cargo(arguments.chain(selected))? {
            let Some(executable) = message["executable"].as_str() else { continue };
            let manifest = Path::new(message["manifest_path"].as_str().context("manifest_path")?);
            let folder = manifest.parent().context("a package's folder")?;
            let of_package = |lesson: &&mut Lesson| folder.ends_with(lesson.folder());
            let Some(lesson) = lessons.iter_mut().find(of_package) else { continue };
            if message["profile"]["test"] == true {
                lesson.tests.push(executable.into());
            } else {
                lesson.binary = executable.into();
            }
        }
        for lesson in &lessons {
            ensure!(lesson.binary.exists(), "cargo built no program of {}", lesson.name);
        }
        Ok(lessons)
    }

    /// Runs Cargo to build something, and returns its messages.
    fn cargo(&self, arguments: impl Iterator<Item = OsString>) -> Result<Vec<Value>> {
        // A second Cargo would wait for the first, and say so.
        let _one_at_a_time = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = supervise::run(&Program {
            path: cargo_path().into(),
            arguments: arguments
                .chain(["--message-format=json-render-diagnostics".into()])
                .collect(),
            directory: self.root.clone(),
            environment: Vec::new(),
            deadline: Duration::from_secs(3600),
            output_limit: 64 << 20,
            errors: Errors::Inherited,
        })?;
        match outcome.end {
            End::Exited(0) => {}
            End::Interrupted => return Err(Interrupted.into()),
            _ => bail!(NotBuilt),
        }
        let output = String::from_utf8_lossy(&outcome.output);
        let message =
            |line| serde_json::from_str(line).with_context(|| format!("cargo's message {line}"));
        output.lines().map(message).collect()
    }
}

/// The last program that Cargo has built, by its messages.
fn executable(messages: &[Value]) -> Option<PathBuf> {
    messages.iter().filter_map(|it| it["executable"].as_str()).next_back().map(PathBuf::from)
}

/// The Cargo that runs this.
pub fn cargo_path() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Cargo could not build it, and has said why.
#[derive(Debug)]
pub struct NotBuilt;

impl std::fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it does not build: see Cargo's message above")
    }
}

impl std::error::Error for NotBuilt {}

/// The reader pressed Ctrl-C; nothing is left running.
#[derive(Debug)]
pub struct Interrupted;

impl Interrupted {
    /// The exit status of a program that Ctrl-C ended, as shells give it.
    pub const STATUS: u8 = 130;
}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted; nothing was left running")
    }
}

impl std::error::Error for Interrupted {}
