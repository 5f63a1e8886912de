//! A lesson that goes wrong in every way.

use std::process::Command;

fn shell(script: &str) {
    Command::new("sh").args(["-c", script]).status().expect("sh");
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("--list") => println!("hang\tgoes on"),
        Some("stray") => shell("setsid sleep 20 &"),
        Some("flood") => loop {
            println!("{}", "flood ".repeat(1000));
        },
        Some("once") => match std::fs::create_dir("once") {
            Ok(()) => println!("for the first time"),
            Err(_) => println!("once more"),
        },
        Some("suicide") => shell("kill -KILL $PPID"),
        _ => {
            println!("still here");
            shell("sleep 20");
        }
    }
}
