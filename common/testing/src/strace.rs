//! The system calls of a program, as strace records them: a second witness for what it prints.
//!
//! A program that prints a plausible number need not have measured it. The record has the counts
//! that the kernel gave, the messages between processes, and when each call began and ended. A
//! test computes from them what the program should have printed.
//!
//! ```no_run
//! # let demo = std::process::Command::new("demo");
//! use testing::strace::record;
//!
//! // None where strace cannot be used: then the test is passed over.
//! let Some(record) = record(&demo, "write,futex") else { return };
//! // The calls of one process or thread:
//! let first = record.first();
//! assert_eq!(first.calls("write").next().unwrap().text(), "two children\n");
//! let child = record.caller(first.started()[0]);
//! assert_eq!(child.killed_by.as_deref(), Some("SIGKILL"));
//! // The calls of all of them, in the order in which they began:
//! let line = record.written("two children");
//! let waits = record.named("futex").into_iter().filter(|call| call.begin < line.begin);
//! assert_eq!(waits.count(), 0);
//! ```

use std::collections::HashMap;
use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::{not_here, start};

/// What a program printed, and the calls of all its processes and threads.
#[derive(Debug)]
pub struct Record {
    /// The lines of its standard output.
    pub lines: Vec<String>,
    /// The program's first thread comes first.
    callers: Vec<Caller>,
}

/// A process or a thread, and its calls.
#[derive(Debug)]
pub struct Caller {
    /// Its id.
    pub id: i64,
    /// When the call that started it began.
    pub begin: Duration,
    /// Its calls in their order.
    pub calls: Vec<Call>,
    /// The signal that killed it, such as `SIGKILL`.
    pub killed_by: Option<String>,
}

/// A system call. Its times count from the beginning of the record, in whole microseconds.
#[derive(Debug)]
pub struct Call {
    /// The id of the process or thread that made it.
    pub caller: i64,
    /// Its name, such as `read`.
    pub name: String,
    /// Its arguments as strace writes them.
    pub arguments: String,
    /// The strings among its arguments, byte by byte.
    pub strings: Vec<Vec<u8>>,
    /// What it returned, -1 if it failed; `None` if it never returned.
    pub result: Option<i64>,
    /// The error with which it failed, such as `EPIPE`.
    pub error: Option<String>,
    /// When it began. Its caller began it before that.
    pub begin: Duration,
    /// When it returned, `Duration::MAX` if it never did. Its caller continues after that.
    pub end: Duration,
}

/// These calls are in each record.
const ALWAYS: &str = "execve,?clone,?clone3,?fork,?vfork,exit,exit_group";

/// Runs a program to its end and records these calls of it (`read,write`), those that start
/// processes, threads and programs, and those that end them. All of it has one CPU.
///
/// `None` if strace cannot be used: then the test is passed over.
///
/// # Panics
/// If the program fails.
pub fn record(program: &Command, calls: &str) -> Option<Record> {
    record_with(&[], program, calls)
}

/// As [`record`], with more options of strace.
///
/// # Panics
/// If the program fails.
pub fn record_with(options: &[&str], program: &Command, calls: &str) -> Option<Record> {
    if !start::can_use_strace() {
        return None;
    }
    let file = match memfd_create(c"record", MFdFlags::MFD_CLOEXEC) {
        Ok(file) => file,
        Err(why) => {
            start::pass_over(&format!("memfd_create: {why}"));
            return None;
        }
    };
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    let mut strace = start::with_strace(&format!("trace={ALWAYS},{calls}"), Path::new(&path));
    // Strings as `\x0a`: nothing in them can be taken for strace's own words.
    strace.args(["-ttt", "-T", "-v", "-xx", "-s", "1000000"]).args(options);
    start::add_program(&mut strace, program);
    let output = strace.output().expect("strace can be started");
    not_here::heed(output.status.code(), &String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program:?}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let record = fs::read_to_string(&path).expect("the record can be read");
    Some(Record { lines: text.lines().map(str::to_owned).collect(), callers: callers_in(&record) })
}

/// Changes of [`printed_with`]: whatever has become of a child, `wait` says that it exited with
/// status 9.
pub const ALL_EXIT_WITH_9: &str = "wait4:poke_exit=@arg2=00090000";

