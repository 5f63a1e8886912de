use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// The parent prints all lines; its children do nothing.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => exit(0),
            ForkResult::Parent { child } => {
                println!("{word} has {} letters", word.chars().count());
                waitpid(child, None).expect("waitpid");
            }
        }
    }
    println!("words: {}", words.len());
}
