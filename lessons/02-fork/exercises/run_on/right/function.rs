use nix::libc;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Starts a child that does this, and only this.
fn start(work: impl FnOnce()) -> Pid {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            work();
            // SAFETY: it only ends this process.
            unsafe { libc::_exit(0) }
        }
    }
}

pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for word in &words {
        let child = start(|| println!("{word} has {} letters", word.chars().count()));
        waitpid(child, None).expect("waitpid");
    }
    println!("words: {}", words.len());
}
