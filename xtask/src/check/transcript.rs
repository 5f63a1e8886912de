//! Runs the commands of a page and compares what they print with what it shows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result};
use common::proc::OWN_PROGRAM;
use common::{Unsupported, refused};
use supervise::{End, Errors, NoAnswer, Outcome, Program};
use transcript::equivalent::{BUDGET, Refusal, equivalent};
use transcript::explain::explain;
use transcript::order::Order;
use transcript::page::{Block, Page, Transcript};
use transcript::phrases::Sort;
use transcript::token::{Id, Line};

use super::command_line::CommandLine;
use super::findings::{Failure, Finding, Kind, Verdict};
use crate::replace::replace;
use crate::workspace::{Interrupted, Lesson};

/// The pace at which the lessons are run: a wait of a second takes 50 ms.
const PACE: f64 = 0.05;

/// The pace at which a reader runs the lessons.
const READERS_PACE: f64 = 1.0;

/// How long a command may take, where the page does not say it.
const DEADLINE: u64 = 30;

/// How many characters of a line are shown where something failed.
const LONGEST_LINE: usize = 300;

/// What a comparison found: the verdict, and the new output if the page may be rewritten
/// with it.
pub struct Compared {
    /// The verdict.
    pub verdict: Verdict,
    /// The output that came in place of the one on the page.
    pub bless: Option<Vec<String>>,
}

impl From<Verdict> for Compared {
    fn from(verdict: Verdict) -> Compared {
        Compared { verdict, bless: None }
    }
}

/// Where a transcript is.
pub struct Place<'a> {
    /// The folder of the workspace.
    pub root: &'a Path,
    /// The page, from there.
    pub path: &'a str,
    /// Which of the page's transcripts it is, from 0.
    pub ordinal: usize,
}

/// Runs the command of a transcript, `slower` than the page says, and compares. With `bless`
/// the page is rewritten where it is not equivalent, by a run at a reader's pace.
///
/// # Errors
/// If the reader interrupts it, or the page cannot be rewritten.
pub fn check(
    place: &Place,
    transcript: &Transcript,
    built: &[Lesson],
    slower: f64,
    bless: bool,
) -> Result<Finding> {
    let Place { root, path, ordinal } = *place;
    let mut compared = rerun(transcript, root, built, slower)?;
    if bless && compared.bless.is_some() {
        // A page shows what a reader gets.
        compared = rerun(transcript, root, built, f64::INFINITY)?;
    }
    let verdict = match compared.bless {
        Some(new) if bless => self::bless(&root.join(path), ordinal, &new)?,
        _ => compared.verdict,
    };
    let place = format!("{path}:{}", transcript.line);
    let what = format!("$ {}", transcript.command);
    Ok(Finding { kind: Kind::Transcript, place, what, verdict })
}

/// Runs a transcript's command and compares.
fn rerun(transcript: &Transcript, root: &Path, built: &[Lesson], slower: f64) -> Result<Compared> {
    let check = &transcript.check;
    if let Some(why) = &check.not_run {
        return Ok(Verdict::NotRun(why.clone()).into());
    }
    let pace = slowed(check.pace.unwrap_or(PACE), slower).to_string();
    let deadline = Duration::from_secs(check.deadline.unwrap_or(DEADLINE)).mul_f64(slower.min(2.0));
    let command = match CommandLine::read(&transcript.command) {
        Ok(command) => command,
        Err(why) => return Ok(Verdict::failed(format!("cannot be run: {why:#}")).into()),
    };
    if let Some(why) = command.missing() {
        return Ok(Verdict::NotChecked(why).into());
    }
    let outcome = match command.run(root, built, &pace, deadline) {
        Ok(outcome) => outcome,
        Err(error) => {
            let (why, is_late) = (format!("cannot be run: {error:#}"), error.is::<NoAnswer>());
            return Ok(Verdict::Failed(Failure { why, is_late, ..Failure::default() }).into());
        }
    };
    if outcome.end == End::Interrupted {
        return Err(Interrupted.into());
    }
    let text = readable(&outcome.output);
    let actual: Vec<&str> = text.split_terminator('\n').collect();
    let again = Some(format!("LESSON_PACE={pace} {}", transcript.command));
    let failed = |why: String, details| {
        let again = again.clone();
        let is_late = is_late(&outcome);
        Ok(Verdict::Failed(Failure { why, details, again, is_late }).into())
    };
    let end = match ended(&outcome) {
        Ok(status) => status,
        Err(why) => return failed(why, last_lines(&actual)),
    };
    if end == i32::from(Unsupported::STATUS)
        && (check.may_refuse || command.is_trace() && !can_trace())
    {
        let why = actual.last().copied().unwrap_or("it does not say why");
        return Ok(Verdict::NotChecked(why.to_owned()).into());
    }
    if transcript.outcomes.iter().all(|outcome| outcome.status != end) {
        let why = format!("exit status {end}, and not {}", check.status);
        // A program that is not ours does not say so by its status.
        if let Some(refused) = refused::reason(&text) {
            return Ok(Verdict::NotChecked(format!("{why}, and {refused}")).into());
        }
        return failed(why, last_lines(&actual));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return failed("the last line has no newline at its end".to_owned(), last_lines(&actual));
    }
    if let Some(line) = transcript.never.iter().find_map(|never| contained(never, &actual)) {
        return failed(
            "printed what must never come".to_owned(),
            vec![format!("here: {}", shortened(line))],
        );
    }
    let mut compared = compare(transcript, &actual, end);
    if let Verdict::Failed(failure) = &mut compared.verdict {
        failure.again = again;
    }
    Ok(compared)
}

