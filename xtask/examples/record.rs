//! Prints what the recorder tells of a program, one JSON object an event:
//! `record XTASK (all|shown) PROGRAM [ARGUMENTS]`. The recorder waits for
//! every child of its process, so each recording has a process of its own.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result, bail};
use record::{Event, Program, Refused, Selection, record_under};

fn main() -> Result<()> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [xtask, selection, program @ ..] = &words[..] else { bail!("too few words") };
    let selection = match selection.to_str() {
        Some("all") => Selection::All,
        _ => Selection::default(),
    };
    let folder = std::env::current_dir().context("find the working directory")?;
    let program = Program { words: program, folder: &folder, reads: true };
    let mut tell = |event: Event| {
        println!("{}", event.json());
        ControlFlow::Continue(())
    };
    match record_under(Path::new(xtask), &program, &selection, &mut tell) {
        // As of `xtask trace`.
        Err(error) if error.is::<Refused>() => {
            eprintln!("{error}");
            std::process::exit(3)
        }
        result => result,
    }
}
