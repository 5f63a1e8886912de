//! The results of tests and of judges, kept so that a check need not do the same work twice.
//!
//! As `go test` does it: a result is kept beside the program, with a hash of all that it is known
//! to depend on. Only where everything held is it passed over the next time, and only while the
//! hash is the same.

use std::env;
use std::fs::{self, File};
use std::hash::Hash;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use common::refused;
use nix::sys::utsname::uname;
use nix::unistd::getpid;
use xxhash_rust::xxh3::Xxh3;

use crate::python;
use crate::workspace::Lesson;

/// The result of one test program, or of one exercise.
pub struct Kept {
    file: PathBuf,
    /// What it depends on.
    hash: String,
}

impl Kept {
    /// What is kept in this file, or is to be, of what depends on these files and these
    /// `surroundings`.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn of(kept_in: PathBuf, files: &[PathBuf], surroundings: &Surroundings) -> Result<Kept> {
        let Surroundings(hasher) = surroundings.with(files)?;
        Ok(Kept { file: kept_in, hash: format!("{:032x}", hasher.digest128()) })
    }

    /// The names of the tests, if all of them held the last time and nothing that they depend on
    /// has changed.
    pub fn tests(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string(&self.file).ok()?;
        let mut lines = text.lines();
        let same = lines.next() == Some(&self.hash);
        same.then(|| lines.map(str::to_owned).collect())
    }

    /// Keeps that all tests held, or, if `tests` is empty, nothing. Where that cannot be written
    /// they run again the next time.
    pub fn set(&self, tests: &[String]) {
        let _ = match tests {
            [] => fs::remove_file(&self.file),
            tests => self.write(tests),
        };
    }

    /// Writes beside the file, and renames: another check may read or write it just now.
    fn write(&self, tests: &[String]) -> io::Result<()> {
        let new = self.file.with_extension(format!("held-{}", getpid()));
        fs::write(&new, format!("{}\n{}\n", self.hash, tests.join("\n")))?;
        fs::rename(&new, &self.file)
    }
}

/// What all tests of a lesson depend on: its program, its Python programs, which are in its folder,
/// and the machine.
pub struct Surroundings(Xxh3);

impl Surroundings {
    /// Those of a lesson.
    ///
    /// # Errors
    /// If a file of it cannot be read.
    pub fn of(root: &Path, lesson: &Lesson) -> Result<Surroundings> {
        let folder = root.join(lesson.folder());
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        files.push(lesson.binary.clone());
        let mut hasher = Xxh3::new();
        files.iter().try_for_each(|path| file(path, &mut hasher))?;
        machine(root, &mut hasher);
        Ok(Surroundings(hasher))
    }

    /// The same with more files.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn with(&self, files: &[PathBuf]) -> Result<Surroundings> {
        let mut hasher = self.0.clone();
        files.iter().try_for_each(|path| file(path, &mut hasher))?;
        Ok(Surroundings(hasher))
    }
}

fn file(path: &Path, hasher: &mut Xxh3) -> Result<()> {
    path.hash(hasher);
    contents(path, hasher).with_context(|| format!("read {}", path.display()))
}

fn contents(file: &Path, hasher: &mut Xxh3) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut part = vec![0; 1 << 17];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(()),
            count => hasher.update(&part[..count]),
        }
    }
}

/// What the system allows and demos depend on. (The limits of a control group lie where the second
/// says.)
const FILES: [&str; 8] = [
    "/proc/self/limits",
    "/proc/self/cgroup",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/threads-max",
    "/proc/sys/kernel/sched_autogroup_enabled",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/vm/max_map_count",
    "/sys/kernel/mm/transparent_hugepage/enabled",
];

/// The kernel, the user, what the system allows this user, and the programs that tests start.
fn machine(root: &Path, hasher: &mut Xxh3) {
    if let Ok(kernel) = uname() {
        (kernel.release(), kernel.version(), kernel.machine()).hash(hasher);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of_user = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        ["Uid", "Gid", "CapEff", "NoNewPrivs", "Seccomp", "Cpus_allowed"].contains(&name)
    };
    status.lines().filter(of_user).for_each(|line| line.hash(hasher));
    for file in FILES {
        fs::read(file).unwrap_or_default().hash(hasher);
    }
    for (call, why) in refused::calls() {
        (call, *why as i32).hash(hasher);
    }
    let path = python::variable(root).and_then(|(_, path)| path).or(env::var_os("PATH"));
    path.hash(hasher);
    for folder in path.iter().flat_map(env::split_paths) {
        for program in ["python3", "strace"] {
            if let Ok(found) = fs::metadata(folder.join(program)) {
                (program, found.ino(), found.len(), found.mtime(), found.mtime_nsec()).hash(hasher);
            }
        }
    }
}
