//! The HTML comments that say how a block of a page is checked.
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- check: interleave 2-5, 7-9 -->` | the actors of these lines may interleave; without numbers: of all |
//! | `<!-- check: order 3 < 5, 4 < 5 -->` | but line 3 comes before line 5, and line 4 does |
//! | `<!-- check: together 2-3 -->` | these lines of one actor come one right after the other |
//! | `<!-- check: anywhere 4 -->` | line 4, which names nobody, may come anywhere in its part |
//! | `<!-- check: status 2 -->` | the exit status, as a shell gives it, is 2 and not 0 |
//! | `<!-- check: may refuse -->` | exit status 3 says that this machine cannot show it: not checked |
//! | `<!-- check: pace 0.2 -->` | run at this pace, not at the check's own |
//! | `<!-- check: deadline 5 -->` | it must end within 5 seconds |
//! | `<!-- check: or -->` | another permitted outcome of the command in the block before |
//! | `<!-- check: never -->` | lines that the output of that command must not contain in this order; here numbers after `≈` must be equal |
//! | `<!-- check: not run: REASON -->` | shown to the reader only; the summary counts it |
//! | `<!-- check: itself -->` | what the running check prints, compared at its end |
//!
//! `;` joins several directives after one `check:`. Each is there once. `interleave`,
//! `order`, `together`, `anywhere` and `status` are about one outcome, so an `or` has its own; all other
//! directives belong to the first block of a command.
//!
//! Some right outputs cannot be on a page. A line that begins with `$ ` is always read as the next
//! command. An id that the kernel gives a second time, after its first owner has ended, is taken
//! for the same process, so the output differs from a run in which it is another. And what Python's
//! `get_ident` returns is an id only in the words of `phrases.rs`; a page prints
//! `get_native_id` instead, or writes `≈` before it.

use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail, ensure};

use super::order::Order;

/// How a transcript is checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// The order of its lines.
    pub order: Order,
    /// The exit status.
    pub status: i32,
    /// Whether exit status 3 says that this machine cannot show it.
    pub may_refuse: bool,
    /// The pace, if not the check's own.
    pub pace: Option<f64>,
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
/// If it is an annotation that means nothing, or a remark that is written like one.
pub fn read(comment: &str) -> Result<Option<Check>> {
    let Some(text) = comment.trim().strip_prefix("<!--").and_then(|text| text.strip_suffix("-->"))
    else {
        ensure!(!looks_like_one(comment), "an annotation is a comment of its own, in one piece");
        return Ok(None);
    };
    let text = text.trim();
    let Some(directives) = text.strip_prefix("check:") else {
        ensure!(!looks_like_one(comment), "an annotation starts with `check:`");
        return Ok(None);
    };
    let mut check = Check::default();
    let mut seen = Vec::new();
    for directive in directives.split(';').map(str::trim) {
        let word = directive.split(' ').next().unwrap_or_default();
        ensure!(!seen.contains(&word), "annotation '{directive}': '{word}' is there twice");
        seen.push(word);
        apply(&mut check, directive).with_context(|| format!("annotation '{directive}'"))?;
    }
    let alone = match check.role {
        Role::Main => &[][..],
        Role::Or => &["or", "interleave", "order", "together", "anywhere", "status"],
        Role::Never => &["never"],
    };
    if let Some(word) = seen.iter().find(|word| !alone.is_empty() && !alone.contains(word)) {
        bail!("annotation '{word}' belongs to the first block of the command");
    }
    Ok(Some(check))
}

/// Whether a comment was meant to be an annotation: it starts with its word.
pub fn looks_like_one(html: &str) -> bool {
    let mut comments = html.split("<!--").skip(1).map(|comment| comment.trim().to_lowercase());
    comments.any(|comment| comment.starts_with("check"))
}

fn apply(check: &mut Check, directive: &str) -> Result<()> {
    let (word, value) = directive.split_once(' ').unwrap_or((directive, ""));
    match (word, value.trim()) {
        ("interleave", "") => check.order.interleave = Order::interleave_all().interleave,
        ("interleave", parts) => check.order.interleave = ranges(parts)?,
        ("together", parts) => check.order.together = ranges(parts)?,
        ("anywhere", lines) => {
            let lines = lines.split(',').map(line).collect::<Result<Vec<_>>>();
            check.order.anywhere = lines.context("write `anywhere LINE`")?;
        }
        ("order", pairs) => {
            for pair in pairs.split(',') {
                let (first, second) = pair.split_once('<').context("write `order LINE < LINE`")?;
                let pair = (line(first)?, line(second)?);
                ensure!(pair.0 < pair.1, "on the page, line {} comes first", pair.1);
                check.order.before.push(pair);
            }
        }
        ("status", value) => {
            check.status = value.parse().context("a status is a number")?;
            ensure!((0..256).contains(&check.status), "a status is a number from 0 to 255");
        }
        ("may", "refuse") => check.may_refuse = true,
        ("pace", value) => {
            let pace: f64 = value.parse().context("a pace is a number")?;
            ensure!(pace.is_finite() && pace > 0.0, "a pace is more than 0");
            check.pace = Some(pace);
        }
        ("deadline", value) => {
            let seconds = value.parse().context("a deadline is a number of seconds")?;
            ensure!(seconds > 0, "a deadline is more than 0");
            check.deadline = Some(seconds);
        }
        ("or", "") => check.role = role(check.role, Role::Or)?,
        ("never", "") => check.role = role(check.role, Role::Never)?,
        ("itself", "") => check.itself = true,
        ("not", value) => {
            let reason =
                value.strip_prefix("run:").map(str::trim).filter(|reason| !reason.is_empty());
            check.not_run = Some(reason.context("write `not run: REASON`")?.to_owned());
        }
        _ => bail!(
            "unknown directive; available: interleave, order, together, anywhere, status, may refuse, pace, \
             deadline, or, never, not run, itself"
        ),
    }
    Ok(())
}

/// Parts of a block, that have no line in common.
fn ranges(parts: &str) -> Result<Vec<RangeInclusive<usize>>> {
    let mut ranges: Vec<RangeInclusive<usize>> = Vec::new();
    for part in parts.split(',') {
        let (first, last) = part.trim().split_once('-').context("a part is FIRST-LAST")?;
        let part = line(first)?..=line(last)?;
        ensure!(part.start() < part.end(), "a part has two lines or more");
        let overlaps = ranges.iter().any(|it| it.start() <= part.end() && part.start() <= it.end());
        ensure!(!overlaps, "two parts have a line in common");
        ranges.push(part);
    }
    Ok(ranges)
}

/// The number of a line.
fn line(number: &str) -> Result<usize> {
    let line = number.trim().parse().with_context(|| format!("line '{}'", number.trim()))?;
    ensure!(line > 0, "lines are counted from 1");
    Ok(line)
}

fn role(now: Role, new: Role) -> Result<Role> {
    ensure!(now == Role::Main, "a block is either another outcome or a forbidden one");
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read() {
        let check = |comment| match read(comment).unwrap() {
            Some(check) => check,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            check("<!-- check: interleave 2-3, 5-9; status 2 -->").order.interleave,
            [2..=3, 5..=9]
        );
        assert_eq!(check("<!-- check: interleave 2-3; status 2 -->").status, 2);
        assert_eq!(check("<!-- check: interleave -->").order, Order::interleave_all());
        let order = check("<!-- check: interleave 1-5; order 1 < 2, 3<5; anywhere 4 -->").order;
        assert_eq!((order.before, order.anywhere), (vec![(1, 2), (3, 5)], vec![4]));
        assert!(check("<!-- check: may refuse -->").may_refuse);
        let or = check("<!-- check: or; interleave 1-2; status 1 -->");
        assert_eq!((or.role, or.status, or.order.interleave), (Role::Or, 1, vec![1..=2]));
        assert_eq!(check("<!-- check: pace 0.2 -->").pace, Some(0.2));
        assert_eq!(check("<!-- check: deadline 5 -->").deadline, Some(5));
        assert_eq!(check("<!-- check: or -->").role, Role::Or);
        assert_eq!(
            check("<!-- check: not run: takes an hour -->").not_run.as_deref(),
            Some("takes an hour")
        );
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
            "<!-- check: interleave 1-3, 3-4 -->",
            "<!-- check: interleave 1-2; interleave 3-4 -->",
            "<!-- check: order 2 -->",
            "<!-- check: order 3 < 2 -->",
            "<!-- check: anywhere -->",
            "<!-- check: status 1; status 2 -->",
            "<!-- check: status 256 -->",
            "<!-- check: status -1 -->",
            "<!-- check: pace nan -->",
            "<!-- check: pace inf -->",
            "<!-- check: pace 0 -->",
            "<!-- check: deadline 0 -->",
            "<!-- check: may -->",
            "<!-- check: or; pace 1 -->",
            "<!-- check: or; or -->",
            "<!-- check: or; never -->",
            "<!-- check: or; not run: no -->",
            "<!-- check: never; status 1 -->",
            "<!-- check: never; interleave -->",
            "<!-- checks: status 1 -->",
            "<!-- check status 1 -->",
            "<!-- Check: never -->",
            "<!-- a remark --> <!-- check: never -->",
            "<!-- check: status 1 --> <b>bold</b>",
        ] {
            assert!(read(comment).is_err(), "{comment}");
        }
    }
}
