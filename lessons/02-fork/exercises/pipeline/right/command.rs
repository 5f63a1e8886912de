use std::env;
use std::process::{Child, Command, Stdio, exit};

fn start(command: &str, input: Stdio, output: Stdio) -> Child {
    Command::new("sh").arg("-c").arg(command).stdin(input).stdout(output).spawn().expect("sh")
}

/// `Command` closes the ends that it has handed on.
pub fn main() {
    let commands: Vec<String> = env::args().skip(1).collect();
    let mut first = start(&commands[0], Stdio::inherit(), Stdio::piped());
    let first_output = first.stdout.take().expect("a pipe");
    let mut second = start(&commands[1], first_output.into(), Stdio::piped());
    let second_output = second.stdout.take().expect("a pipe");
    let mut third = start(&commands[2], second_output.into(), Stdio::inherit());
    let status = third.wait().expect("wait");
    second.wait().expect("wait");
    first.wait().expect("wait");
    exit(status.code().unwrap_or(1));
}
