//! For classrooms: what became of all exercises that were begun.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::{Judged, file, judge};
use crate::practice::{self, Exercise};
use crate::workspace::Workspace;

/// An exercise, what its judge says (none if it was not begun), and how long that took.
type Row = (&'static Exercise, Option<Judged>, Duration);

/// Judges all exercises, and writes a JUnit report into the file, or JSON to standard output.
pub fn run(workspace: &Workspace, junit: Option<&Path>) -> Result<ExitCode> {
    let mut rows = Vec::new();
    for exercise in practice::all() {
        let begun = Instant::now();
        let judged =
            file(workspace, exercise).exists().then(|| judge(workspace, exercise)).transpose()?;
        rows.push((exercise, judged, begun.elapsed()));
    }
    match junit {
        Some(file) => std::fs::write(file, junit_report(&rows))
            .with_context(|| format!("write {}", file.display()))?,
        None => println!("{:#}", json_report(&rows)),
    }
    let is_wrong = |row: &Row| matches!(row.1, Some(Judged::Wrong(_) | Judged::NotBuilt(_)));
    Ok(if rows.iter().any(is_wrong) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn json_report(rows: &[Row]) -> serde_json::Value {
    let row = |(exercise, judged, time): &Row| {
        let (state, why, details) = match judged {
            None => ("not begun", None, &[][..]),
            Some(Judged::Right(_)) => ("right", None, &[][..]),
            Some(Judged::Wrong(fault)) => ("wrong", Some(&fault.what), &fault.details[..]),
            Some(Judged::NotBuilt(why)) => ("does not compile", Some(why), &[][..]),
            Some(Judged::NotHere(why)) => ("not judged", Some(why), &[][..]),
        };
        json!({
            "lesson": exercise.lesson, "name": exercise.name, "state": state, "why": why,
            "details": details, "seconds": time.as_secs_f64(),
        })
    };
    rows.iter().map(row).collect()
}

/// In the form that Jenkins, GitLab and others read.
fn junit_report(rows: &[Row]) -> String {
    let count = |is: fn(&Option<Judged>) -> bool| rows.iter().filter(|row| is(&row.1)).count();
    let failures = count(|it| matches!(it, Some(Judged::Wrong(_) | Judged::NotBuilt(_))));
    let skipped = count(|it| matches!(it, None | Some(Judged::NotHere(_))));
    let mut report = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"exercises\" \
         tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\">\n",
        rows.len()
    );
    for (exercise, judged, time) in rows {
        // Writing to a string cannot fail.
        let _ = write!(
            report,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
            exercise.lesson,
            exercise.name,
            time.as_secs_f64()
        );
        report += &match judged {
            None => "<skipped message=\"not begun\"/>".to_owned(),
            Some(Judged::NotHere(why)) => format!("<skipped message=\"{}\"/>", escaped(why)),
            Some(Judged::Right(_)) => String::new(),
            Some(wrong) => {
                let details = match wrong {
                    Judged::Wrong(fault) => fault.details.join("\n"),
                    _ => String::new(),
                };
                format!(
                    "<failure message=\"{}\">{}</failure>",
                    escaped(wrong.line()),
                    escaped(&details)
                )
            }
        };
        report += "</testcase>\n";
    }
    report + "</testsuite>\n"
}

/// Text as it may stand in XML: a record may have any bytes.
fn escaped(text: &str) -> String {
    let escaped = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::Fault;

    #[test]
    fn a_report_is_well_formed_whatever_a_program_printed() {
        let fault = Fault::new("<&\"\u{1}>", vec!["]]> \u{7}".to_owned()]);
        let exercise = practice::all().next().unwrap();
        let rows = [
            (exercise, Some(Judged::Wrong(fault)), Duration::ZERO),
            (exercise, None, Duration::ZERO),
        ];
        let report = junit_report(&rows);
        assert!(report.contains("tests=\"2\" failures=\"1\" skipped=\"1\""), "{report}");
        assert!(
            report.contains("message=\"&lt;&amp;&quot;\u{fffd}&gt;\">]]&gt; \u{fffd}<"),
            "{report}"
        );
    }
}
