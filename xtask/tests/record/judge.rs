//! The recorder beside strace: the same program under both has the same tasks,
//! and each of them makes the same calls with the same results.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use record::{Group, Selection};
use serde_json::Value;
use tempfile::NamedTempFile;
use testing::start;

use super::trace::{XTASK, build, events, example, in_time, is_allowed};

const PACE: &str = "0.02";

/// How often the program is run under both, until each task has done each call
/// with the same results under both. Where that never comes, strace's own runs
/// must differ.
const ROUNDS: usize = 16;

/// What came of a call that a signal interrupted and the kernel makes again: how
/// often depends on when the signal comes, also for strace.
const AGAIN: &str = "again";

/// A call, or "end", and what came of it.
type Step = (String, String);

/// From a task's place in the tree of births ("0.1": the second child of the
/// first one) to its steps.
type Steps = BTreeMap<String, Vec<Step>>;

#[test]
fn every_lesson_makes_the_calls_that_strace_sees() {
    let lessons = ["01-multitask", "02-fork", "03-ipc", "04-pool", "05-threading", "06-lock"];
    let bins = lessons.map(|lesson| ["--bin", lesson]).concat();
    let folder = build(&[&["--workspace"], &bins[..]].concat());
    for lesson in lessons {
        Compared::of(&[folder.join(lesson).to_str().unwrap()]).compare();
    }
}

#[test]
fn every_way_of_making_tasks_makes_the_calls_that_strace_sees() {
    let tasks = example("tasks");
    let ways = [
        "forks",
        "fork-in-thread",
        "vfork-in-thread",
        "vfork",
        "killed",
        "stopped",
        "daemon",
        "retries",
        "ended-by-handler",
    ];
    for way in ways {
        Compared::of(&[tasks.to_str().unwrap(), way]).compare();
    }
}

#[test]
fn every_sort_of_call_is_told_as_strace_sees_it() {
    let calls = example("calls");
    let ways =
        ["sockets", "closing", "moves", "memory", "ready", "signals", "awaited", "groups", "execs"];
    for way in ways {
        Compared::of(&[calls.to_str().unwrap(), way]).compare();
    }
}

/// A program that is run under both.
pub struct Compared<'a> {
    /// The program and its arguments.
    pub words: &'a [&'a str],
    /// Where it runs.
    pub folder: &'a Path,
    /// Calls that are made or not depending on which task is faster: futex, in most programs
    /// with threads.
    pub left_out: &'a [&'a str],
    /// What strace is also told.
    pub options: &'a [&'a str],
}