/// What a program prints while strace changes what its calls return, as its `inject=` describes
/// it: `getppid:retval=7`. A program that prints an answer for which it has not asked prints what
/// it always does. What becomes of it is not looked at: it may well fail.
///
/// `None` if strace cannot be used, or cannot do that: then the test is passed over.
///
/// # Panics
/// If the program prints something else than text.
pub fn printed_with(changes: &str, program: &Command) -> Option<String> {
    if !start::can_use_strace() {
        return None;
    }
    let mut strace = start::with_fault(changes);
    start::add_program(&mut strace, program);
    let output = strace.output().expect("strace can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    if let Some(why) = errors.lines().find(|line| line.starts_with("strace: invalid ")) {
        start::pass_over(why);
        return None;
    }
    not_here::heed(output.status.code(), &errors);
    Some(String::from_utf8(output.stdout).expect("it prints text"))
}

impl Record {
    /// The first thread of the program.
    pub fn first(&self) -> &Caller {
        &self.callers[0]
    }

    /// A process or thread by its id.
    ///
    /// # Panics
    /// If it is not in the record.
    pub fn caller(&self, id: impl Into<i64>) -> &Caller {
        let id = id.into();
        let caller = self.callers.iter().find(|caller| caller.id == id);
        caller.unwrap_or_else(|| panic!("{id} is not in the record"))
    }

    /// All processes and threads, the first one first.
    pub fn callers(&self) -> impl Iterator<Item = &Caller> {
        self.callers.iter()
    }

    /// The processes and threads that were started, in the order of their starts.
    pub fn started(&self) -> Vec<&Caller> {
        let mut started: Vec<_> = self.callers[1..].iter().collect();
        started.sort_by_key(|caller| caller.begin);
        started
    }

    /// The calls of all processes and threads, in the order in which they began.
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls: Vec<_> = self.callers.iter().flat_map(|caller| &caller.calls).collect();
        calls.sort_by_key(|call| call.begin);
        calls
    }

    /// The calls of this name, in the order in which they began.
    pub fn named(&self, name: &str) -> Vec<&Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.name == name);
        calls
    }

    /// For how long each sleep was to last, if `clock_nanosleep` and `nanosleep` are recorded,
    /// sorted. Where a program says that it waits for an event, it should sleep in no other call.
    pub fn sleeps(&self) -> Vec<Duration> {
        let sleeps = self.callers.iter().flat_map(|caller| &caller.calls);
        let sleeps = sleeps.filter(|call| call.name.ends_with("nanosleep"));
        let mut sleeps: Vec<_> = sleeps.map(|call| call.times()[0]).collect();
        sleeps.sort_unstable();
        sleeps
    }

    /// The call of `write` that wrote the first line of output with this beginning.
    ///
    /// # Panics
    /// If there is none.
    pub fn written(&self, beginning: &str) -> &Call {
        let writes = self.named("write").into_iter();
        let mut lines = writes.filter(|call| call.descriptor() == Some(1));
        let found = lines.find(|call| call.bytes().starts_with(beginning.as_bytes()));
        found.unwrap_or_else(|| panic!("nobody wrote {beginning:?}: {:#?}", self.lines))
    }
}

impl Caller {
    /// Its calls of this name.
    pub fn calls<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.name == name)
    }

    /// The ids of the processes and threads that it started, in their order.
    pub fn started(&self) -> Vec<i64> {
        self.calls.iter().filter_map(Call::starts).collect()
    }

    /// The name that it gave itself, empty if it did not; known where `prctl` is recorded.
    pub fn name(&self) -> String {
        let mut names = self.calls("prctl").filter(|it| it.arguments.starts_with("PR_SET_NAME"));
        names.next().map(Call::text).unwrap_or_default()
    }

    /// When it called exit; `Duration::MAX` if it was killed.
    pub fn end(&self) -> Duration {
        let mut exits = self.calls.iter().filter(|call| call.name.starts_with("exit"));
        exits.next().map_or(Duration::MAX, |call| call.begin)
    }
}

