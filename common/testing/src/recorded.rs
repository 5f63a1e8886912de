//! What a demo did, as strace records it: a second witness for what the demo prints.
//!
//! A time that a demo has measured lies between two spans of its record: what happened inside
//! of the measurement, and what happened around it. That holds on a busy machine too.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;

use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::start;

/// A demo that has ended well.
#[derive(Debug)]
pub struct Recorded {
    /// What it printed.
    pub lines: Vec<String>,
    /// Its calls, in the order in which they began.
    pub calls: Vec<Call>,
}

/// A system call. Times are in seconds since the record began.
#[derive(Debug)]
pub struct Call {
    /// The id of the thread that made it.
    pub tid: i32,
    /// Its name, such as `futex`.
    pub name: String,
    /// Its arguments, as strace writes them: those that are known when it begins.
    pub arguments: String,
    /// What it returned, as strace writes it, with the arguments that are known at its end.
    pub result: String,
    /// When it began.
    pub begin: f64,
    /// When it returned; infinite if it did not.
    pub end: f64,
}

/// A thread or process that was started while the record was made.
#[derive(Debug)]
pub struct Started<'a> {
    /// Its id.
    pub tid: i32,
    /// The name that it gave itself, or none.
    pub name: &'a str,
    /// When the call that started it began.
    pub begin: f64,
    /// When it called exit; infinite if it was killed.
    pub end: f64,
}

/// These calls are in each record.
const ALWAYS: &str = "write,clone,clone3,fork,vfork,prctl,exit,exit_group";

/// Runs a demo to its end, and records some of its calls (`futex,poll`); `options` are more
/// options of strace. `None` if strace cannot be used.
///
/// # Panics
/// If the demo fails, or if the record cannot be read.
pub fn record(demo: &Command, calls: &str, options: &[&str]) -> Option<Recorded> {
    if !start::can_use_strace() {
        return None;
    }
    let file = memfd_create(c"record", MFdFlags::MFD_CLOEXEC).expect("memfd_create");
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    let expression = format!("trace={ALWAYS},{calls}");
    let mut strace = start::with_strace(&expression, Path::new(&path));
    strace.args(["-ttt", "-T", "-v", "-s", "200"]).args(options);
    start::add_program(&mut strace, demo);
    let output = strace.output().expect("strace can be started");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("a demo prints text");
    let record = fs::read_to_string(&path).expect("the record can be read");
    Some(Recorded { lines: text.lines().map(str::to_owned).collect(), calls: calls_in(&record) })
}

/// The calls in a record. Lines about signals and ends are left out.
fn calls_in(record: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut first = None;
    for line in record.lines() {
        let (tid, rest) = line.split_once(' ').expect(line);
        let tid = tid.parse().expect(line);
        let (time, rest) = rest.trim_start().split_once(' ').expect(line);
        // As whole microseconds: a number of seconds since 1970 has no room for them.
        let time: i64 = time.replace('.', "").parse().expect(line);
        let begin = (time - *first.get_or_insert(time)) as f64 / 1e6;
        if let Some(rest) = rest.strip_prefix("<... ") {
            let (_, rest) = rest.split_once(" resumed>").expect(line);
            let call = calls.iter_mut().rfind(|call| call.tid == tid).expect(line);
            (call.result, call.end) = end_of(rest, call.begin);
        } else if !rest.starts_with(['+', '-']) {
            let (name, rest) = rest.split_once('(').expect(line);
            let (arguments, result, end) = match rest.strip_suffix(" <unfinished ...>") {
                Some(arguments) => (arguments, String::new(), f64::INFINITY),
                None => {
                    let (arguments, _) = rest.rsplit_once(" = ").expect(line);
                    let (result, end) = end_of(rest, begin);
                    (arguments, result, end)
                }
            };
            let (name, arguments) = (name.to_owned(), arguments.trim_end().to_owned());
            calls.push(Call { tid, name, arguments, result, begin, end });
        }
    }
    calls
}

/// What a call has returned, and when: `) = 0 <0.000012>`.
fn end_of(text: &str, begin: f64) -> (String, f64) {
    let Some((result, time)) = text.rsplit_once(" <") else {
        return (text.to_owned(), f64::INFINITY);
    };
    let time = time.trim_end_matches('>').parse::<f64>();
    (result.to_owned(), time.map_or(f64::INFINITY, |time| begin + time))
}

impl Call {
    /// The number that it has returned, if it is one.
    pub fn returned(&self) -> Option<i64> {
        let (_, value) = self.result.rsplit_once(" = ")?;
        value.split(' ').next()?.parse().ok()
    }

    /// Whether it was under way at the same time as another.
    pub fn overlaps(&self, other: &Call) -> bool {
        self.begin < other.end && other.begin < self.end
    }
}

