//! How the lessons write what the comparison has to understand: all that it knows of
//! their wording. Anything else in a line must come out the same.
//!
//! To add one, add a row, and a line of a lesson's output to the test that is named
//! there. Keep phrases narrow: what comes after one may change from run to run.

use Sort::{Address, Descriptor, Port, Process};

/// The sorts of ids. An id of one sort never matches one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A process, thread, process group or session: the kernel numbers them all with
    /// one counter.
    Process,
    /// A network port.
    Port,
    /// An address in memory, in hexadecimal. All other ids are decimal.
    Address,
    /// A file descriptor.
    Descriptor,
}

/// The text before an id, and what the id is of. A phrase that ends in a letter is the
/// whole word before the id, in lower case; the output may capitalise it and put spaces,
/// `(`, `=` or `:` between the two. Any other phrase is the exact text before the id,
/// where a word is not cut. Test: `an_id_is_known_by_its_context`.
pub const IDS: &[(&str, Sort)] = &[
    ("pid", Process),
    ("ppid", Process),
    ("tid", Process),
    ("pgid", Process),
    ("sid", Process),
    ("/proc/", Process),
    ("Process (", Process),
    ("process (", Process),
    ("I (", Process),
    ("parent is ", Process),
    ("' (", Process), // as Rust names a thread that panics
    ("on port ", Port),
    ("127.0.0.1:", Port),
    ("localhost:", Port),
    ("at", Address),
    ("address", Address),
    ("fd", Descriptor),
];

/// The name that starts a line about a thread without printing its id, as in
/// `main: done`. Test: `a_line_is_written_by_the_process_that_it_names`.
pub const ACTORS: &[&str] = &["main"];

/// What joins a word and a number to the name of a thread, as in `worker-1: done`.
/// Test: as above.
pub const NUMBERED_ACTOR: char = '-';

/// The word before the id of a process that a line is addressed to, so that it is not
/// the one that wrote the line. Test: as above.
pub const ADDRESSED: &[&str] = &["to"];

/// The text before the id of a process or thread that the line says has ended.
/// Test: `an_end_is_known_by_its_words`.
pub const ENDED_BEFORE: &[&str] = &["waited for pid ", "joined tid "];

/// The text after such an id. Test: as above.
pub const ENDED_AFTER: &[&str] =
    &[" has ended", ") has ended", " exited", ") exited", " was killed by", ": killed by"];

/// In a record, the text before the id of a process or thread that begins.
/// Test: `a_record_says_when_and_what_begins`.
pub const BEGINS: &[&str] = &["fork → pid ", "new thread → tid "];

/// The units of durations. Test: `a_time_may_change_its_number_and_its_unit`.
pub const TIMES: &[(&str, f64)] =
    &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("seconds", 1e9)];

/// The words before a duration or a rate that is a bound: it was given, not measured.
/// Test: `a_bound_is_what_it_was`.
pub const BOUNDS: &[&str] = &["at least", "at most", "more than", "less than", "up to", "within"];

/// The characters of which the lessons draw bars, and how full each is.
/// Test: `a_bar_is_as_full_as_the_percentage_after_it`.
pub const FULL: &[(char, f64)] = &[('░', 0.0), ('▒', 0.33), ('▓', 0.67), ('█', 1.0)];
