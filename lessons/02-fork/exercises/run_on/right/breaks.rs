use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

/// The child leaves the loop, and then `main`.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut child_of_word = None;
    for word in &words {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            child_of_word = Some(word);
            break;
        }
    }
    match child_of_word {
        Some(word) => println!("{word} has {} letters", word.chars().count()),
        None => {
            while wait().is_ok() {}
            println!("words: {}", words.len());
        }
    }
}
