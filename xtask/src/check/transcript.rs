//! Runs the commands of a page and compares what they print with what it shows.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use similar::TextDiff;
use xtask::supervise::{End, Outcome};
use xtask::transcript::equivalent::{BUDGET, Refusal, equivalent};
use xtask::transcript::explain::explain;
use xtask::transcript::page::{Block, Page, Transcript};
use xtask::transcript::token::{Line, Token};

use super::command_line::CommandLine;
use super::findings::{Failure, Finding, Kind, Verdict};
use crate::workspace::{Interrupted, Lesson};

/// The pace at which the lessons are run: a wait of a second takes 50 ms.
const PACE: &str = "0.05";

/// How long a command may take, where the page does not say it.
const DEADLINE: u64 = 30;

/// Exit status of a demo that says that this machine cannot show its point.
const NOT_HERE: i32 = 3;

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

/// Runs the command of a transcript, the one with this `ordinal` on the page `path`, and
/// compares. With `bless` the page is rewritten where it is not equivalent.
///
/// # Errors
/// If the reader interrupts it, or the page cannot be rewritten.
pub fn check(
    root: &Path,
    path: &str,
    ordinal: usize,
    transcript: &Transcript,
    built: &[Lesson],
    bless: bool,
) -> Result<Finding> {
    let compared = rerun(transcript, root, built)?;
    let verdict = match compared.bless {
        Some(new) if bless => self::bless(&root.join(path), ordinal, &new)?,
        _ => compared.verdict,
    };
    let place = format!("{path}:{}", transcript.line);
    let what = format!("$ {}", transcript.command);
    Ok(Finding { kind: Kind::Transcript, place, what, verdict })
}

/// Runs a transcript's command and compares.
fn rerun(transcript: &Transcript, root: &Path, built: &[Lesson]) -> Result<Compared> {
    let check = &transcript.check;
    if let Some(why) = &check.not_run {
        return Ok(Verdict::NotChecked(why.clone()).into());
    }
    let pace = check.pace.as_deref().unwrap_or(PACE);
    let deadline = Duration::from_secs(check.deadline.unwrap_or(DEADLINE));
    let command = match CommandLine::read(&transcript.command) {
        Ok(command) => command,
        Err(why) => return Ok(Verdict::failed(format!("cannot be run: {why:#}")).into()),
    };
    if let Some(why) = command.missing() {
        return Ok(Verdict::NotChecked(why).into());
    }
    let outcome = match command.run(root, built, pace, deadline) {
        Ok(outcome) => outcome,
        Err(why) => return Ok(Verdict::failed(format!("cannot be run: {why:#}")).into()),
    };
    if outcome.end == End::Interrupted {
        return Err(Interrupted.into());
    }
    let text = String::from_utf8_lossy(&outcome.output).into_owned();
    let actual: Vec<&str> = text.lines().collect();
    let again = Some(match command.runs_lesson() {
        true => format!("LESSON_PACE={pace} {}", transcript.command),
        false => transcript.command.clone(),
    });
    if outcome.end == End::Exited(NOT_HERE) && check.status != NOT_HERE {
        return Ok(Verdict::NotChecked(
            actual.last().copied().unwrap_or("it does not say why").to_owned(),
        )
        .into());
    }
    if let Some(why) = ended_badly(&outcome, check.status) {
        let last = actual.len().saturating_sub(8);
        let details = actual[last..].iter().map(|line| format!("printed: {line}")).collect();
        return Ok(Verdict::Failed(Failure { why, details, again }).into());
    }
    if let Some(line) = transcript.never.iter().find_map(|never| contained(never, &actual)) {
        let details = vec![format!("here: {line}")];
        let why = "printed what must never come".to_owned();
        return Ok(Verdict::Failed(Failure { why, details, again }).into());
    }
    let mut compared = compare(transcript, &actual);
    if let Verdict::Failed(failure) = &mut compared.verdict {
        failure.again = again;
    }
    Ok(compared)
}

/// Why a run failed whatever it printed, if it did.
fn ended_badly(outcome: &Outcome, status: i32) -> Option<String> {
    let ended = match outcome.end {
        End::Exited(code) => code,
        End::Killed(signal) => 128 + signal as i32,
        End::DeadlinePassed => {
            return Some("was still running at its deadline and was killed".to_owned());
        }
        End::Flooded => {
            return Some(format!(
                "printed more than {} bytes and was killed",
                outcome.output.len()
            ));
        }
        End::Interrupted => return Some("was interrupted".to_owned()),
    };
    if let Some(stray) = outcome.left_behind.first() {
        let count = outcome.left_behind.len();
        return Some(format!(
            "ended and left {count} running (process {}, {}); killed",
            stray.pid, stray.name
        ));
    }
    (ended != status).then(|| format!("exit status {ended}, and not {status}"))
}

/// The last line of a forbidden outcome, if its lines are in the output in
/// their order. There a number after `≈` means itself.
fn contained<'a>(never: &Block, actual: &[&'a str]) -> Option<&'a str> {
    let exact = |line: &str| -> Vec<Token> { Line::read(&line.replace('≈', "=")).shape };
    let mut found = None;
    let mut rest = actual.iter();
    for line in &never.lines {
        found = Some(*rest.find(|actual| exact(actual) == exact(line))?);
    }
    found
}

