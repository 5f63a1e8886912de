//! The commands of xtask, one a file.

pub mod check;
pub mod check_all;
pub mod copy;
pub mod doctor;
pub mod lesson;
pub mod list;
pub mod my;
pub mod shell_init;
pub mod trace;
