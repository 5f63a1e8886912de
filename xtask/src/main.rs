//! `cargo xtask`: runs the lessons and verifies them against their chapters.

mod check;
mod cli;
mod commands;
mod package;
mod practice;
mod python;
mod replace;
mod workspace;
mod wrap;

use std::process::ExitCode;

use common::options::exit_code;

use workspace::Interrupted;

const COMMANDS: &[cli::Command] = &[
    commands::list::COMMAND,
    commands::check::COMMAND,
    commands::check_all::COMMAND,
    commands::copy::COMMAND,
    commands::doctor::COMMAND,
    commands::learn::COMMAND,
    commands::shell_init::COMMAND,
    commands::stamp::COMMAND,
    commands::trace::COMMAND,
];

/// Ctrl-C: ends what runs. It is called in a thread of its own.
fn interrupted() {
    supervise::interrupt();
    if record::is_running() {
        // The record ends by itself, with what the program is waiting for. If something of the
        // program is left, it ends here.
        for _ in 0..300 {
            let tells = record::interrupt();
            if tells {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            if !record::is_running() {
                return;
            }
            if !tells {
                break;
            }
        }
        // When the tracer is gone, the kernel kills what it traced, or lets it run on if it
        // ran before.
        if record::runs_on() {
            eprintln!("xtask: interrupted; what was traced runs on");
        } else {
            eprintln!("xtask: {Interrupted}");
        }
        std::process::exit(Interrupted::STATUS.into());
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(word) if word == supervise::SUBCOMMAND => return supervise::supervisor(arguments),
        Some(word) if word == record::SUBCOMMAND => return record::start(arguments),
        Some(word) if word == commands::lesson::SUBCOMMAND => {
            return commands::lesson::run(arguments);
        }
        Some(word) if word == practice::interleave::SUBCOMMAND => {
            return practice::interleave::run(arguments);
        }
        Some(word) if word == commands::my::SUBCOMMAND => return commands::my::run(arguments),
        _ => {}
    }
    record::note_signals();
    common::start::put_right();
    if let Err(why) = ctrlc::set_handler(interrupted) {
        eprintln!("xtask: Ctrl-C will not clean up: {why}");
    }
    match cli::run(COMMANDS, std::env::args_os().skip(1)) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            if error.is::<Interrupted>() {
                ExitCode::from(Interrupted::STATUS)
            } else {
                exit_code(&error)
            }
        }
    }
}