impl Call {
    /// The process or thread that it started.
    pub fn starts(&self) -> Option<i64> {
        let is_start = matches!(&*self.name, "clone" | "clone3" | "fork" | "vfork");
        self.result.filter(|&id| is_start && id > 0)
    }

    /// Whether it was under way at the same time as another.
    pub fn overlaps(&self, other: &Call) -> bool {
        self.begin < other.end && other.begin < self.end
    }

    /// For how long it was under way.
    pub fn time(&self) -> Duration {
        self.end - self.begin
    }

    /// The first argument, where it is a number: usually a descriptor.
    pub fn descriptor(&self) -> Option<i64> {
        self.arguments.split(',').next()?.parse().ok()
    }

    /// The first string among its arguments; empty if there is none.
    pub fn bytes(&self) -> &[u8] {
        self.strings.first().map_or(&[], Vec::as_slice)
    }

    /// The first string among its arguments, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The number of a field of a structure, such as `ru_nvcsw`.
    pub fn field(&self, name: &str) -> Option<i64> {
        let (_, rest) = self.arguments.split_once(&format!("{name}="))?;
        rest.split([',', '}']).next()?.parse().ok()
    }

    /// The times among its arguments: `{tv_sec=0, tv_nsec=1000}`, or in microseconds.
    pub fn times(&self) -> Vec<Duration> {
        let time = |text: &str| {
            let (seconds, rest) = text.split_once(", tv_")?;
            let (unit, rest) = rest.split_once('=')?;
            let number: u64 = rest.split([',', '}']).next()?.parse().ok()?;
            let part = if unit == "usec" { Duration::from_micros } else { Duration::from_nanos };
            Some(Duration::from_secs(seconds.parse().ok()?) + part(number))
        };
        self.arguments.split("{tv_sec=").skip(1).filter_map(time).collect()
    }

    /// Reads a call as strace writes it: `write(1, "\x0a", 1) = 1 <0.000012>`. `None` if a signal
    /// interrupted it and it is made again, or if it is something else.
    fn parse(caller: i64, begin: Duration, text: &str) -> Option<Self> {
        let (call, result) = text.rsplit_once(" = ").unwrap_or((text, "?"));
        // The kernel makes it again by itself, and then it is in the record a second time. But the
        // rest of a sleep is another call, `restart_syscall`.
        let is_made_again = ["ERESTARTSYS", "ERESTARTNOINTR", "ERESTART_RESTARTBLOCK"];
        let is_sleep = call.split('(').next().is_some_and(|name| name.ends_with("nanosleep"));
        if !is_sleep && is_made_again.iter().any(|name| result.contains(name)) {
            return None;
        }
        // What is short is filled up with spaces.
        let call = call.trim_end();
        let call = call.strip_suffix(')').unwrap_or(call);
        let (name, arguments) = call.strip_suffix(UNFINISHED).unwrap_or(call).split_once('(')?;
        let (arguments, strings) = with_strings(arguments);

        let (result, took) = result.rsplit_once(" <").unwrap_or((result, ""));
        let took = took.strip_suffix('>').and_then(|seconds| seconds.parse().ok());
        let end = took.map_or(Duration::MAX, |took| begin + Duration::from_secs_f64(took));
        let mut words = result.split(' ');
        let result = words.next().and_then(|word| match word.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        });
        let error = words.next().filter(|_| result == Some(-1)).map(str::to_owned);
        Some(Self { caller, name: name.to_owned(), arguments, strings, result, error, begin, end })
    }
}

/// What strace writes for the end of a call that is still under way.
const UNFINISHED: &str = " <unfinished ...>";

/// Arguments with their strings as text, and these strings.
fn with_strings(arguments: &str) -> (String, Vec<Vec<u8>>) {
    let (mut text, mut strings) = (String::new(), Vec::new());
    for (number, part) in arguments.split('"').enumerate() {
        if number % 2 == 0 {
            text.push_str(part);
        } else {
            let bytes = part.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16));
            let string: Vec<u8> =
                bytes.collect::<Result<_, _>>().expect("two digits for each byte");
            text.push_str(&format!("\"{}\"", string.escape_ascii()));
            strings.push(string);
        }
    }
    (text, strings)
}