/// Whether this system lets a program be traced. It is asked once.
fn can_trace() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let outcome = supervise::run(&Program {
            path: OWN_PROGRAM.into(),
            arguments: ["trace", "--only", "exit", "--", "true"].map(Into::into).into(),
            directory: "/".into(),
            environment: Vec::new(),
            deadline: Duration::from_secs(DEADLINE),
            output_limit: 1 << 16,
            errors: Errors::Merged,
        });
        outcome.is_ok_and(|outcome| outcome.end == End::Exited(0))
    })
}

/// A pace that is `slower`, but not slower than a reader's.
fn slowed(pace: f64, slower: f64) -> f64 {
    (pace * slower).min(pace.max(READERS_PACE))
}

/// What was printed, with each byte that is not UTF-8 as an escape: `\xff`.
fn readable(output: &[u8]) -> String {
    let mut text = String::new();
    for chunk in output.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text += &format!("\\x{byte:02x}"));
    }
    text
}

/// The last lines of an output, for a failure.
fn last_lines(actual: &[&str]) -> Vec<String> {
    let last = actual.len().saturating_sub(8);
    actual[last..].iter().map(|line| format!("printed: {}", shortened(line))).collect()
}

/// The start of a line that is too long to read.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}… ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}

/// The exit status of a run as a shell gives it, or why it failed whatever it printed.
fn ended(outcome: &Outcome) -> Result<i32, String> {
    let status = match outcome.end {
        End::Exited(code) => code,
        End::Killed(signal) => 128 + signal as i32,
        End::DeadlinePassed => {
            return Err("was still running at its deadline and was killed".to_owned());
        }
        End::Flooded => {
            return Err(format!("printed more than {} bytes and was killed", outcome.output.len()));
        }
        End::Interrupted => return Err("was interrupted".to_owned()),
    };
    if let Some(stray) = outcome.left_behind.first() {
        let count = outcome.left_behind.len();
        return Err(format!(
            "ended with exit status {status} and left {count} running (process {}, {}); killed",
            stray.pid, stray.name
        ));
    }
    Ok(status)
}

/// Whether something in a run took too long.
fn is_late(outcome: &Outcome) -> bool {
    outcome.end == End::DeadlinePassed || !outcome.left_behind.is_empty()
}

/// The last line of a forbidden outcome, if its lines are in the output in their order,
/// with ids that fit together. There a number after `≈` means itself.
fn contained<'a>(never: &[String], actual: &[&'a str]) -> Option<&'a str> {
    let exact = |line: &str| line.replace('≈', "=");
    let never: Vec<String> = never.iter().map(|line| exact(line)).collect();
    let output: Vec<String> = actual.iter().map(|line| exact(line)).collect();
    let never: Vec<Line> = never.iter().map(|line| Line::read(line)).collect();
    let output: Vec<Line> = output.iter().map(|line| Line::read(line)).collect();
    last_of(&never, &output, &Renaming::default()).map(|last| actual[last])
}

/// From each id of a page to its id in an output, and back.
#[derive(Clone, Default)]
struct Renaming {
    there: HashMap<(Sort, String), String>,
    back: HashMap<(Sort, String), String>,
}

impl Renaming {
    /// This renaming and the ids of one more line, if they fit together.
    fn and(&self, page: &Line, run: &Line) -> Option<Renaming> {
        let mut more = self.clone();
        let fit = page.shape == run.shape
            && page.ids.iter().zip(&run.ids).all(|(page, run)| {
                let key = |id: &Id| (id.sort, id.value.clone());
                *more.there.entry(key(page)).or_insert_with(|| run.value.clone()) == run.value
                    && *more.back.entry(key(run)).or_insert_with(|| page.value.clone())
                        == page.value
            });
        fit.then_some(more)
    }
}

