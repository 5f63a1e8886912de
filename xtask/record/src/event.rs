//! What is recorded.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::libc;
use serde_json::{Value, json};

use super::Group;

/// Something that a process or thread did, or that happened to it.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it was over, from the start of the program.
    pub at: Duration,
    /// How long it took, for a call that may wait for something.
    pub took: Option<Duration>,
    /// The id of the process or thread.
    pub id: i32,
    /// The id of the process that it is, or belongs to.
    pub process: i32,
    /// Its name at that time.
    pub name: String,
    /// What kind of event it is.
    pub group: Group,
    /// The system call as the kernel names it; `None` for what happened to it.
    pub call: Option<String>,
    /// The call's arguments, as numbers.
    pub arguments: Vec<u64>,
    /// What the call returned: a number, or -1 and more for an error number.
    pub result: Option<i64>,
    /// The child that came to be, in the parent's event.
    pub child: Option<i32>,
    /// A child that had ended and that the process never waited for, when the process ends.
    pub zombie: Option<i32>,
    /// How the process or thread ended, in its last event.
    pub end: Option<End>,
    /// What happened, in words.
    pub text: String,
}

/// How a process or thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit status.
    Exited(i32),
    /// Killed by this signal.
    Killed(i32),
    /// Another thread of its process became a new program.
    Replaced,
}

impl Event {
    /// When it began, for a call that may wait for something; otherwise when it was over.
    pub fn began(&self) -> Duration {
        self.at.saturating_sub(self.took.unwrap_or_default())
    }

    /// Whether it asks how a child is, and does not wait for it (`WNOHANG`).
    pub fn asks(&self) -> bool {
        let flags = match self.call.as_deref() {
            Some("wait4") => self.arguments.get(2),
            Some("waitid") => self.arguments.get(3),
            _ => None,
        };
        flags.is_some_and(|flags| flags & libc::WNOHANG as u64 != 0)
    }

    /// Reads what [`json`](Self::json) returns.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_json(line: &str) -> Result<Event> {
        let value: Value = serde_json::from_str(line)?;
        let seconds = |name: &str| {
            let seconds = value[name].as_f64();
            seconds.map(Duration::try_from_secs_f64).transpose().with_context(|| name.to_owned())
        };
        let id = |name: &str| -> Option<i32> { value[name].as_i64()?.try_into().ok() };
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let arguments = value["arguments"].as_array().into_iter().flatten();
        let of_end = |name: &str| value["end"][name].as_i64().and_then(|it| it.try_into().ok());
        let end = match value["end"].as_str() {
            Some("replaced") => Some(End::Replaced),
            _ => of_end("exited").map(End::Exited).or(of_end("killed").map(End::Killed)),
        };
        Ok(Event {
            at: seconds("at")?.context("at")?,
            took: seconds("took")?,
            id: id("id").context("id")?,
            process: id("process").context("process")?,
            name: text("name").context("name")?,
            group: match text("group").context("group")?.as_str() {
                // Nobody can ask for it by its name.
                "other" => Group::Other,
                word => word.parse().map_err(anyhow::Error::msg)?,
            },
            call: text("call"),
            arguments: arguments.filter_map(Value::as_u64).collect(),
            result: value["result"].as_i64(),
            child: id("child"),
            zombie: id("zombie"),
            end,
            text: text("text").context("text")?,
        })
    }

    /// The event as JSON, as the help of `trace` describes it.
    pub fn json(&self) -> Value {
        let end = self.end.map(|end| match end {
            End::Exited(status) => json!({ "exited": status }),
            End::Killed(signal) => json!({ "killed": signal }),
            End::Replaced => json!("replaced"),
        });
        json!({
            "at": self.at.as_secs_f64(), "took": self.took.map(|took| took.as_secs_f64()),
            "id": self.id, "process": self.process, "name": self.name,
            "group": self.group.to_string(), "call": self.call, "arguments": self.arguments,
            "result": self.result, "child": self.child, "zombie": self.zombie,
            "end": end, "text": self.text,
        })
    }
}