impl<'a> Compared<'a> {
    pub fn of(words: &'a [&'a str]) -> Compared<'a> {
        Compared { words, folder: Path::new("."), left_out: &[], options: &[] }
    }

    pub fn compare(&self) {
        if !start::can_use_strace() || !is_allowed() {
            return;
        }
        let program = self.words;
        // What is shown without --all leaves out files and other such calls.
        let whole = |call: &str| {
            let group = Group::of(call);
            call == "end" || !matches!(group, Group::Channel | Group::Data | Group::Other)
        };
        let (mut seen, mut all, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            seen.push(self.theirs());
            all.push(self.ours(&["--all"]));
            let mut steps = self.ours(&[]);
            steps.values_mut().for_each(|steps| steps.retain(|(call, _)| whole(call)));
            shown.push(steps);
            let whole_all = out_of_order(&all, &seen, &BTreeSet::new(), |_| true);
            let whole_shown = out_of_order(&shown, &seen, &BTreeSet::new(), whole);
            if whole_all.is_empty() && whole_shown.is_empty() {
                return;
            }
        }
        let left = differing(&all, &seen, |_| true).into_iter().map(|pair| ("all", &all, pair));
        let left =
            left.chain(differing(&shown, &seen, whole).into_iter().map(|it| ("shown", &shown, it)));
        for (name, ours, (task, call)) in left {
            let (theirs, ours) = (results(&seen, &task, &call), results(ours, &task, &call));
            assert!(
                theirs.len() > 1,
                "{program:?} {name}: {call} of task {task}: strace sees {theirs:?}, we {ours:?}"
            );
            eprintln!(
                "{program:?} {name}: strace's runs differ in {call} of task {task}: not compared"
            );
        }
        // What is left must come in the same order, too, call by call.
        let every = |_: &str| true;
        let orders = [
            ("all", out_of_order(&all, &seen, &differing(&all, &seen, every), every)),
            ("shown", out_of_order(&shown, &seen, &differing(&shown, &seen, whole), whole)),
        ];
        for (name, tasks) in orders {
            for (task, theirs, ours) in tasks {
                assert!(
                    theirs.len() > 1,
                    "{program:?} {name}: the order in task {task}: strace sees {theirs:#?}, we {ours:#?}"
                );
                eprintln!("{program:?} {name}: strace's runs differ in the order of task {task}");
            }
        }
    }

    /// The steps that the recorder tells of.
    fn ours(&self, options: &[&str]) -> Steps {
        let selected = selected();
        let mut sorter = Sorter::default();
        let mut trace = in_time(XTASK.as_ref());
        trace.args(["trace", "--json"]).args(options).arg("--").args(self.words);
        trace.current_dir(self.folder).env("LESSON_PACE", PACE);
        for event in &events(&mut trace) {
            let id = event["id"].as_i64().unwrap();
            // strace has no result for a call in which its task was killed, nor have we.
            let returned = |call: &str| !event["result"].is_null() || call.starts_with("exit");
            if let Some(call) = event["call"].as_str()
                && selected.contains(call)
                && !self.left_out.contains(&call)
                && returned(call)
                && (call != "mmap" || event["arguments"][3].as_u64().unwrap() & 1 == 1)
            {
                let result = match event["result"].as_i64() {
                    None => Err("?".to_owned()),
                    Some(-516..=-512) => Err(AGAIN.to_owned()),
                    Some(error @ ..0) => Err(format!("{:?}", Errno::from_raw(-error as i32))),
                    Some(result) => Ok(result),
                };
                sorter.add(id, call, result);
            }
            if !event["end"].is_null() {
                let end = match &event["end"] {
                    Value::String(replaced) => replaced.clone(),
                    end if end["exited"].is_i64() => format!("exited {}", end["exited"]),
                    end => format!("killed {}", end["killed"]),
                };
                sorter.add(id, "end", Err(end));
            }
        }
        sorter.finish()
    }

    /// The steps that strace tells of.
    fn theirs(&self) -> Steps {
        let selected = selected();
        let file = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // The question mark: this strace may be older than the call.
        let calls: Vec<String> = selected.iter().map(|call| format!("?{call}")).collect();
        // What it prints goes into pipes, as under the recorder.
        in_time(Path::new("strace"))
            .args(["-f", "-s", "0", "-e", &format!("trace={}", calls.join(","))])
            .args(self.options)
            .arg("-o")
            .arg(file.path())
            .args(self.words)
            .current_dir(self.folder)
            .env("LESSON_PACE", PACE)
            .output()
            .unwrap();
        let mut sorter = Sorter::default();
        let text = fs::read_to_string(file.path()).unwrap();
        let mut begun = BTreeMap::new();
        for line in text.lines() {
            let (id, what) = line.split_once(' ').unwrap();
            let id: i64 = id.parse().unwrap();
            let what = what.trim_start();
            if let Some(end) = what.strip_prefix("+++ ") {
                let words: Vec<&str> = end.split(' ').collect();
                let end = match words[..] {
                    ["exited", "with", status, ..] => format!("exited {status}"),
                    ["killed", "by", signal, ..] => {
                        let signal: nix::sys::signal::Signal = signal.parse().unwrap();
                        format!("killed {}", signal as i32)
                    }
                    _ => "replaced".to_owned(),
                };
                sorter.add(id, "end", Err(end));
                continue;
            }
            // Signals are told as "---".
            if what.starts_with("---") {
                continue;
            }
            if let Some(begin) = what.strip_suffix("<unfinished ...>") {
                begun.insert(id, begin);
                continue;
            }
            let begin = if what.starts_with("<... ") { begun[&id] } else { what };
            let call = begin.split('(').next().unwrap();
            // Of the mappings only shared ones are followed; the others depend on
            // which threads use the heap at the same time.
            if call == "mmap" && !begin.contains("MAP_SHARED") {
                continue;
            }
            let (_, result) = what.rsplit_once(" = ").unwrap_or_else(|| panic!("{line}"));
            let words: Vec<&str> = result.split(' ').collect();
            let result = match words[..] {
                ["-1", error, ..] => Err(error.to_owned()),
                ["?", word, ..] if word.starts_with("ERESTART") => Err(AGAIN.to_owned()),
                ["?", ..] => Err("?".to_owned()),
                // With --pidns-translation, of a new task in another namespace.
                [inside, "/*", id, "in", ..] => {
                    let id = id.parse().unwrap();
                    sorter.inside.insert(inside.parse().unwrap(), id);
                    Ok(id)
                }
                [number, ..] => Ok(match number.strip_prefix("0x") {
                    Some(digits) => i64::from_str_radix(digits, 16).unwrap(),
                    None => number.parse().unwrap(),
                }),
                [] => unreachable!(),
            };
            if self.left_out.contains(&call) {
                continue;
            }
            // A call during which its task was killed has no result.
            if result != Err("?".to_owned()) || call.starts_with("exit") {
                sorter.add(id, call, result);
            }
        }
        sorter.finish()
    }
}