/// The index of the output's line that is the last of these, if all are there in their order.
fn last_of(never: &[Line], output: &[Line], renaming: &Renaming) -> Option<usize> {
    let (first, rest) = never.split_first()?;
    output.iter().enumerate().find_map(|(index, line)| {
        let renaming = renaming.and(first, line)?;
        if rest.is_empty() {
            return Some(index);
        }
        Some(index + 1 + last_of(rest, &output[index + 1..], &renaming)?)
    })
}

/// Compares an output and its exit status with the outcomes that the page permits.
pub fn compare(transcript: &Transcript, actual: &[&str], status: i32) -> Compared {
    let mut refusal = Refusal::Different;
    for (number, outcome) in transcript.outcomes.iter().enumerate() {
        let page = borrowed(&outcome.output.lines);
        if let Some(why) = outcome.order.fault(&page) {
            // Where the annotation fits the new output, that is what was meant.
            let bless = number == 0 && outcome.order.fault(actual).is_none();
            let bless = bless.then(|| owned(actual));
            return Compared { verdict: Verdict::failed(why), bless };
        }
        if outcome.status != status {
            continue;
        }
        match equivalent(&page, actual, &outcome.order, BUDGET) {
            Ok(()) => return Verdict::Held.into(),
            Err(Refusal::Different) => {}
            Err(other) => refusal = other,
        }
    }
    match refusal {
        Refusal::Different => {}
        Refusal::Impossible(why) => {
            let why = format!("the lines are in an order that cannot be: {why}");
            let details = numbered(actual);
            return Verdict::Failed(Failure { why, details, ..Failure::default() }).into();
        }
        Refusal::Undecided => {
            return Verdict::failed(format!(
                "{BUDGET} steps did not decide whether the output is the one on the page: \
                 let fewer lines interleave, or have each name its process"
            ))
            .into();
        }
    }
    let first = &transcript.outcomes[0];
    let expected = borrowed(&first.output.lines);
    let any_order = Order { before: Vec::new(), together: Vec::new(), ..first.order.clone() };
    if first.status == status && equivalent(&expected, actual, &any_order, BUDGET).is_ok() {
        let why = "the lines are those of the page, in an order that its annotation excludes \
                   (`order` or `together`)";
        let (why, details) = (why.to_owned(), numbered(actual));
        return Verdict::Failed(Failure { why, details, ..Failure::default() }).into();
    }
    let explanation = explain(&expected, actual);
    let mut details = Vec::new();
    for difference in &explanation.differences {
        let whose = difference.actor.as_ref().map_or_else(String::new, |actor| {
            match actor.parse::<u32>() {
                Ok(id) => format!(" of process {id}"),
                Err(_) => format!(" of {actor}"),
            }
        });
        details
            .push(format!("first differing line{whose}, line {} of the output:", difference.line));
        let shown =
            |line: &Option<String>| line.as_deref().map_or("(no more)".to_owned(), shortened);
        details.push(format!("  page: {}", shown(&difference.expected)));
        details.push(format!("  here: {}", shown(&difference.actual)));
    }
    let others = transcript.outcomes.len() - 1;
    if others > 0 {
        details.push(format!("nor is it one of the {others} other outcomes"));
    }
    let why = "the output differs (ids are shown as on the page)".to_owned();
    let verdict = Verdict::Failed(Failure { why, details, ..Failure::default() });
    Compared { verdict, bless: Some(owned(actual)) }
}

/// The lines of an output with their numbers.
fn numbered(lines: &[&str]) -> Vec<String> {
    (1..).zip(lines).map(|(number, line)| format!("{number:>5}  {}", shortened(line))).collect()
}