/// The processes and threads in what strace has written.
fn callers_in(record: &str) -> Vec<Caller> {
    let mut callers: Vec<Caller> = Vec::new();
    // The line of a call ends where another process does something, and is continued later.
    let mut begun: HashMap<i64, (Duration, String)> = HashMap::new();
    let mut first = None;
    for line in record.lines() {
        let (id, rest) = line.split_once(' ').expect(line);
        let (time, text) = rest.trim_start().split_once(' ').expect(line);
        let id = id.parse().expect(line);
        let time = Duration::from_micros(time.replace('.', "").parse().expect(line));
        let time = time.saturating_sub(*first.get_or_insert(time));
        let caller = caller_in(&mut callers, id);
        if let Some(killed) = text.strip_prefix("+++ killed by ") {
            caller.killed_by = killed.split(' ').next().map(str::to_owned);
        } else if let Some(text) = text.strip_suffix(UNFINISHED) {
            begun.insert(id, (time, text.to_owned()));
        } else if let Some(rest) = text.strip_prefix("<... ") {
            let (_, rest) = rest.split_once(" resumed>").expect(line);
            let (begin, text) = begun.remove(&id).expect(line);
            let mut call = Call::parse(id, begin, &(text + rest));
            // strace may lose its CPU between noting when a call began and starting to measure
            // how long it takes: by what it measured, a call could have returned before another
            // that woke it had begun. The time of this line cannot.
            call.iter_mut().filter(|it| it.result.is_some()).for_each(|it| it.end = time);
            caller.calls.extend(call);
        } else if !text.starts_with(['+', '-']) {
            caller.calls.extend(Call::parse(id, time, text));
        }
    }
    for (id, (begin, text)) in begun {
        caller_in(&mut callers, id).calls.extend(Call::parse(id, begin, &text));
    }
    drop_kills_of_others(&mut callers);
    let starts = callers.iter().flat_map(|caller| &caller.calls);
    let starts: Vec<_> = starts.filter_map(|call| Some((call.starts()?, call.begin))).collect();
    for (id, begin) in starts {
        caller_in(&mut callers, id).begin = begin;
    }
    callers
}

/// Of a task that is killed as it begins a call, strace cannot read which call that is; it has been
/// seen to write the one that it had read last then, the `kill` of another task.
fn drop_kills_of_others(callers: &mut [Caller]) {
    let returned = callers.iter().flat_map(|caller| &caller.calls);
    let returned = returned.filter(|call| call.name == "kill" && call.end != Duration::MAX);
    let returned: Vec<_> = returned.map(|call| (call.caller, call.arguments.clone())).collect();
    for caller in callers.iter_mut().filter(|caller| caller.killed_by.is_some()) {
        let is_of_another = |call: &mut Call| {
            let mut others = returned.iter().filter(|(id, _)| *id != call.caller);
            call.name == "kill"
                && call.end == Duration::MAX
                && others.any(|(_, arguments)| *arguments == call.arguments)
        };
        caller.calls.pop_if(is_of_another);
    }
}

/// The process or thread of this id, a new one if there is none.
fn caller_in(callers: &mut Vec<Caller>, id: i64) -> &mut Caller {
    let place = callers.iter().position(|caller| caller.id == id).unwrap_or_else(|| {
        callers.push(Caller { id, begin: Duration::ZERO, calls: Vec::new(), killed_by: None });
        callers.len() - 1
    });
    &mut callers[place]
}

