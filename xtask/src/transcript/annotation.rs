//! The HTML comments that say how a block of a page is checked.
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- check: interleave 2-5, 7-9 -->` | these lines may interleave; without numbers: all |
//! | `<!-- check: status 2 -->` | the exit status, as a shell gives it, is 2 and not 0 |
//! | `<!-- check: pace 0.2 -->` | run at this pace, not at the check's own |
//! | `<!-- check: deadline 5 -->` | it must end within 5 seconds |
//! | `<!-- check: or -->` | another permitted outcome of the command in the block before |
//! | `<!-- check: never -->` | lines that the output of that command must not contain in this order; here numbers after `≈` must be equal |
//! | `<!-- check: not run: REASON -->` | shown to the reader only; the summary counts it |
//! | `<!-- check: itself -->` | what the running check prints, compared at its end |
//! | `<!-- source: FILE -->` | the block is an excerpt of that file |
//!
//! `;` joins several directives after one `check:`.

use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail, ensure};

/// What the comment before a block says.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotation {
    /// How to check a transcript.
    Check(Check),
    /// The file of an excerpt, from the root of the workspace.
    Source(String),
}

/// How a transcript is checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// The parts that may interleave.
    pub interleave: Vec<RangeInclusive<usize>>,
    /// The exit status.
    pub status: i32,
    /// The pace, if not the check's own.
    pub pace: Option<String>,
    /// The seconds within which it must end, if not the check's own deadline.
    pub deadline: Option<u64>,
    /// How the block relates to the one before it.
    pub role: Role,
    /// The reason not to run the command.
    pub not_run: Option<String>,
    /// Whether it shows what the check itself prints.
    pub itself: bool,
}

/// How a block relates to the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It is independent.
    #[default]
    Main,
    /// Another permitted outcome.
    Or,
    /// Lines that the output must not contain.
    Never,
}

/// Reads an HTML comment; `None` if it is not an annotation.
///
/// # Errors
/// If it is an annotation that means nothing.
pub fn read(comment: &str) -> Result<Option<Annotation>> {
    let Some(text) = comment.trim().strip_prefix("<!--").and_then(|text| text.strip_suffix("-->"))
    else {
        return Ok(None);
    };
    let text = text.trim();
    if let Some(file) = text.strip_prefix("source:") {
        return Ok(Some(Annotation::Source(file.trim().to_owned())));
    }
    let Some(directives) = text.strip_prefix("check:") else {
        return Ok(None);
    };
    let mut check = Check::default();
    for directive in directives.split(';').map(str::trim) {
        apply(&mut check, directive).with_context(|| format!("annotation '{directive}'"))?;
    }
    Ok(Some(Annotation::Check(check)))
}

fn apply(check: &mut Check, directive: &str) -> Result<()> {
    let (word, value) = directive.split_once(' ').unwrap_or((directive, ""));
    match (word, value.trim()) {
        ("interleave", "") => check.interleave.push(1..=usize::MAX),
        ("interleave", parts) => {
            for part in parts.split(',') {
                let (first, last) = part.trim().split_once('-').context("a part is FIRST-LAST")?;
                let line =
                    |number: &str| number.parse().with_context(|| format!("line '{number}'"));
                let part = line(first)?..=line(last)?;
                ensure!(
                    0 < *part.start() && part.start() < part.end(),
                    "lines are counted from 1, and a part has two or more"
                );
                check.interleave.push(part);
            }
        }
        ("status", value) => check.status = value.parse().context("a status is a number")?,
        ("pace", value) => {
            value.parse::<f64>().context("a pace is a number")?;
            check.pace = Some(value.to_owned());
        }
        ("deadline", value) => {
            check.deadline = Some(value.parse().context("a deadline is a number of seconds")?)
        }
        ("or", "") => check.role = Role::Or,
        ("itself", "") => check.itself = true,
        ("never", "") => check.role = Role::Never,
        ("not", value) => {
            let reason =
                value.strip_prefix("run:").map(str::trim).filter(|reason| !reason.is_empty());
            check.not_run = Some(reason.context("write `not run: REASON`")?.to_owned());
        }
        _ => bail!(
            "unknown directive; available: interleave, status, pace, deadline, or, never, not run, \
             itself"
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read() {
        let check = |comment| match read(comment).unwrap() {
            Some(Annotation::Check(check)) => check,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            check("<!-- check: interleave 2-3, 5-9; status 2 -->").interleave,
            [2..=3, 5..=9]
        );
        assert_eq!(check("<!-- check: interleave 2-3; status 2 -->").status, 2);
        assert_eq!(check("<!-- check: interleave -->").interleave, [1..=usize::MAX]);
        assert_eq!(check("<!-- check: pace 0.2 -->").pace.as_deref(), Some("0.2"));
        assert_eq!(check("<!-- check: deadline 5 -->").deadline, Some(5));
        assert_eq!(check("<!-- check: or -->").role, Role::Or);
        assert_eq!(
            check("<!-- check: not run: takes an hour -->").not_run.as_deref(),
            Some("takes an hour")
        );
        let source = read("<!-- source: lessons/02-fork/notes.py -->").unwrap();
        assert_eq!(source, Some(Annotation::Source("lessons/02-fork/notes.py".to_owned())));
        assert_eq!(read("<!-- a remark -->").unwrap(), None);
    }

    #[test]
    fn an_unknown_or_malformed_directive_is_an_error() {
        for comment in [
            "<!-- check: interleaved -->",
            "<!-- check: interleave 3-2 -->",
            "<!-- check: interleave 0-2 -->",
            "<!-- check: interleave 2 -->",
            "<!-- check: status two -->",
            "<!-- check: not run -->",
            "<!-- check: not run: -->",
            "<!-- check: -->",
        ] {
            assert!(read(comment).is_err(), "{comment}");
        }
    }
}