fn borrowed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Rewrites the output of the transcript with this `ordinal` on a page, and returns the
/// verdict that shows the difference. The page is read again: transcripts before this one
/// may have been rewritten.
///
/// # Errors
/// If the page cannot be read or written.
pub fn bless(page: &Path, ordinal: usize, new: &[String]) -> Result<Verdict> {
    let context = || format!("rewrite {}", page.display());
    let old_page = std::fs::read_to_string(page).with_context(context)?;
    let old = Page::read(&old_page).with_context(context)?;
    let outcome = |page: &Page| {
        let transcript = page.transcripts.get(ordinal);
        transcript.map(|transcript| transcript.outcomes[0].output.clone())
    };
    let output = outcome(&old).context("the page has changed").with_context(context)?;
    let new_page = with_output(&old_page, &output, new);
    // What a page cannot show is not written: a fence or a command in the output.
    let reads_the_same = Page::read(&new_page).is_ok_and(|page| {
        page.transcripts.len() == old.transcripts.len()
            && outcome(&page).is_some_and(|output| output.lines == new)
    });
    if !reads_the_same {
        return Ok(Verdict::failed(
            "the page is left as it is: a block cannot show this output (a fence, a `$` line or \
             a control character is in it)",
        ));
    }
    replace(page, &new_page).with_context(context)?;
    let text =
        |lines: &[String]| -> String { lines.iter().map(|line| format!("{line}\n")).collect() };
    Ok(Verdict::Blessed(changes(&text(&output.lines), &text(new))))
}

/// The lines of two texts: `-` in front of those of the old one only, `+` of the new one only.
pub fn changes(old: &str, new: &str) -> String {
    let change = |change| match change {
        diff::Result::Left(line) => format!("-{line}\n"),
        diff::Result::Both(line, _) => format!(" {line}\n"),
        diff::Result::Right(line) => format!("+{line}\n"),
    };
    diff::lines(old.trim_end_matches('\n'), new.trim_end_matches('\n'))
        .into_iter()
        .map(change)
        .collect()
}