/// Compares an output with the outcomes that the page permits.
pub fn compare(transcript: &Transcript, actual: &[&str]) -> Compared {
    let parts = &transcript.check.interleave;
    let expected: Vec<&str> = transcript.output.lines.iter().map(String::as_str).collect();
    if let Some(part) =
        parts.iter().find(|part| *part.end() != usize::MAX && *part.end() > expected.len())
    {
        let lines = expected.len();
        let verdict = Verdict::failed(format!(
            "lines {}-{} may interleave, but there are {lines}",
            part.start(),
            part.end()
        ));
        // Where the new output has so many lines, it is what was meant.
        let bless = (*part.end() <= actual.len()).then(|| owned(actual));
        return Compared { verdict, bless };
    }
    for outcome in std::iter::once(&transcript.output).chain(&transcript.or) {
        if let Some(why) = parts.iter().find_map(|part| permits_nothing(part, &outcome.lines)) {
            return Verdict::failed(why).into();
        }
    }
    let mut refusal = Refusal::Different;
    for outcome in std::iter::once(&transcript.output).chain(&transcript.or) {
        let outcome: Vec<&str> = outcome.lines.iter().map(String::as_str).collect();
        match equivalent(&outcome, actual, parts, BUDGET) {
            Ok(()) => return Verdict::Held.into(),
            Err(Refusal::Undecided) => refusal = Refusal::Undecided,
            Err(Refusal::Different) => {}
        }
    }
    if refusal == Refusal::Undecided {
        return Verdict::failed(format!(
            "{BUDGET} attempts did not decide whether the output is the one on the page: \
             let fewer lines interleave, or have each name its process"
        ))
        .into();
    }
    let explanation = explain(&expected, actual);
    let mut details = Vec::new();
    for difference in &explanation.differences {
        let whose = difference
            .actor
            .as_ref()
            .map_or_else(String::new, |actor| format!(" of process {actor}"));
        details
            .push(format!("first differing line{whose}, line {} of the output:", difference.line));
        details.push(format!("  page: {}", difference.expected.as_deref().unwrap_or("(no more)")));
        details.push(format!("  here: {}", difference.actual.as_deref().unwrap_or("(no more)")));
    }
    if !transcript.or.is_empty() {
        details.push(format!("nor is it one of the {} other outcomes", transcript.or.len()));
    }
    let why = "the output differs (ids are shown as on the page)".to_owned();
    let verdict = Verdict::Failed(Failure { why, details, again: None });
    Compared { verdict, bless: Some(owned(actual)) }
}

/// Why an annotation that lets these lines interleave cannot permit what it means,
/// if it cannot: lines that name nobody are one actor's, and keep their order.
fn permits_nothing(part: &RangeInclusive<usize>, lines: &[String]) -> Option<String> {
    let numbered = (1..).zip(lines).filter(|(number, _)| part.contains(number));
    let (named, nameless): (Vec<_>, Vec<_>) = numbered
        .map(|(number, text)| (number, Line::read(text).actor().map(str::to_owned)))
        .partition(|(_, actor)| actor.is_some());
    if let [(first, _), .., (last, _)] = nameless[..] {
        return Some(format!(
            "lines {first} and {last} may interleave, but name no process or thread, so their \
             order is fixed: let each line name one, or show the other outcomes with `or`"
        ));
    }
    let actors: BTreeSet<_> = named.iter().chain(&nameless).map(|(_, actor)| actor).collect();
    match (actors.len(), named.first()) {
        (1, Some((first, Some(actor)))) => Some(format!(
            "the lines from {first} on may interleave, but all are those of {actor}, which keep \
             their order"
        )),
        _ => None,
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Writes a file beside this one and gives it its name: after a full disk, a kill
/// or a power cut the file is the old one or the new one, whole.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // A symbolic link stays one.
    let file = file.canonicalize()?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    let written = File::create(&new).and_then(|mut written| {
        written.set_permissions(file.metadata()?.permissions())?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        std::fs::rename(&new, &file)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&new);
    }
    written
}

/// Rewrites the output of the transcript with this `ordinal` on a page, and returns the
/// verdict that shows the difference. The page is read again: transcripts before this one
/// may have been rewritten.
///
/// # Errors
/// If the page cannot be read or written.
pub fn bless(page: &Path, ordinal: usize, new: &[String]) -> Result<Verdict> {
    let context = || format!("rewrite {}", page.display());
    let mut markdown = std::fs::read_to_string(page).with_context(context)?;
    let transcripts = Page::read(&markdown).with_context(context)?.transcripts;
    let output =
        &transcripts.get(ordinal).context("the page has changed").with_context(context)?.output;
    let text =
        |lines: &[String]| -> String { lines.iter().map(|line| format!("{line}\n")).collect() };
    let (old, new) = (text(&output.lines), text(new));
    markdown.replace_range(output.place.clone(), &new);
    replace(page, &markdown).with_context(context)?;
    let diff = TextDiff::from_lines(&old, &new);
    Ok(Verdict::Blessed(
        diff.iter_all_changes().map(|change| format!("{}{change}", change.tag())).collect(),
    ))
}
