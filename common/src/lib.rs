//! What the lessons share, and no more: the menu of demos, the pace of the
//! waits that are there for a person to watch, text that fits the window, pictures,
//! a forked child's life, a wait with a deadline for its end, what /proc tells,
//! what a panic says, a ring buffer between two processes; and for their tests a witness, and demos that run
//! while a test looks on.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "this course is about Linux: build it on Linux, or in WSL2 on Windows \
     (https://learn.microsoft.com/windows/wsl/install)"
);

#[cfg(target_os = "linux")]
pub mod child;
#[cfg(target_os = "linux")]
pub mod cpus;
#[cfg(target_os = "linux")]
pub mod hang;
#[cfg(target_os = "linux")]
pub mod menu;
#[cfg(target_os = "linux")]
mod pace;
#[cfg(target_os = "linux")]
pub mod panics;
#[cfg(target_os = "linux")]
pub mod picture;
#[cfg(target_os = "linux")]
pub mod pidfd;
#[cfg(target_os = "linux")]
pub mod proc;
#[cfg(target_os = "linux")]
pub mod python;
#[cfg(target_os = "linux")]
pub mod text;

#[cfg(target_os = "linux")]
pub use pace::paced;

/// Lets this program end quietly when nobody reads its output any more, as in
/// `02-fork | head -1`.
///
/// Rust ignores SIGPIPE, and then `println!` into a closed pipe panics; this
/// gives the signal its default action back.
#[cfg(target_os = "linux")]
pub fn end_on_closed_pipe() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }
        .expect("SIGPIPE may have its default action");
}

/// The machine or its container does not let a demo show what it is about.
///
/// A demo returns it as its error. The reader sees the sentence, and the exit
/// status is 3, which is how `cargo xtask check` tells "could not be checked
/// here" from "went wrong".
#[derive(Debug)]
pub struct NotHere(pub String);

impl std::fmt::Display for NotHere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotHere {}
