//! What the caller and the supervisor tell each other: the request, on the supervisor's
//! command line, and the report.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{End, Errors, Outcome, Program, Stray};

/// A program as the supervisor gets to know it. The environment is not in it:
/// that is the supervisor's own.
#[derive(Debug, PartialEq)]
pub struct Request {
    pub deadline: Duration,
    pub output_limit: usize,
    pub errors: Errors,
    pub directory: PathBuf,
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
}

/// The words of the supervisor's command line that ask it to run a program.
pub fn arguments(program: &Program) -> Vec<OsString> {
    let errors = match program.errors {
        Errors::Merged => "merged",
        Errors::Inherited => "inherited",
    };
    let mut words = vec![
        u64::try_from(program.deadline.as_micros()).unwrap_or(u64::MAX).to_string().into(),
        program.output_limit.to_string().into(),
        errors.into(),
        program.directory.clone().into(),
        program.path.clone().into(),
    ];
    words.extend(program.arguments.iter().cloned());
    words
}

impl Request {
    /// Reads those words.
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request> {
        let mut words = words.into_iter();
        let mut next = |name| words.next().with_context(|| format!("the supervisor needs {name}"));
        let deadline = number(&next("a deadline")?)?;
        let output_limit = number(&next("a limit")?)?;
        let errors = next("a place for errors")?;
        Ok(Request {
            deadline: Duration::from_micros(deadline),
            output_limit: usize::try_from(output_limit)?,
            errors: match errors.as_bytes() {
                b"merged" => Errors::Merged,
                b"inherited" => Errors::Inherited,
                _ => bail!("errors are merged or inherited, not {}", errors.display()),
            },
            directory: next("a directory")?.into(),
            path: next("a program")?.into(),
            arguments: words.collect(),
        })
    }
}

fn number(word: &OsString) -> Result<u64> {
    let text = word.to_str().with_context(|| format!("{} is not a number", word.display()))?;
    text.parse().with_context(|| format!("{text} is not a number"))
}

/// The supervisor's report: a line of JSON, then the output as it is.
pub fn bytes(outcome: &Result<Outcome>) -> Vec<u8> {
    match outcome {
        Ok(outcome) => {
            let header = json!({
                "end": end_to_json(outcome.end),
                "left_behind": strays_to_json(&outcome.left_behind),
                "survivors": strays_to_json(&outcome.survivors),
                "microseconds": outcome.time.as_micros() as u64,
                "cpu_microseconds": outcome.cpu.as_micros() as u64,
                "bytes": outcome.output.len(),
            });
            let mut bytes = format!("{header}\n").into_bytes();
            bytes.extend_from_slice(&outcome.output);
            bytes
        }
        Err(error) => format!("{}\n", json!({ "error": format!("{error:#}") })).into_bytes(),
    }
}

/// Whether all of a report has come.
pub fn is_complete(report: &[u8]) -> bool {
    let Some(newline) = report.iter().position(|byte| *byte == b'\n') else { return false };
    match parse(&report[..newline]) {
        Ok(header) => header["bytes"] == report.len() - newline - 1,
        // Nothing follows an error.
        Err(_) => true,
    }
}

/// Reads that report.
pub fn outcome(report: &[u8]) -> Result<Outcome> {
    let newline = report.iter().position(|byte| *byte == b'\n');
    let newline = newline.context("the supervisor ended without a report")?;
    let (header, output) = (parse(&report[..newline])?, &report[newline + 1..]);
    ensure!(header["bytes"] == output.len(), "the supervisor's report is not complete");
    Ok(Outcome {
        end: end_from_json(&header["end"])?,
        output: output.to_vec(),
        left_behind: strays_from_json(&header["left_behind"])?,
        survivors: strays_from_json(&header["survivors"])?,
        time: duration(&header["microseconds"])?,
        cpu: duration(&header["cpu_microseconds"])?,
    })
}

fn duration(microseconds: &Value) -> Result<Duration> {
    microseconds.as_u64().map(Duration::from_micros).context("no time")
}