/// A page with these lines in place of an output. They begin and end as its command's line
/// does: in a list or a quotation something precedes it.
fn with_output(page: &str, output: &Block, lines: &[String]) -> String {
    let command = &page[..output.place.start];
    let (before, ending) = match command.strip_suffix("\r\n") {
        Some(before) => (before, "\r\n"),
        None => (command.trim_end_matches('\n'), "\n"),
    };
    let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
    let prefix = &line[..line.find("$ ").unwrap_or(0)];
    let text: String = lines.iter().map(|line| format!("{prefix}{line}{ending}")).collect();
    format!("{command}{text}{}", &page[output.place.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page in a file of its own, blessed with these lines; the verdict, and the page.
    fn blessed(page: &str, lines: &[&str]) -> (Verdict, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.md");
        std::fs::write(&file, page).unwrap();
        let verdict = bless(&file, 0, &owned(lines)).unwrap();
        (verdict, std::fs::read_to_string(&file).unwrap())
    }

    #[test]
    fn a_blessed_page_shows_what_came_wherever_the_block_is() {
        let block = "```console\n$ cargo lesson a\nold\n```\n";
        let after = "\ntext\n\n```console\n$ cargo lesson b\nother\n```\n";
        let with = |before: &str, block: String, after: &str| format!("{before}{block}{after}");
        let prefixed = |prefix: &str| -> String {
            block.lines().map(|line| format!("{prefix}{line}\n")).collect()
        };
        let pages = [
            with("# Title\n\n", block.to_owned(), after),
            with("- a list:\n\n", prefixed("  "), after),
            with("1. a list:\n\n   - in a list:\n\n", prefixed("     "), after),
            with("", prefixed("> "), after),
            with("> - both:\n>\n", prefixed(">   "), after),
            with("", block.to_owned(), after).replace('\n', "\r\n"),
            with("", prefixed("> "), after).replace('\n', "\r\n"),
            block.trim_end().to_owned(),
            with("", block.replace("old\n", ""), after),
            with("", block.replace("old\n", "old\n\n  older\n"), after),
            with("", block.replace("```", "````"), after),
        ];
        for page in &pages {
            for lines in [&["new"][..], &[], &["", "  indented", "", "last"]] {
                let (verdict, new) = blessed(page, lines);
                assert!(matches!(verdict, Verdict::Blessed(_)), "{page}\n{verdict:?}");
                let (old, new) = (Page::read(page).unwrap(), Page::read(&new).unwrap());
                assert_eq!(new.transcripts[0].outcomes[0].output.lines, lines, "{page}");
                assert_eq!(new.transcripts.len(), old.transcripts.len());
                let command = |page: &Page| page.transcripts.last().unwrap().command.clone();
                assert_eq!(command(&new), command(&old));
            }
        }
    }

    #[test]
    fn what_a_page_cannot_show_is_not_written() {
        let page = "```console\n$ cargo lesson a\nold\n```\n\n```console\n$ cargo lesson b\n```\n";
        // A fence, a command, a return.
        for line in ["```", "$ two", "a\r"] {
            let (verdict, new) = blessed(page, &["new", line, "more"]);
            assert!(matches!(verdict, Verdict::Failed(_)), "{line:?}: {verdict:?}");
            assert_eq!(new, page, "{line:?}");
        }
        let (verdict, _) = blessed(&page.replace("```", "````"), &["```"]);
        assert!(matches!(verdict, Verdict::Blessed(_)), "a longer fence can show it");
    }

    #[test]
    fn what_is_not_utf_8_is_shown_byte_by_byte() {
        assert_eq!(readable(b"a\xffb\xc3"), "a\\xffb\\xc3");
        assert_eq!(readable("a\u{fffd}".as_bytes()), "a\u{fffd}");
    }

    #[test]
    fn a_line_that_floods_is_shortened() {
        let flood = "é".repeat(1 << 20);
        assert!(last_lines(&[&flood])[0].len() < 1000);
        assert_eq!(last_lines(&["short"]), ["printed: short"]);
    }

    #[test]
    fn forbidden_lines_have_ids_that_fit_together() {
        let never = owned(&["pid 10 made pid 10"]);
        assert_eq!(contained(&never, &["pid 7 made pid 8"]), None);
        assert_eq!(contained(&never, &["a", "pid 7 made pid 7"]), Some("pid 7 made pid 7"));
        let two = owned(&["pid 1000 starts", "pid 1000 ends"]);
        assert_eq!(contained(&two, &["pid 7 starts", "pid 8 ends"]), None);
        let found = contained(&two, &["pid 7 starts", "pid 8 starts", "x", "pid 8 ends"]);
        assert_eq!(found, Some("pid 8 ends"));
        assert_eq!(contained(&two, &["pid 7 ends", "pid 7 starts"]), None);
        assert_eq!(contained(&owned(&["balance ≈ 0"]), &["balance ≈ 10"]), None);
    }

    /// The transcript on a page, and the verdict on this output.
    fn verdict(page: &str, output: &[&str], status: i32) -> Verdict {
        let page = Page::read(page).unwrap();
        compare(&page.transcripts[0], output, status).verdict
    }

    #[test]
    fn each_outcome_has_its_own_order_and_status() {
        let page = "<!-- check: interleave -->\n```console\n$ a\npid 10: x\npid 11: y\n```\n\nor:\n\n\
                    <!-- check: or; status 1 -->\n```console\n$ a\npid 10: x\npid 11: z\n```\n";
        let held = |output: &[&str], status| matches!(verdict(page, output, status), Verdict::Held);
        assert!(held(&["pid 10: x", "pid 11: y"], 0) && held(&["pid 10: y", "pid 11: x"], 0));
        assert!(held(&["pid 10: x", "pid 11: z"], 1));
        assert!(!held(&["pid 11: z", "pid 10: x"], 1), "in the order of the other outcome");
        assert!(!held(&["pid 10: x", "pid 11: z"], 0) && !held(&["pid 10: x", "pid 11: y"], 1));
    }

    #[test]
    fn an_order_that_the_annotation_excludes_is_named() {
        let page =
            "<!-- check: interleave; order 1 < 2 -->\n```console\n$ a\npid 10: x\npid 11: y\n```\n";
        let why = |page: &str, output: &[&str]| match verdict(page, output, 0) {
            Verdict::Failed(failure) => failure.why,
            other => panic!("{other:?}"),
        };
        assert!(why(page, &["pid 8: y", "pid 7: x"]).contains("its annotation excludes"));
        assert!(why(page, &["pid 8: z", "pid 7: x"]).contains("differs"));
        let page = "<!-- check: interleave -->\n```console\n$ a\npid 11: bye\npid 10: pid 11 has ended\n```\n";
        let too_early = why(page, &["pid 10: pid 11 has ended", "pid 11: bye"]);
        assert!(too_early.contains("cannot be: line 1 says"), "{too_early}");
    }

    #[test]
    fn an_annotation_that_cannot_mean_anything_is_a_failure() {
        let lines = ["a heading", "pid 10: x", "pid 11: y", "pid 11: z", "the end"];
        for annotation in [
            "interleave 1-2",
            "interleave 3-4",
            "interleave 2-9",
            "interleave 1-4",
            "interleave 2-5",
            "anywhere 1",
            "interleave 2-4; anywhere 3",
            "interleave 2-4; order 3 < 4",
            "interleave 2-4; order 1 < 3",
            "interleave 2-4; order 2 < 9",
            "interleave 2-4; together 2-3",
            "order 2 < 3",
        ] {
            let output = lines.join("\n");
            let page = format!("<!-- check: {annotation} -->\n```console\n$ a\n{output}\n```\n");
            assert!(matches!(verdict(&page, &lines, 0), Verdict::Failed(_)), "{annotation}");
        }
    }
}
