//! What the lessons share, and no more: the menu of demos, the pace of the waits that a
//! person watches, text and pictures, and what a demo needs to know about a process: how
//! it ends, where it sleeps, which CPUs it may use.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux: build it on Linux, or in WSL2 on Windows \
     (https://learn.microsoft.com/windows/wsl/install)"
);

/// Anywhere else the error above is the only one.
#[cfg(target_os = "linux")]
#[path = "."]
mod linux {
    pub mod cgroup;
    pub mod child;
    pub mod cpus;
    pub mod hang;
    pub mod menu;
    pub mod options;
    pub(crate) mod output;
    pub mod pace;
    pub mod panics;
    pub mod picture;
    pub mod pidfd;
    pub mod proc;
    pub mod progress;
    pub mod python;
    pub mod refused;
    pub mod start;
    pub mod terminal;
    pub mod text;
}

#[cfg(target_os = "linux")]
pub use linux::{pace::paced, *};

/// The machine or its container does not let a demo show what it is about.
///
/// A demo returns it as its error. The reader sees the sentence, and the exit status is
/// [`Unsupported::STATUS`]: `cargo xtask check` then reports "not checked here", not a failure.
#[derive(Debug)]
pub struct Unsupported(pub String);

impl Unsupported {
    /// The exit status of a program, or of a child of it, that ends with this error.
    pub const STATUS: u8 = 3;
}

impl std::fmt::Display for Unsupported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

/// The error of the system with what was asked of it, for `map_err`: `poll: Invalid argument`.
#[cfg(target_os = "linux")]
fn during<E>(what: impl std::fmt::Display) -> impl FnOnce(E) -> std::io::Error
where
    E: std::fmt::Display + Into<std::io::Error>,
{
    move |why| {
        let text = format!("{what}: {why}");
        std::io::Error::new(why.into().kind(), text)
    }
}