/// Reads a line of JSON; an `error` in it is an error here.
fn parse(line: &[u8]) -> Result<Value> {
    let value: Value = serde_json::from_slice(line).context("the report is not JSON")?;
    match value["error"].as_str() {
        Some(error) => Err(anyhow!("{error}")),
        None => Ok(value),
    }
}

fn end_to_json(end: End) -> Value {
    match end {
        End::Exited(status) => json!(["exited", status]),
        End::Killed(signal) => json!(["killed", signal as i32]),
        End::DeadlinePassed => json!(["deadline passed"]),
        End::Flooded => json!(["flooded"]),
        End::Interrupted => json!(["interrupted"]),
    }
}

fn end_from_json(value: &Value) -> Result<End> {
    let number = value[1].as_i64().and_then(|number| i32::try_from(number).ok());
    Ok(match (value[0].as_str(), number) {
        (Some("exited"), Some(status)) => End::Exited(status),
        (Some("killed"), Some(signal)) => End::Killed(Signal::try_from(signal)?),
        (Some("deadline passed"), None) => End::DeadlinePassed,
        (Some("flooded"), None) => End::Flooded,
        (Some("interrupted"), None) => End::Interrupted,
        _ => bail!("{value} is not an end"),
    })
}

fn strays_to_json(strays: &[Stray]) -> Value {
    strays.iter().map(|stray| json!([stray.pid, stray.name])).collect()
}

fn strays_from_json(value: &Value) -> Result<Vec<Stray>> {
    let stray = |value: &Value| {
        let pid = i32::try_from(value[0].as_i64()?).ok()?;
        Some(Stray { pid, name: value[1].as_str()?.to_owned() })
    };
    let strays = value.as_array().and_then(|values| values.iter().map(stray).collect());
    strays.with_context(|| format!("{value} is not a list of strays"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let odd = OsString::from_vec(vec![b'a', 0xff, b'\n']);
        let program = Program {
            path: "--help".into(),
            arguments: vec![odd.clone(), "".into(), "--".into()],
            directory: "/a b".into(),
            environment: Vec::new(),
            deadline: Duration::from_millis(1500),
            output_limit: 7,
            errors: Errors::Inherited,
        };
        let request = Request::parse(arguments(&program)).unwrap();
        assert_eq!(request.arguments, program.arguments);
        assert_eq!((request.path, request.directory), (program.path, program.directory));
        assert_eq!((request.deadline, request.output_limit), (program.deadline, 7));
        assert_eq!(request.errors, Errors::Inherited);
        assert!(Request::parse(["10".into(), "x".into()]).is_err());
    }

    #[test]
    fn a_report_arrives_as_it_was_sent() {
        let ends = [
            End::Exited(3),
            End::Killed(Signal::SIGSEGV),
            End::DeadlinePassed,
            End::Flooded,
            End::Interrupted,
        ];
        for end in ends {
            let sent = Outcome {
                end,
                output: b"\xff\n{\"error\"}\n".to_vec(),
                left_behind: vec![Stray { pid: 7, name: "a \"b\"\n".to_owned() }],
                survivors: Vec::new(),
                time: Duration::from_micros(1234),
                cpu: Duration::from_micros(56),
            };
            let report = bytes(&Ok(sent.clone()));
            assert_eq!(outcome(&report).unwrap(), sent);
            for length in 0..report.len() {
                assert!(!is_complete(&report[..length]), "{length} of {}", report.len());
            }
            assert!(is_complete(&report));
        }
    }

    #[test]
    fn an_error_arrives_and_half_a_report_is_one() {
        let report = bytes(&Err(anyhow!("no permission").context("cannot start x")));
        assert!(is_complete(&report));
        assert_eq!(outcome(&report).unwrap_err().to_string(), "cannot start x: no permission");
        for half in ["", "{", "{}\n", "{\"end\":[\"exited\",0],\"bytes\":2}\nx"] {
            assert!(outcome(half.as_bytes()).is_err(), "{half:?}");
        }
    }
}
