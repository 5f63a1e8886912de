//! Measurements for other programs to read: one JSON object a line.

use std::fmt::Debug;

/// A JSON object with these members, on one line. Rust writes numbers and plain text in
/// quotes as JSON does.
pub fn object(members: &[(&str, &dyn Debug)]) -> String {
    let members = members.iter().map(|(name, value)| format!("{name:?}:{value:?}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_are_written_as_json() {
        let written =
            object(&[("name", &"Python's \"Pipe\""), ("count", &2), ("seconds", &1.5e-9)]);
        assert_eq!(written, r#"{"name":"Python's \"Pipe\"","count":2,"seconds":1.5e-9}"#);
    }
}
