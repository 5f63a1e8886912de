//! The demo `quota`, beside what the kernel says: what it may use, how often it was stopped, and
//! that no cgroup of it is left, however it ends.

use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use common::{cpus, text};
use counted::{numbers, times};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use testing::running::Running;
use testing::strace::{self, files_read};
use testing::{start, test};

mod counted;

fn demo() -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    command.arg("quota");
    command
}

/// Whether this system lets it make a cgroup. Else the demo says why not, after what it can show.
fn can_make_a_cgroup() -> bool {
    let output = demo().output().unwrap();
    if output.status.success() {
        return true;
    }
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.lines().last().unwrap().starts_with("01-multitask: "), "{errors}");
    start::pass_over(errors.trim_end());
    false
}

/// The cgroups of a demo.
fn groups_of(demo: Pid) -> Vec<PathBuf> {
    fn search(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
        let entries = read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir())) {
            if entry.file_name() == name {
                found.push(entry.path());
            }
            search(&entry.path(), name, found);
        }
    }
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), &format!("course-quota-{demo}"), &mut found);
    found
}

#[test]
fn a_quota_changes_what_std_advises_and_not_where_a_process_may_run() {
    let here = (cpus::allowed().unwrap().len(), available_parallelism().unwrap().get());
    let output = demo().output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let row = |name: &str| {
        let row = text.lines().find_map(|line| line.strip_prefix(name));
        let row = row.unwrap_or_else(|| panic!("no row {name:?}: {output:?}"));
        let row: Vec<usize> = numbers(row).into_iter().map(|number| number as usize).collect();
        (row[0], row[1])
    };
    assert_eq!(row("as it was started"), here, "{text}");
    assert_eq!(row("bound to one CPU"), (1, 1), "{text}");
    if can_make_a_cgroup() {
        assert_eq!(row("in a cgroup, for one CPU's time"), (here.0, 1), "{text}");
    }
}

#[test]
fn a_tenth_of_a_cpu_takes_its_time() {
    if !can_make_a_cgroup() {
        return;
    }
    let demo = counted::run(&["quota"]);
    let line = |words: &str| demo.lines.iter().find(|line| line.contains(words)).expect(words);
    let [asked, taken, stopped] =
        ["of CPU time, ", "  it takes ", "  the kernel stopped it "].map(|it| times(line(it))[0]);
    // It could take longer for another reason, and not less.
    assert!(taken >= asked * 5, "{demo:?}");
    assert!(stopped > Duration::ZERO, "{demo:?}");
    assert!(demo.cpu + Duration::from_millis(5) >= asked, "{demo:?}");
}

#[test]
fn how_often_it_was_stopped_is_what_the_kernel_counted() {
    if !can_make_a_cgroup() {
        return;
    }
    let calls = "openat,read,write,mkdir,rmdir,sched_setaffinity,wait4";
    let Some(record) = strace::record(&demo(), calls) else { return };
    let first = record.first();
    let [bound, janitor, limited, slow] = first.started()[..] else { panic!("{first:?}") };

    let folder = format!("course-quota-{}", first.id);
    let [made] = record.named("mkdir")[..] else { panic!("no cgroup") };
    let [removed] =
        record.named("rmdir").into_iter().filter(|it| it.result == Some(0)).collect::<Vec<_>>()[..]
    else {
        panic!("no cgroup was removed")
    };
    assert!(made.text().ends_with(&folder) && removed.text() == made.text());
    assert_eq!((made.caller, removed.caller), (first.id, janitor));

    let pins = record.named("sched_setaffinity").into_iter().map(|it| it.caller);
    assert_eq!(pins.collect::<Vec<_>>(), [bound]);
    let entered =
        record.named("openat").into_iter().filter(|it| it.text().ends_with("/cgroup.procs"));
    let entered: Vec<_> =
        entered.filter(|it| it.text().contains(&folder)).map(|it| it.caller).collect();
    assert_eq!(entered, [limited, slow]);
    for (id, line) in [(limited, "in a cgroup"), (slow, "  it takes ")] {
        assert_eq!(record.written(line).caller, id);
    }

    let counts = files_read(&first.calls).into_iter().filter(|text| text.contains("nr_throttled "));
    let counts = counts.map(|text| {
        let number = |name: &str| {
            let number = text.lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
            number.unwrap_or(0)
        };
        // In version 1 and in version 2; the other is not there.
        let time = number("throttled_time ") + 1000 * number("throttled_usec ");
        (number("nr_throttled "), Duration::from_nanos(time))
    });
    let [before, after] = counts.collect::<Vec<_>>()[..] else { panic!("{:?}", record.lines) };
    let (times, time) = (after.0 - before.0, text::time(after.1 - before.1));
    assert!(times > 0);
    let line = format!("  the kernel stopped it ≈ {times} times, for {time} in all");
    assert_eq!(record.lines.last(), Some(&line));
}

#[test]
fn no_cgroup_is_left_when_it_is_interrupted_or_killed() {
    if !can_make_a_cgroup() {
        return;
    }
    // Whether the signal came before the demo's end. On a busy machine it may not.
    let ends_it = |signal, line| {
        let running = Running::start(demo());
        let id = running.id();
        running.line_with(&[line]);
        let had_one = groups_of(id).len() == 1;
        if signal == Signal::SIGKILL {
            running.kill();
        } else {
            // As Ctrl-C does: the signal goes to the whole group.
            killpg(id, signal).unwrap();
        }
        let (_, _, status) = running.finish_with_orphans();
        assert_eq!(groups_of(id), Vec::<PathBuf>::new(), "{signal} at {line:?}");
        had_one && !status.success()
    };
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGKILL] {
        for line in ["in a cgroup", "Computing for"] {
            assert!((0..20).any(|_| ends_it(signal, line)), "{signal} at {line:?}");
        }
    }
    assert!(!ends_it(Signal::SIGWINCH, "Computing for"), "nobody ended it");
}
