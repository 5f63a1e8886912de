use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut children = Vec::new();
    for word in &words {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                println!("{word} has {} letters", word.chars().count());
                // Something is missing here.
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
    println!("words: {}", words.len());
}
