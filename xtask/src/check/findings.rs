//! What a check found, and how it is reported: to a person, and as JSON.

use std::time::{Duration, Instant};

use common::text;
use serde_json::{Value, json};

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command and its output on a page.
    Transcript,
    /// A test of a lesson.
    Test,
    /// What a judge says of a program of an exercise.
    Judgement,
    /// A quotation of a source file.
    Excerpt,
    /// A link or a picture.
    Link,
    /// That a demo has a page of its own that runs it.
    Demo,
    /// What every page must have: a place in the table of contents, its reading time.
    Page,
    /// A Chinese page, compared with the English one.
    Translation,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Transcript,
        Kind::Test,
        Kind::Judgement,
        Kind::Excerpt,
        Kind::Link,
        Kind::Demo,
        Kind::Page,
        Kind::Translation,
    ];

    fn plural(self) -> &'static str {
        match self {
            Kind::Transcript => "transcripts",
            Kind::Test => "tests",
            Kind::Judgement => "judgements",
            Kind::Excerpt => "excerpts",
            Kind::Link => "links",
            Kind::Demo => "demos",
            Kind::Page => "pages",
            Kind::Translation => "translations",
        }
    }

    fn counted(self, count: usize) -> String {
        let plural = self.plural();
        format!("{count} {}", if count == 1 { &plural[..plural.len() - 1] } else { plural })
    }
}

/// How a check came out.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// As it should.
    Held,
    /// As it should when it was run before, and nothing that it depends on has changed.
    HeldBefore,
    /// The page was rewritten; the difference.
    Blessed(String),
    /// It could not be checked here, and why.
    NotChecked(String),
    /// The page only shows it, and why.
    NotRun(String),
    /// Not as it should.
    Failed(Failure),
}

/// What went wrong.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// In a line.
    pub why: String,
    /// What was expected and what came, line by line.
    pub details: Vec<String>,
    /// The command to run it again.
    pub again: Option<String>,
    /// Whether something took longer than it may, as it would on a busy machine.
    pub is_late: bool,
}

impl Verdict {
    /// A failure that one line explains.
    pub fn failed(why: impl Into<String>) -> Verdict {
        Verdict::Failed(Failure { why: why.into(), ..Failure::default() })
    }
}

/// One thing that was checked.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where it is: `docs/02-fork/zombie.md:36`.
    pub place: String,
    /// Which one: the command, the file, the test.
    pub what: String,
    /// How it came out.
    pub verdict: Verdict,
}

/// All that was found about one lesson, or about the pages that belong to none.
#[derive(Debug)]
pub struct Section {
    /// The lesson's name.
    pub name: String,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Where its own page is, and what there must be one of.
    required: (String, Vec<Kind>),
    /// What was run: its name, when it began, and how long it took.
    runs: Vec<(String, Instant, Duration)>,
}

impl Section {
    /// A section in which nothing was found yet. In the end it must have one finding at
    /// least of each `required` kind; that one is missing is a finding about `page`.
    pub fn new(name: &str, page: &str, required: &[Kind]) -> Section {
        let required = (page.to_owned(), required.to_vec());
        Section { name: name.to_owned(), findings: Vec::new(), required, runs: Vec::new() }
    }

    /// Adds what is missing, when everything has been run.
    pub fn complete(&mut self) {
        let (place, kinds) = std::mem::take(&mut self.required);
        for kind in kinds {
            if !self.findings.iter().any(|finding| finding.kind == kind) {
                let what = format!("{} of {}", kind.plural(), self.name);
                let (place, verdict) = (place.clone(), Verdict::failed("none found"));
                self.findings.push(Finding { kind, place, what, verdict });
            }
        }
    }

    /// Adds what was found by running something.
    pub fn add(&mut self, name: &str, findings: Vec<Finding>, begun: Instant, time: Duration) {
        self.findings.extend(findings);
        self.runs.push((name.to_owned(), begun, time));
    }

    /// From the first start to the last end of what was run.
    fn time(&self) -> Duration {
        let begun = self.runs.iter().map(|(_, begun, _)| *begun).min();
        let ended = self.runs.iter().map(|(_, begun, time)| *begun + *time).max();
        begun.zip(ended).map_or(Duration::ZERO, |(begun, ended)| ended - begun)
    }

    /// Whether nothing failed.
    pub fn held(&self) -> bool {
        self.failures().next().is_none()
    }

    fn failures(&self) -> impl Iterator<Item = (&Finding, &Failure)> {
        self.findings.iter().filter_map(|finding| match &finding.verdict {
            Verdict::Failed(failure) => Some((finding, failure)),
            _ => None,
        })
    }

    fn held_before(&self) -> usize {
        let held_before = |finding: &&Finding| matches!(finding.verdict, Verdict::HeldBefore);
        self.findings.iter().filter(held_before).count()
    }

    fn not_checked(&self) -> impl Iterator<Item = (&Finding, &str)> {
        self.findings.iter().filter_map(|finding| match &finding.verdict {
            Verdict::NotChecked(why) | Verdict::NotRun(why) => Some((finding, why.as_str())),
            _ => None,
        })
    }

