//! A witness for tests: what a program asked of the kernel, and what the kernel answered.
//!
//! A program that prints a plausible number need not have measured it. strace records its
//! system calls: the counts that the kernel gave, the messages between processes, and when
//! all of that was. A test computes from them what the program should have printed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::start;

/// A system call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name, such as `read`.
    pub name: String,
    /// Its arguments as strace writes them, with all bytes of a string as `\x0a`.
    pub arguments: String,
    /// What it returned; -1 if it failed, or never returned.
    pub result: i64,
    /// When it began, to the microsecond, on the clock of the time of day.
    pub start: Duration,
    /// When it returned. Its caller saw it begin before `start` and return after `end`.
    pub end: Duration,
}

/// A process or a thread, and its calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its id.
    pub id: i64,
    /// Its calls in their order.
    pub calls: Vec<Call>,
    /// The signal that killed it, such as `SIGKILL`.
    pub killed_by: Option<String>,
}

/// What a program printed, and the calls of all its processes and threads.
#[derive(Debug)]
pub struct Record {
    /// The lines of its standard output.
    pub lines: Vec<String>,
    /// The program's first thread comes first; the order of the others means nothing.
    callers: Vec<Caller>,
}

impl Call {
    /// The first argument, where it is a number: mostly a descriptor.
    pub fn descriptor(&self) -> Option<i64> {
        self.arguments.split(',').next()?.parse().ok()
    }

    /// The bytes of the first string among its arguments.
    pub fn bytes(&self) -> Vec<u8> {
        let text = self.arguments.split('"').nth(1).unwrap_or_default();
        let bytes = text.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16));
        bytes.collect::<Result<_, _>>().expect("strace writes each byte as two digits")
    }

    /// The first string among its arguments, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The number of a field of a structure, such as `ru_nvcsw`.
    pub fn field(&self, name: &str) -> Option<i64> {
        let (_, rest) = self.arguments.split_once(&format!("{name}="))?;
        rest.split([',', '}']).next()?.parse().ok()
    }

    /// Reads a line that strace wrote. `None` if it is about something else, or about a call
    /// that a signal interrupted and that is made again.
    fn parse(line: &str) -> Option<Self> {
        let (start, rest) = line.split_once(' ')?;
        let (call, result) = rest.rsplit_once(") = ").or_else(|| {
            // It fills up with spaces what is short.
            let (call, result) = rest.rsplit_once(" = ")?;
            Some((call.trim_end().strip_suffix(')')?, result))
        })?;
        let (name, arguments) = call.split_once('(')?;
        // The kernel makes it again by itself, and then it is there a second time.
        let is_made_again = ["ERESTARTSYS", "ERESTARTNOINTR", "ERESTART_RESTARTBLOCK"];
        if is_made_again.iter().any(|name| result.contains(name)) {
            return None;
        }
        let number = result.split(' ').next()?;
        let number = match number.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok()?,
            None if number == "?" => -1,
            None => number.parse().ok()?,
        };
        let seconds = |text: &str| Some(Duration::from_secs_f64(text.parse().ok()?));
        // A sum of f64 would not be exact to the microsecond.
        let (whole, micros) = start.split_once('.')?;
        let micros = Duration::from_micros(micros.parse().ok()?);
        let start = Duration::from_secs(whole.parse().ok()?) + micros;
        // A call that never returned has no end.
        let took = result.rsplit_once('<').and_then(|(_, took)| seconds(took.strip_suffix('>')?));
        let (name, arguments) = (name.to_owned(), arguments.to_owned());
        Some(Self { name, arguments, result: number, start, end: start + took.unwrap_or_default() })
    }
}

impl Caller {
    /// Its calls by this name.
    pub fn calls<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.name == name)
    }

    /// The ids of the processes and threads that it started, in their order.
    pub fn started(&self) -> Vec<i64> {
        let starts = self.calls.iter().filter(|call| is_start(&call.name));
        starts.map(|call| call.result).filter(|&id| id > 0).collect()
    }
}

impl Record {
    /// The first thread of the program.
    pub fn first(&self) -> &Caller {
        &self.callers[0]
    }

    /// A process or thread by its id.
    ///
    /// # Panics
    /// If it made none of the calls that were recorded.
    pub fn caller(&self, id: impl Into<i64>) -> &Caller {
        let id = id.into();
        let caller = self.callers.iter().find(|caller| caller.id == id);
        caller.unwrap_or_else(|| panic!("{id} made none of the calls"))
    }

