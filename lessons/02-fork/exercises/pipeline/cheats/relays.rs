use std::env;
use std::io;
use std::process::{Child, Command, Stdio, exit};
use std::thread;

fn start(command: &str, input: Stdio, output: Stdio) -> Child {
    Command::new("sh").arg("-c").arg(command).stdin(input).stdout(output).spawn().expect("sh")
}

/// Two threads of the program carry what one command prints to the next.
pub fn main() {
    let commands: Vec<String> = env::args().skip(1).collect();
    let mut first = start(&commands[0], Stdio::inherit(), Stdio::piped());
    let mut second = start(&commands[1], Stdio::piped(), Stdio::piped());
    let mut third = start(&commands[2], Stdio::piped(), Stdio::inherit());
    thread::scope(|scope| {
        for (from, to) in
            [(first.stdout.take(), second.stdin.take()), (second.stdout.take(), third.stdin.take())]
        {
            scope.spawn(move || io::copy(&mut from.expect("output"), &mut to.expect("input")));
        }
    });
    first.wait().expect("wait");
    second.wait().expect("wait");
    exit(third.wait().expect("wait").code().unwrap_or(1));
}
