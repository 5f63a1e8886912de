//! How the lessons introduce an id: all that the comparison knows of their wording.

use super::token::Sort;
use Sort::{Address, Descriptor, Port, Process};

/// The text before an id, and what the id is of.
///
/// To add one, add a row, and a line of a lesson's output to the test
/// `an_id_is_known_by_its_context`. A phrase that ends in a letter is the whole word
/// before the id, in lower case; the output may capitalise it and put spaces, `(`, `=`
/// or `:` between the two. Any other phrase is the exact text before the id, where a word
/// is not cut. Keep phrases narrow: a number after one may change from run to run.
pub const IDS: &[(&str, Sort)] = &[
    ("pid", Process),
    ("ppid", Process),
    ("tid", Process),
    ("pgid", Process),
    ("sid", Process),
    ("process", Process),
    ("/proc/", Process),
    ("I (", Process),
    ("parent is ", Process),
    ("port", Port),
    ("127.0.0.1:", Port),
    ("localhost:", Port),
    ("at", Address),
    ("address", Address),
    ("fd", Descriptor),
    ("descriptor", Descriptor),
];

/// The name that starts a line about a thread without printing its id, as in
/// `main: done`.
pub const ACTORS: &[&str] = &["main"];
