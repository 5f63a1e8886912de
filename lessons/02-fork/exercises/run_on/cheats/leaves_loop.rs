use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

/// The child forks no more, but it still prints the parent's line.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for word in &words {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            println!("{word} has {} letters", word.chars().count());
            break;
        }
    }
    while wait().is_ok() {}
    println!("words: {}", words.len());
}
