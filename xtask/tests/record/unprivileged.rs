//! The recorder without root's rights. The kernel shows it neither the memory nor the
//! descriptors of a program that is not dumpable, but still reports what the program does.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::mkdtemp;
use serde_json::{Value, json};

use super::has;
use super::lives::Lives;
use super::trace::{XTASK, events, example, in_time, is_allowed};

/// The user `nobody` on most systems; no account is needed.
const NOBODY: u32 = 65534;

/// Copies of the recorder and of the traced program, for a user without root's rights.
struct Copies {
    folder: PathBuf,
    /// The user to become; `None` if this process is not root, or cannot change its user.
    user: Option<u32>,
}

impl Copies {
    fn new() -> Copies {
        let user = ordinary_user();
        // The target folder may lie in a home that is closed to others.
        let parents = [env!("CARGO_TARGET_TMPDIR").into(), std::env::temp_dir()];
        let tried = parents.iter().map(|parent| Copies::in_folder(parent, user));
        let mut reached = tried.filter(|copies| copies.is_reached());
        reached.next().unwrap_or_else(|| panic!("user {user:?} reaches none of {parents:?}"))
    }

    fn in_folder(parent: &Path, user: Option<u32>) -> Copies {
        let folder = mkdtemp(&parent.join("unprivileged-XXXXXX")).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let copies = Copies { folder, user };
        copies.add("755", Path::new(XTASK));
        copies.add("755", &example("record"));
        copies.add("755", &example("tasks"));
        copies
    }

    /// Copies a program. Another process does it: a test that forks while this one
    /// writes would keep the copy open, and a file open for writing cannot be started.
    fn add(&self, mode: &str, program: &Path) {
        let mut install = Command::new("install");
        install.args(["-m", mode]).arg(program).arg(&self.folder);
        assert!(install.status().unwrap().success(), "{install:?}");
    }

    fn is_reached(&self) -> bool {
        let mut test = Command::new("test");
        test.arg("-x").arg(self.folder.join("tasks"));
        self.by_user(&mut test).status().unwrap().success()
    }

    fn by_user<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self.user {
            Some(user) => command.uid(user).gid(user),
            None => command,
        }
    }

    fn record(&self, selection: &str, program: &str, arguments: &[&str]) -> Vec<Value> {
        let mut recorder = in_time(&self.folder.join("record"));
        recorder.arg(self.folder.join("xtask")).arg(selection);
        recorder.arg(self.folder.join(program)).args(arguments).current_dir(&self.folder);
        let trace = events(self.by_user(&mut recorder));
        let lives = Lives::of(&trace);
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        trace
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// The kernel gives a process's folder in /proc to its user.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The user for root to become; `None` for anyone else, or where root may not change.
fn ordinary_user() -> Option<u32> {
    if !is_root() {
        return None;
    }
    match Command::new("true").uid(NOBODY).gid(NOBODY).status() {
        Ok(_) => Some(NOBODY),
        Err(why) => {
            eprintln!("only as root: it cannot become another user here ({why})");
            None
        }
    }
}

/// Whether root traces because it cannot become another user.
fn only_as_root(copies: &Copies) -> bool {
    is_root() && copies.user.is_none()
}

/// How often each call was recorded, other than futex: how often a thread sleeps there
/// depends on which thread is faster.
fn calls(trace: &[Value]) -> BTreeMap<&str, usize> {
    let mut calls = BTreeMap::new();
    for call in trace.iter().filter_map(|event| event["call"].as_str()) {
        if call != "futex" {
            *calls.entry(call).or_default() += 1;
        }
    }
    calls
}

#[test]
fn the_kinds_of_new_tasks_come_from_the_kernel() {
    if !is_allowed() {
        return;
    }
    let copies = Copies::new();
    for selection in ["shown", "all"] {
        let trace = copies.record(selection, "tasks", &["not-dumpable"]);
        let lives = Lives::of(&trace);
        let [thread, fork, second, third, vfork] = lives.children[&lives.root][..] else {
            panic!("{lives:#?}")
        };
        let own = &lives.events[&lives.root];
        assert!(has(own, &format!("new thread → tid {thread}, in the same process")), "{own:#?}");
        assert!(has(&lives.events[&thread], "the new thread starts"), "{lives:#?}");
        for child in [fork, second, third] {
            assert!(has(own, &format!("fork → pid {child}")), "{own:#?}");
            assert!(!has(own, &format!("vfork → pid {child}")), "{own:#?}");
            assert!(has(&lives.events[&child], "fork → 0"), "{lives:#?}");
            assert_eq!(*lives.end(child), json!({ "exited": 7 }));
        }
        assert!(has(own, &format!("vfork → pid {vfork}")), "{own:#?}");
        assert!(has(&lives.events[&vfork], "vfork → 0"), "{lives:#?}");
    }
}

#[test]
fn what_cannot_be_read_is_said_to_be_so_and_does_not_vanish() {
    if !is_allowed() {
        return;
    }
    let copies = Copies::new();
    let open = copies.record("shown", "tasks", &["open"]);
    let hidden = copies.record("shown", "tasks", &["not-dumpable"]);
    // A descriptor of which nothing is known may be a channel, so there may be more.
    let recorded = calls(&hidden);
    for (call, count) in calls(&open) {
        assert!(recorded.get(call) >= Some(&count), "{call}: {open:#?} {hidden:#?}");
    }
    if only_as_root(&copies) {
        return;
    }
    for text in [
        "print 8 bytes to fd 1: not readable",
        "print 9 bytes to fd 2: not readable",
        "exec, arguments not readable",
        ", status not readable, after ",
        " → not readable, after ",
        "make a pipe, descriptors not readable",
        ": 7 bytes, not readable",
        ": 9 bytes, not readable",
        "wait for 1 descriptor, not readable, after ",
        ": 16 bytes, not readable",
        "make a socket pair, descriptors not readable",
        "make shared memory, name not readable → fd ",
        "map 4096 bytes of fd ",
        "close fd ",
        "bind itself to CPUs, not readable",
        "sleep for a time that is not readable, after ",
    ] {
        assert!(has(&hidden, text), "{text}: {hidden:#?}");
    }
    assert!(has(&open, r#"print "printed\n""#), "{open:#?}");
    assert!(!has(&open, "not readable"), "{open:#?}");
}

/// A user that may start a program but not read its file may not read its memory.
#[test]
fn a_program_whose_file_cannot_be_read_is_followed() {
    if !is_allowed() {
        return;
    }
    let copies = Copies::new();
    fs::set_permissions(copies.folder.join("tasks"), Permissions::from_mode(0o111)).unwrap();
    let trace = copies.record("shown", "tasks", &["open"]);
    let lives = Lives::of(&trace);
    let own = &lives.events[&lives.root];
    let thread = lives.children[&lives.root][0];
    assert!(has(own, &format!("new thread → tid {thread}")), "{own:#?}");
    assert!(has(own, "exec tasks \"open\""), "{own:#?}");
    if !only_as_root(&copies) {
        assert!(has(own, "print 8 bytes to fd 1: not readable"), "{own:#?}");
    }
}
