use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pause};

/// The child stays where it is until its parent kills it.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut children = Vec::new();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                println!("{word} has {} letters", word.chars().count());
                loop {
                    pause();
                }
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    for child in children {
        kill(child, Signal::SIGKILL).expect("kill");
        waitpid(child, None).expect("waitpid");
    }
    println!("words: {}", words.len());
}
