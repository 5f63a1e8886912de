//! The two ends of a forked child's life: how it ends, and who waits for it.

use anyhow::{Context, Result, ensure};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};

/// Ends this process, a forked child. Its parent learns only the exit status,
/// 0 or 1, so it tells its error itself.
pub fn exit(result: Result<()>) -> ! {
    if let Err(error) = &result {
        // One write a line, or lines of several processes would mix.
        let line = format!("pid {}: {error:#}\n", getpid());
        eprint!("{line}");
    }
    std::process::exit(result.is_err().into())
}

/// Waits until a child has ended.
///
/// # Errors
/// If it did not end with exit status 0, or is no child of this process.
pub fn wait_for(child: Pid) -> Result<()> {
    let status = waitpid(child, None).with_context(|| format!("waitpid({child})"))?;
    ensure!(status == WaitStatus::Exited(child, 0), "child {child} ended badly: {status:?}");
    Ok(())
}
