//! What may go to a thread: six programs in which a thread changes main's balance. Four do not
//! compile, so they are not part of this one, and `rustc` says why. Compare with `scoped`.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use common::Unsupported;
use common::options::UsageError;

mod moved;
mod mutex;

/// The name of a program, and its text.
type Program = (&'static str, &'static str);

const BORROW: Program = ("borrow", include_str!("send/borrow.rs"));
const MOVED: Program = ("moved", include_str!("send/moved.rs"));
const SCOPED: Program = ("scoped", include_str!("send/scoped.rs"));
const RC: Program = ("rc", include_str!("send/rc.rs"));
const ARC: Program = ("arc", include_str!("send/arc.rs"));
const MUTEX: Program = ("mutex", include_str!("send/mutex.rs"));

pub fn run(show: Option<String>) -> Result<()> {
    if let Some(name) = show {
        return show_message(&name);
    }
    ask_rustc(BORROW)?;

    print_name(MOVED);
    moved::main();

    ask_rustc(SCOPED)?;
    ask_rustc(RC)?;
    ask_rustc(ARC)?;

    print_name(MUTEX);
    mutex::main();
    Ok(())
}

/// The name, and the program's own first line.
fn print_name((name, text): Program) {
    let about = text.lines().next().unwrap_or_default().trim_start_matches("//! ");
    println!("{name}.rs: {about}");
}

fn ask_rustc(program: Program) -> Result<()> {
    print_name(program);
    let message = compile(program)?;
    let codes = codes(&message);
    ensure!(!codes.is_empty(), "rustc: no error with a code, but:\n{message}");
    match missing_trait(&message) {
        Some(name) => println!("  rustc: {}, about `{name}`", codes.join(", ")),
        None => println!("  rustc: {}", codes.join(", ")),
    }
    Ok(())
}

/// What rustc says about it. With an error in the program, rustc writes no file.
fn compile((_, text): Program) -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--emit", "metadata=-", "-"]);
    rustc.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut rustc = match rustc.spawn() {
        Err(why) if why.kind() == ErrorKind::NotFound => {
            return Err(Unsupported("there is no rustc here to ask".to_owned()).into());
        }
        rustc => rustc.context("start rustc")?,
    };
    let mut stdin = rustc.stdin.take().context("rustc's standard input")?;
    // If rustc has ended already, what it said matters.
    let written = stdin.write_all(text.as_bytes());
    drop(stdin);
    let output = rustc.wait_with_output().context("wait for rustc")?;
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    written.with_context(|| format!("write to rustc, which said: {message}"))?;
    Ok(message)
}

/// `error[E0277]` of each line that begins with one.
fn codes(message: &str) -> Vec<&str> {
    let errors = message.lines().filter(|line| line.starts_with("error["));
    errors.filter_map(|line| line.split(':').next()).collect()
}

/// `Send` or `Sync`, whichever the message names first.
fn missing_trait(message: &str) -> Option<&str> {
    message.split('`').find(|word| ["Send", "Sync"].contains(word))
}

fn show_message(name: &str) -> Result<()> {
    let programs = [BORROW, SCOPED, RC, ARC];
    let names = programs.map(|(name, _)| name);
    let unknown = || UsageError::unknown(&format!("wrong program '{name}'"), names);
    let program = programs.into_iter().find(|program| program.0 == name).ok_or_else(unknown)?;
    print!("{}", compile(program)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_message_is_found_and_nothing_else() {
        let message = "warning: unused\nerror[E0001]: one `Copy` is\n  error[E0003]: no\n\
                       error[E0002]: two\n  = help: `Sync` for `Send`\nerror: aborting\n";
        assert_eq!(codes(message), ["error[E0001]", "error[E0002]"]);
        assert_eq!(missing_trait(message), Some("Sync"));
        assert_eq!(missing_trait("error[E0001]: Send is not in `Sendable`"), None);
    }

    #[test]
    fn a_program_that_is_right_or_unknown_is_not_shown() {
        for name in ["mutex", "never"] {
            let error = run(Some(name.to_owned())).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("no wrong program '{name}'; available: borrow, scoped, rc, arc")
            );
        }
    }
}