impl Recorded {
    /// The calls of a name.
    pub fn named(&self, name: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.name == name).collect()
    }

    /// The call that wrote the first line that begins so.
    ///
    /// # Panics
    /// If there is none.
    pub fn written(&self, line: &str) -> &Call {
        let text = format!("1, \"{line}");
        let found = self.named("write").into_iter().find(|call| call.arguments.starts_with(&text));
        found.unwrap_or_else(|| panic!("nobody wrote {line:?}: {:#?}", self.lines))
    }

    /// The threads and processes that were started, in their order.
    pub fn started(&self) -> Vec<Started<'_>> {
        let calls = self.calls.iter();
        let starts =
            calls.filter(|call| ["clone", "clone3", "fork", "vfork"].contains(&&*call.name));
        let started = |call: &Call| {
            let tid = i32::try_from(call.returned()?).ok().filter(|&tid| tid > 0)?;
            Some(Started { tid, name: self.name(tid), begin: call.begin, end: self.end(tid) })
        };
        starts.filter_map(started).collect()
    }

    /// The name that a thread has given itself; empty if it has not.
    pub fn name(&self, tid: i32) -> &str {
        let prctl = self.calls.iter().find_map(|call| {
            (call.tid == tid).then_some(())?;
            call.arguments.strip_prefix("PR_SET_NAME, \"")?.split('"').next()
        });
        prctl.unwrap_or_default()
    }

    fn end(&self, tid: i32) -> f64 {
        let own = self.calls.iter().filter(|call| call.tid == tid);
        let mut ends = own.filter(|call| call.name.starts_with("exit"));
        ends.next().map_or(f64::INFINITY, |call| call.begin)
    }
}

/// A time as a demo prints it, in seconds: `31.2 ns`, `1.02 s`.
///
/// # Panics
/// If it is something else.
pub fn seconds(time: &str) -> f64 {
    let (number, unit) = time.trim().split_once(' ').unwrap_or_else(|| panic!("no unit: {time}"));
    let factors = [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let factor = factors.iter().find(|(name, _)| *name == unit);
    let factor = factor.unwrap_or_else(|| panic!("no unit of time: {time}")).1;
    number.parse::<f64>().unwrap_or_else(|_| panic!("no number: {time}")) * factor
}

/// Checks a time that a demo has printed, with three digits, against what happened inside of
/// it and around it.
///
/// # Panics
/// If it does not lie between them.
pub fn assert_between(inside: f64, printed: f64, around: f64) {
    let (rounded, microseconds) = (0.006, 5e-6);
    assert!(
        inside * (1.0 - rounded) - microseconds <= printed
            && printed <= around * (1.0 + rounded) + microseconds,
        "{printed} s is not from {inside} to {around} s"
    );
}

/// The system call in which a thread waits now, and its arguments; `None` if it is in none,
/// or if this process may not look.
pub fn waits_in(tid: impl std::fmt::Display) -> Option<(i64, Vec<u64>)> {
    let text = fs::read_to_string(format!("/proc/{tid}/syscall")).ok()?;
    let (number, arguments) = text.split_once(' ')?;
    let hexadecimal = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let arguments = arguments.split_whitespace().map_while(hexadecimal).collect();
    Some((number.parse().ok()?, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"7 1700000000.000100 write(1, "a = b\n", 6) = 6 <0.000020>
7 1700000000.000200 clone3({flags=CLONE_VM} => {parent_tid=[8]}, 88) = 8 <0.000050>
8 1700000000.000300 prctl(PR_SET_NAME, "second") = 0 <0.000010>
7 1700000000.000400 futex(0x1000, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>
8 1700000000.000500 nanosleep({tv_sec=0, tv_nsec=1000},  <unfinished ...>
7 1700000000.000700 <... futex resumed>) = -1 ETIMEDOUT (Connection timed out) <0.000310>
8 1700000000.000800 <... nanosleep resumed>NULL) = 0 <0.000280>
8 1700000000.000900 exit(0)     = ?
8 1700000000.001000 +++ exited with 0 +++
7 1700000000.001100 futex(0x1000, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>
7 1700000000.001200 --- SIGTERM {si_signo=SIGTERM} ---
"#;

    #[test]
    fn a_record_is_read() {
        let recorded = Recorded { lines: Vec::new(), calls: calls_in(RECORD) };
        let names: Vec<_> = recorded.calls.iter().map(|call| &*call.name).collect();
        assert_eq!(names, ["write", "clone3", "prctl", "futex", "nanosleep", "exit", "futex"]);
        assert_eq!(recorded.written("a = b").returned(), Some(6));
        let [first, second] = recorded.named("futex")[..] else { panic!("{recorded:?}") };
        assert_eq!((first.returned(), second.returned()), (Some(-1), None));
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(first.begin, 0.0003) && close(first.end, 0.00061), "{first:?}");
        assert_eq!(second.end, f64::INFINITY);
        assert!(first.overlaps(recorded.named("nanosleep")[0]));
        assert!(!second.overlaps(first));

        let [thread] = &recorded.started()[..] else { panic!("{recorded:?}") };
        assert_eq!((thread.tid, thread.name), (8, "second"));
        assert!(close(thread.begin, 0.0001) && close(thread.end, 0.0008), "{thread:?}");
    }

    #[test]
    fn a_time_is_read_and_checked() {
        let read = ["31.2 ns", "980 µs", "3.97 ms", "1.02 s"].map(seconds);
        for (read, expected) in read.into_iter().zip([31.2e-9, 980e-6, 3.97e-3, 1.02]) {
            assert!((read - expected).abs() < 1e-12, "{read} {expected}");
        }
        assert_between(0.1, 0.2, 0.3);
        for printed in [0.09, 0.31] {
            assert!(std::panic::catch_unwind(|| assert_between(0.1, printed, 0.3)).is_err());
        }
    }
}
