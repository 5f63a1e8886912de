//! What a program can do without the explorer: `core` has the atomics of `std`, but they are no
//! steps.

/// The first line that names `core`, and its number.
pub fn line(source: &str) -> Option<(usize, &str)> {
    let line = (1..).zip(source.lines()).find(|(_, line)| names_core(line));
    line.map(|(number, line)| (number, line.trim()))
}

/// Whether `core` is the first part of a path in this line.
fn names_core(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    // Every other part is in quotes.
    code.split('"').step_by(2).any(|code| {
        code.match_indices("core").any(|(at, name)| {
            is_first(&code[..at]) && is_path(&code[..at], &code[at + name.len()..])
        })
    })
}

/// Whether a name after this text is a whole one, and not in a module.
fn is_first(before: &str) -> bool {
    let before = before.strip_suffix("::").unwrap_or(before);
    !before.ends_with(is_in_name)
}

/// Whether a name between these texts is that of a crate or a module.
fn is_path(before: &str, after: &str) -> bool {
    let is_taken = ["use", "crate"].iter().any(|word| before.trim_end().ends_with(word));
    after.trim_start().starts_with("::") || is_taken && !after.starts_with(is_in_name)
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::names_core;

    #[test]
    fn core_is_found_where_it_is_a_path() {
        for line in [
            "use core::sync::atomic::AtomicI64;",
            "    let balance = ::core::sync::atomic::AtomicI64::new(0);",
            "use core as c;",
            "extern crate core;",
            "std::sync::Arc::new(core::cell::Cell::new(0))",
        ] {
            assert!(names_core(line), "{line}");
        }
        for line in [
            "use std::sync::atomic::AtomicI64;",
            "// use core::sync::atomic::AtomicI64;",
            "    println!(\"core::{core}\");",
            "    let core = cores[0];",
            "    score::count();",
            "    crate::core::count();",
            "use corela::count;",
        ] {
            assert!(!names_core(line), "{line}");
        }
    }
}
