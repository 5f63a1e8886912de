use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid};

/// The last line is printed once, but the children still run on, and fork.
pub fn main() {
    let parent = getpid();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut children = Vec::new();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                println!("{word} has {} letters", word.chars().count());
                children.clear();
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
    if getpid() == parent {
        println!("words: {}", words.len());
    }
}