/// The files that these calls read one after the other, each to its end.
pub fn files_read<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Vec<String> {
    let mut files = vec![String::new()];
    for call in calls.into_iter().filter(|call| call.name == "read") {
        if call.result == Some(0) {
            files.push(String::new());
        } else if let Some(file) = files.last_mut() {
            file.push_str(&call.text());
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_returns_is_changed() {
        let mut shell = start::command("sh");
        shell.args(["-c", "sh -c 'exit 3'; echo $?; sh -c 'kill -9 $$'; echo $?"]);
        let Some(text) = printed_with(ALL_EXIT_WITH_9, &shell) else { return };
        assert_eq!(text, "9\n9\n");
    }

    #[test]
    fn the_calls_of_all_processes_are_recorded() {
        let mut shell = start::command("sh");
        let child = "cd /no/such/folder 2> /dev/null; echo \"$1\"; \
             kill -9 $(exec sh -c 'echo $PPID')";
        shell.args(["-c", &format!("echo 'a = \"b\"'; ({child}); exit 0"), "sh", "child"]);
        let Some(record) = record(&shell, "write,chdir") else { return };
        assert_eq!(record.lines, ["a = \"b\"", "child"]);
        let first = record.first();
        let write = first.calls("write").next().unwrap();
        assert_eq!((write.text().as_str(), write.descriptor()), ("a = \"b\"\n", Some(1)));
        assert_eq!(write.result, Some(8));
        assert!(write.overlaps(record.written("a = ")));
        let [child] = first.started()[..] else { panic!("{record:?}") };
        let child = record.caller(child);
        assert_eq!(child.calls("write").last().unwrap().bytes(), b"child\n");
        assert_eq!((child.killed_by.as_deref(), &first.killed_by), (Some("SIGKILL"), &None));
        let chdir = child.calls("chdir").next().unwrap();
        assert_eq!((chdir.result, chdir.error.as_deref()), (Some(-1), Some("ENOENT")));
        assert!(child.calls.iter().all(|call| child.begin < call.begin && call.begin <= call.end));
        assert_eq!((child.end(), child.started().len()), (Duration::MAX, 1));
    }

    #[test]
    fn injected_faults_are_in_the_record() {
        let options = ["-e", "inject=chdir:error=EACCES"];
        let Some(record) =
            record_with(&options, start::command("sh").args(["-c", "cd / || :"]), "chdir")
        else {
            return;
        };
        let [chdir] = record.named("chdir")[..] else { panic!("{record:?}") };
        assert_eq!((chdir.text().as_str(), chdir.error.as_deref()), ("/", Some("EACCES")));
    }

    fn parse(text: &str) -> Option<Call> {
        Call::parse(1, Duration::from_micros(12), text)
    }

    #[test]
    fn a_line_of_strace_is_a_call() {
        let call = parse(
            "getrusage(RUSAGE_SELF, {ru_utime={tv_sec=1, tv_usec=7}, \
            ru_stime={tv_sec=0, tv_usec=0}, ru_nvcsw=13, ru_nivcsw=2}) = 0 <0.000010>",
        );
        let call = call.unwrap();
        assert_eq!((call.field("ru_nvcsw"), call.field("ru_nivcsw")), (Some(13), Some(2)));
        assert_eq!(call.times(), [Duration::from_micros(1_000_007), Duration::ZERO]);
        assert_eq!((call.begin, call.end), (Duration::from_micros(12), Duration::from_micros(22)));
        assert_eq!(call.time(), Duration::from_micros(10));
        let call = parse("clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=2, tv_nsec=3}, NULL) = 0");
        assert_eq!(call.unwrap().times(), [Duration::new(2, 3)]);
        let call = parse("getpid()         = 0x1f <0.000001>").unwrap();
        assert_eq!((call.name.as_str(), call.arguments.as_str()), ("getpid", ""));
        assert_eq!((call.result, call.bytes()), (Some(31), &[][..]));
        let call = parse("write(3, \"\\x22\\x0a\\xff\"..., 9) = -1 EPIPE (Broken pipe) <0.000001>");
        let call = call.unwrap();
        assert_eq!(
            (call.bytes(), call.arguments.as_str()),
            (&b"\"\n\xff"[..], "3, \"\\\"\\n\\xff\"..., 9")
        );
        assert_eq!((call.result, call.error.as_deref()), (Some(-1), Some("EPIPE")));
        let call = parse("poll([{fd=3, events=POLLIN}], 1, 50) = 0 (Timeout) <0.050000>").unwrap();
        assert_eq!((call.result, call.error.as_deref()), (Some(0), None));
        assert_eq!(call.time(), Duration::from_millis(50));
        for never in ["pause() = ?", "pause( <unfinished ...>) = ?"] {
            let call = parse(never).unwrap();
            assert_eq!((call.arguments.as_str(), call.result), ("", None));
            assert_eq!(call.end, Duration::MAX);
        }
        let interrupted = "read(3, 0x1, 1) = ? ERESTARTSYS (To be restarted) <0.000001>";
        assert!(parse(interrupted).is_none());
        let sleep = "clock_nanosleep(CLOCK_MONOTONIC, 0, {tv_sec=0, tv_nsec=40000000}, \
             {tv_sec=0, tv_nsec=39606768}) = ? ERESTART_RESTARTBLOCK (Interrupted) <0.000394>";
        let sleep = parse(sleep).unwrap();
        assert_eq!((sleep.times()[0], sleep.result), (Duration::from_millis(40), None));
    }

    const RECORD: &str = r#"7     1700000000.000100 write(1, "\x61\x20\x3d", 3) = 3 <0.000020>
7     1700000000.000200 clone3({flags=CLONE_VM} => {parent_tid=[8]}, 88) = 8 <0.000050>
8     1700000000.000300 prctl(PR_SET_NAME, "\x74\x32") = 0 <0.000010>
7     1700000000.000400 futex(0x1000, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>
8     1700000000.000500 nanosleep({tv_sec=0, tv_nsec=1000},  <unfinished ...>
7     1700000000.000700 <... futex resumed>) = -1 ETIMEDOUT (Connection timed out) <0.000250>
8     1700000000.000800 <... nanosleep resumed>NULL) = 0 <0.000280>
8     1700000000.000900 exit(0)     = ?
8     1700000000.001000 +++ exited with 0 +++
7     1700000000.001050 clone3({flags=CLONE_VM} => {parent_tid=[9]}, 88) = 9 <0.000050>
7     1700000000.001100 futex(0x1000, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>
7     1700000000.001200 --- SIGTERM {si_signo=SIGTERM} ---
7     1700000000.001300 +++ killed by SIGTERM (core dumped) +++
"#;

    #[test]
    fn calls_that_are_written_in_two_lines_are_put_together() {
        let micros = Duration::from_micros;
        let record = Record { lines: Vec::new(), callers: callers_in(RECORD) };
        let calls = record.calls();
        let names: Vec<_> = calls.iter().map(|call| (call.caller, &*call.name)).collect();
        assert_eq!(
            names,
            [
                (7, "write"),
                (7, "clone3"),
                (8, "prctl"),
                (7, "futex"),
                (8, "nanosleep"),
                (8, "exit"),
                (7, "clone3"),
                (7, "futex")
            ]
        );
        assert_eq!(record.written("a =").result, Some(3));
        let [first, second] = record.named("futex")[..] else { panic!("{record:?}") };
        assert_eq!((first.result, first.error.as_deref()), (Some(-1), Some("ETIMEDOUT")));
        assert_eq!((first.begin, first.end), (micros(300), micros(600)));
        assert_eq!(second.arguments, "0x1000, FUTEX_WAIT_PRIVATE, 2, NULL");
        assert_eq!((second.result, second.end), (None, Duration::MAX));
        assert!(first.overlaps(record.named("nanosleep")[0]));
        assert!(!second.overlaps(first));

        assert_eq!(record.first().killed_by.as_deref(), Some("SIGTERM"));
        let [thread, silent] = record.started()[..] else { panic!("{record:?}") };
        assert_eq!((thread.id, thread.name().as_str()), (8, "t2"));
        assert_eq!((thread.begin, thread.end()), (micros(100), micros(800)));
        assert_eq!((silent.id, silent.begin, silent.calls.len()), (9, micros(950), 0));
    }

    #[test]
    fn a_task_that_is_killed_has_not_called_what_killed_it() {
        let killed = "\
7     1700000000.000100 kill(8, SIGKILL <unfinished ...>
8     1700000000.000110 kill(8, SIGKILL <unfinished ...>
7     1700000000.000200 <... kill resumed>) = 0 <0.000050>
8     1700000000.000210 +++ killed by SIGKILL +++
9     1700000000.000300 kill(9, SIGKILL <unfinished ...>
9     1700000000.000310 +++ killed by SIGKILL +++
";
        let callers = callers_in(killed);
        let calls: Vec<_> = callers.iter().map(|it| (it.id, it.calls.len())).collect();
        assert_eq!(calls, [(7, 1), (8, 0), (9, 1)]);
    }
}
