use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Counts bytes, and an ü has two.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut children = Vec::new();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                println!("{word} has {} letters", word.len());
                exit(0);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
    println!("words: {}", words.len());
}
