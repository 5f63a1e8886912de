use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// The children end, but the last line is printed before they have.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut children = Vec::new();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                println!("{word} has {} letters", word.chars().count());
                exit(0);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    println!("words: {}", words.len());
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}