    /// All of them.
    pub fn callers(&self) -> impl Iterator<Item = &Caller> {
        self.callers.iter()
    }
}

/// The files that were read one after the other, each to its end.
pub fn files_read(calls: &[Call]) -> Vec<String> {
    let mut files = vec![String::new()];
    for call in calls.iter().filter(|call| call.name == "read") {
        if call.result == 0 {
            files.push(String::new());
        } else if let Some(file) = files.last_mut() {
            file.push_str(&call.text());
        }
    }
    files
}

/// Whether a call starts a process or a thread.
pub fn is_start(name: &str) -> bool {
    matches!(name, "clone" | "clone3" | "fork" | "vfork")
}

/// Runs a program to its end and records these calls of it, and those that start processes
/// and threads. `None` if strace cannot be used: then the test is passed over.
///
/// # Errors
/// If it does not end well.
pub fn record(program: &Command, calls: &str, folder: &Path) -> Result<Option<Record>> {
    if !start::can_use_strace() {
        return Ok(None);
    }
    let mut strace = start::command("strace");
    strace.args(["-ff", "--seccomp-bpf", "-qq", "-v", "-xx", "-s", "1000000", "-ttt", "-T"]);
    strace.args(["-e", &format!("trace=execve,?clone,?clone3,?fork,?vfork,{calls}")]);
    strace.arg("-o").arg(folder.join("calls"));
    start::add_program(&mut strace, program);
    let output = strace.output().context("start strace")?;
    ensure!(output.status.success(), "{program:?}: {output:?}");
    let text = String::from_utf8(output.stdout)?;

    let mut callers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(id) = name.strip_prefix("calls.") else { continue };
        let text = fs::read_to_string(&path)?;
        let calls = text.lines().filter_map(Call::parse).collect();
        let killed = text.lines().last().and_then(|line| line.split_once("+++ killed by "));
        let killed_by = killed.and_then(|(_, rest)| Some(rest.split(' ').next()?.to_owned()));
        callers.push(Caller { id: id.parse()?, calls, killed_by });
    }
    // Before all others the program itself was executed.
    callers.sort_by_key(|caller| caller.calls.first().map_or(Duration::MAX, |call| call.start));
    ensure!(!callers.is_empty(), "strace has recorded nothing");
    Ok(Some(Record { lines: text.lines().map(str::to_owned).collect(), callers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_all_processes_are_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = start::command("sh");
        shell
            .args(["-c", "echo \"a = b\"; (cd /no/such/folder 2> /dev/null; echo \"$1\"; kill -9 $(exec sh -c 'echo $PPID')); exit 0"]);
        shell.args(["sh", "child"]);
        let Some(record) = record(&shell, "write,chdir", folder.path()).unwrap() else { return };
        assert_eq!(record.lines, ["a = b", "child"]);
        let first = record.first();
        assert_eq!(first.calls("write").next().unwrap().text(), "a = b\n");
        assert_eq!(first.calls("write").next().unwrap().descriptor(), Some(1));
        let [child] = first.started()[..] else { panic!("{record:?}") };
        let child = record.caller(child);
        assert_eq!(child.calls("write").last().unwrap().bytes(), b"child\n");
        assert_eq!((child.killed_by.as_deref(), &first.killed_by), (Some("SIGKILL"), &None));
        assert_eq!(child.calls("chdir").next().unwrap().result, -1);
        assert!(child.calls.iter().all(|call| call.start <= call.end));
    }

    #[test]
    fn a_line_of_strace_is_a_call() {
        let call = Call::parse(
            "12.000345 getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=7}, \
            ru_nvcsw=13, ru_nivcsw=2}) = 0 <0.000010>",
        );
        let call = call.unwrap();
        assert_eq!((call.field("ru_nvcsw"), call.field("ru_nivcsw")), (Some(13), Some(2)));
        assert_eq!(call.start, Duration::from_micros(12_000_345));
        assert_eq!(call.end - call.start, Duration::from_micros(10));
        let call = Call::parse("1.000000 getpid()         = 0x1f <0.000001>").unwrap();
        assert_eq!((call.name.as_str(), call.result), ("getpid", 31));
        let call = Call::parse("1.000000 pause() = ?").unwrap();
        assert_eq!((call.result, call.start), (-1, call.end));
        for line in [
            "1.0 read(3, 0x1, 1) = ? ERESTARTSYS (To be restarted)",
            "1.0 --- SIGCHLD {si_pid=1} ---",
            "+++ exited",
        ] {
            assert!(Call::parse(line).is_none(), "{line}");
        }
    }
}