/// The calls of a task with what came of them, in order.
type Order<'a> = Vec<(&'a str, &'a str)>;

/// The tasks of which none of our runs is like one of strace's as a whole, without
/// the calls that are left out; and how both saw them.
fn out_of_order<'a>(
    ours: &'a [Steps],
    seen: &'a [Steps],
    left_out: &BTreeSet<(String, String)>,
    compared: impl Fn(&str) -> bool,
) -> Vec<(&'a str, BTreeSet<Order<'a>>, BTreeSet<Order<'a>>)> {
    let orders = |runs: &'a [Steps], task: &str| -> BTreeSet<Order<'a>> {
        let is_compared = |(call, result): &&Step| {
            compared(call)
                && *result != AGAIN
                && !left_out.contains(&(task.to_owned(), call.clone()))
        };
        let of = |steps: &'a Steps| {
            let of_task = steps.get(task).into_iter().flatten();
            of_task.filter(is_compared).map(|(call, result)| (&call[..], &result[..])).collect()
        };
        runs.iter().map(of).collect()
    };
    let tasks: BTreeSet<&str> =
        ours.iter().chain(seen).flat_map(|steps| steps.keys().map(String::as_str)).collect();
    let both = tasks.into_iter().map(|task| (task, orders(seen, task), orders(ours, task)));
    both.filter(|(_, theirs, ours)| theirs.is_disjoint(ours)).collect()
}

/// The tasks and calls in which none of our runs is like one of strace's.
fn differing(
    ours: &[Steps],
    seen: &[Steps],
    compared: impl Fn(&str) -> bool,
) -> BTreeSet<(String, String)> {
    let tasks = ours.iter().chain(seen).flatten();
    let pairs = tasks
        .flat_map(|(task, steps)| steps.iter().map(move |(call, _)| (task.clone(), call.clone())));
    let pairs: BTreeSet<_> = pairs.filter(|(_, call)| compared(call)).collect();
    let differs = |(task, call): &(String, String)| {
        results(ours, task, call).is_disjoint(&results(seen, task, call))
    };
    pairs.into_iter().filter(differs).collect()
}

/// What came of each such call of a task, in order, for each of the runs.
fn results<'a>(runs: &'a [Steps], task: &str, call: &str) -> BTreeSet<Vec<&'a str>> {
    let of = |steps: &'a Steps| {
        let of_task = steps.get(task).into_iter().flatten();
        of_task.filter(|step| step.0 == call && step.1 != AGAIN).map(|step| &step.1[..]).collect()
    };
    runs.iter().map(of).collect()
}

/// The calls that are followed.
fn selected() -> BTreeSet<String> {
    let calls = Selection::default().calls().unwrap();
    calls.iter().map(|call| call.name().to_owned()).collect()
}

/// Gives tasks their places, and results the sort that they are of.
#[derive(Default)]
struct Sorter {
    /// From a task to the one that made it, and how many that one had made before.
    births: BTreeMap<i64, (i64, usize)>,
    children: BTreeMap<i64, usize>,
    /// In the order in which they came.
    raw: Vec<(i64, String, Result<i64, String>)>,
    /// From the id that a task of another namespace has there to the one that it has here.
    inside: BTreeMap<i64, i64>,
}

impl Sorter {
    fn add(&mut self, id: i64, call: &str, result: Result<i64, String>) {
        if Group::of(call) == Group::Fork
            && let Ok(child @ 1..) = result
        {
            let made = self.children.entry(id).or_insert(0);
            self.births.insert(child, (id, *made));
            *made += 1;
        }
        self.raw.push((id, call.to_owned(), result));
    }

    fn place(&self, id: i64) -> String {
        match self.births.get(&id) {
            Some((parent, made)) => format!("{}.{made}", self.place(*parent)),
            None => {
                assert_eq!(id, self.raw[0].0, "nobody made {id}");
                "0".to_owned()
            }
        }
    }

    /// A task may act before its parent knows it, so the places come last.
    fn finish(self) -> Steps {
        let mut steps = Steps::new();
        for (id, call, result) in &self.raw {
            let result = match result {
                // What the interrupted call left in a register.
                _ if call == "rt_sigreturn" => "goes back".to_owned(),
                Err(word) => word.clone(),
                Ok(0) => "0".to_owned(),
                Ok(id) if call == "wait4" => self.place(*self.inside.get(id).unwrap_or(id)),
                Ok(id) if matches!(call.as_str(), "fork" | "vfork" | "clone" | "clone3") => {
                    self.place(*id)
                }
                Ok(number) => match Group::of(call) {
                    // An address, a descriptor, or a length that the ids in a text change.
                    Group::Data | Group::Channel => "more than 0".to_owned(),
                    _ => number.to_string(),
                },
            };
            steps.entry(self.place(*id)).or_default().push((call.clone(), result));
        }
        steps
    }
}