    /// The section as a person reads it: a line, and what did not hold.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.line()];
        lines.extend(self.details());
        lines
    }

    fn line(&self) -> String {
        let failed = self.failures().count();
        let not_checked = self.not_checked().count();
        let mut line = format!("{:<13}  {}", self.name, counts(std::slice::from_ref(self)));
        if not_checked > 0 {
            line += &format!(", {not_checked} not checked");
        }
        line += &if failed > 0 { format!(": {failed} FAILED") } else { ": ok".to_owned() };
        line + &format!(" ({})", text::time(self.time()))
    }

    /// What failed, what was rewritten and what was not checked, in full.
    fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let Finding { place, what, .. } = finding;
            match &finding.verdict {
                Verdict::Held | Verdict::HeldBefore => {}
                Verdict::Blessed(diff) => {
                    lines.push(format!("  blessed: {place}: {what}"));
                    lines.extend(diff.lines().map(|line| format!("    {line}")));
                }
                Verdict::NotChecked(why) | Verdict::NotRun(why) => {
                    lines.push(format!("  not checked: {place}: {what}: {why}"))
                }
                Verdict::Failed(failure) => lines.extend(failed(finding, failure)),
            }
        }
        lines
    }

    /// The section as JSON.
    pub fn json(&self) -> Value {
        let failed = |(finding, failure): (&Finding, &Failure)| {
            json!({
                "kind": finding.kind.plural().trim_end_matches('s'), "place": finding.place, "what": finding.what,
                "why": failure.why, "details": failure.details, "again": failure.again,
            })
        };
        let not_checked = |(finding, why): (&Finding, &str)| json!({ "place": finding.place, "what": finding.what, "why": why });
        let counts: serde_json::Map<_, _> = Kind::ALL
            .iter()
            .map(|kind| {
                (
                    kind.plural().to_owned(),
                    self.findings.iter().filter(|f| f.kind == *kind).count().into(),
                )
            })
            .collect();
        json!({
            "name": self.name,
            "held": self.held(),
            "counts": counts,
            "not_run_again": self.held_before(),
            "failed": self.failures().map(failed).collect::<Vec<_>>(),
            "not_checked": self.not_checked().map(not_checked).collect::<Vec<_>>(),
            "seconds": self.time().as_secs_f64(),
        })
    }
}

/// What failed, why, and how to see it again.
fn failed(Finding { place, what, .. }: &Finding, failure: &Failure) -> Vec<String> {
    let mut lines = vec![format!("  FAILED: {place}: {what}: {}", failure.why)];
    lines.extend(failure.details.iter().map(|line| format!("    {line}")));
    lines.extend(failure.again.iter().map(|command| format!("    run it again: {command}")));
    lines
}

/// All that failed, once more after a report in which it is easily overlooked: one with
/// several sections.
pub fn failed_again(sections: &[Section]) -> Vec<String> {
    if sections.len() == 1 {
        return Vec::new();
    }
    let failures = sections.iter().flat_map(Section::failures);
    failures.flat_map(|(finding, failure)| failed(finding, failure)).collect()
}

/// How much was checked: `2 transcripts, 1 test, 4 links`.
fn counts(sections: &[Section]) -> String {
    let findings = || sections.iter().flat_map(|section| &section.findings);
    let kinds = [Kind::Transcript, Kind::Test, Kind::Judgement, Kind::Excerpt, Kind::Link];
    let counts =
        kinds.map(|kind| (kind, findings().filter(|finding| finding.kind == kind).count()));
    let named: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| kind.counted(*count))
        .collect();
    if named.is_empty() { "nothing".to_owned() } else { named.join(", ") }
}

/// The twenty runs that took longest, slowest first.
pub fn slowest(sections: &[Section]) -> String {
    let mut runs: Vec<_> = sections.iter().flat_map(|section| &section.runs).collect();
    runs.sort_by_key(|(_, _, time)| std::cmp::Reverse(*time));
    let rows = runs.iter().take(20).map(|(name, _, time)| (text::time(*time), name.as_str()));
    common::options::aligned(rows)
}

/// What was not run again, if anything was not.
pub fn kept(sections: &[Section]) -> Option<String> {
    let tests: usize = sections.iter().map(Section::held_before).sum();
    (tests > 0).then(|| {
        let were = if tests == 1 { "test or judgement was" } else { "tests and judgements were" };
        format!(
            "{tests} {were} not run again, because nothing relevant has changed: --again runs all"
        )
    })
}

/// The last line of a check, but for notes.
pub fn summary(sections: &[Section], time: Duration) -> String {
    let failed: usize = sections.iter().map(|section| section.failures().count()).sum();
    let not_checked: usize = sections.iter().map(|section| section.not_checked().count()).sum();
    let verdict = if failed > 0 { format!("{failed} FAILED") } else { "all held".to_owned() };
    format!("{}: {verdict}, {not_checked} not checked ({})", counts(sections), text::time(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_said_once_more_after_several_sections() {
        let section = |verdict| {
            let mut section = Section::new("02-fork", "docs/02-fork/README.md", &[]);
            let (place, what) = ("docs/02-fork/zombie.md:36".to_owned(), "$ ps".to_owned());
            section.findings.push(Finding { kind: Kind::Transcript, place, what, verdict });
            section
        };
        let details = vec!["page: Z".to_owned(), "here: S".to_owned()];
        let again = Some("cargo lesson 02-fork zombie".to_owned());
        let failure = Failure { why: "it differs".to_owned(), details, again, is_late: false };
        let failed = || section(Verdict::Failed(failure.clone()));
        let lines = [
            "  FAILED: docs/02-fork/zombie.md:36: $ ps: it differs",
            "    page: Z",
            "    here: S",
            "    run it again: cargo lesson 02-fork zombie",
        ];
        assert_eq!(failed_again(&[section(Verdict::Held), failed()]), lines);
        assert_eq!(failed().lines()[1..], lines);
        assert!(failed_again(&[failed()]).is_empty(), "the line above the summary says it");
        assert!(failed_again(&[section(Verdict::Held), section(Verdict::HeldBefore)]).is_empty());
    }
}
