//! Follows a program with ptrace(2) and reports what the kernel saw it do: its
//! forks, waits, pipes, futexes, exits, and those of all its descendants.
//!
//! The program is started by a starter, xtask itself under a hidden word, which
//! waits until it is traced, installs a filter (seccomp(2)) that stops the
//! program at the selected calls only, and becomes the program. All other calls
//! run at full speed. If this process ends, the kernel kills what it traces
//! (`PTRACE_O_EXITKILL`).

mod arch;
mod calls;
mod channels;
mod event;
mod filter;
mod group;
mod ids;
mod memory;
mod starter;
mod tracer;
mod words;

pub use event::{End, Event};
pub use group::{Group, Selection};
pub use starter::{SUBCOMMAND, note_signals, start};
pub use tracer::{
    Program, Refused, State, Steps, Tell, interrupt, is_running, record, record_running,
    record_under, runs_on, step, was_interrupted,
};
pub use words::printable;
