use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

/// The last line is printed when the children have most probably ended.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for word in &words {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            println!("{word} has {} letters", word.chars().count());
            exit(0);
        }
    }
    sleep(Duration::from_millis(100));
    println!("words: {}", words.len());
    while wait().is_ok() {}
}
