//! The commands of xtask, one a file.

pub mod check;
pub mod check_all;
pub mod copy;
pub mod doctor;
pub mod learn;
pub mod lesson;
pub mod list;
pub mod my;
pub mod shell_init;
pub mod stamp;
pub mod trace;

use std::ffi::OsString;

/// The arguments of a program, without a first `--`, which readers who know `cargo run` type.
fn without_dashes(arguments: &[OsString]) -> &[OsString] {
    match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => arguments,
    }
}
