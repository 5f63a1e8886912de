//! The demos about children, seen from outside: which process wrote which line.

use demo::{demo, used_by_children};
use testing::test;
use testing::witness::{self, Testimony};

mod demo;

fn run(arguments: &[&str]) -> Testimony {
    let testimony = witness::run(demo(arguments)).unwrap();
    assert!(testimony.status.success(), "{testimony:?}");
    testimony
}

/// The lines that a process wrote.
fn written_by(testimony: &Testimony, pid: u32) -> Vec<&str> {
    let lines = testimony.lines.iter().filter(|line| line.pid == pid);
    lines.map(|line| line.text.as_str()).collect()
}

/// Where the line stands that begins so.
fn place(testimony: &Testimony, beginning: &str) -> usize {
    let place = testimony.lines.iter().position(|line| line.text.starts_with(beginning));
    place.unwrap_or_else(|| panic!("no {beginning:?} in {testimony:#?}"))
}

#[test]
fn fork_returns_in_two_processes() {
    let testimony = run(&["twice"]);
    let parent = testimony.pid;
    let [_, child] = testimony.writers()[..] else { panic!("{testimony:?}") };
    assert_eq!(
        written_by(&testimony, parent),
        [
            format!("Process ({parent}) start..."),
            format!("I ({parent}) just created a child process ({child})."),
        ]
    );
    assert_eq!(
        written_by(&testimony, child),
        [format!("I am child process ({child}) and my parent is {parent}.")]
    );
    assert_eq!(testimony.lines[0].pid, parent, "the start comes before the fork");
}

#[test]
fn a_parent_waits_for_each_of_its_children() {
    let testimony = run(&["family", "--children", "20"]);
    let parent = testimony.pid;
    let by_parent = written_by(&testimony, parent);
    let (_, ids) = by_parent[1].split_once("noted the ids of my children: ").unwrap();
    let ids = ids.trim_end_matches('.').split(", ");
    let children: Vec<u32> =
        ids.map(|id| id.strip_prefix("pid ").unwrap().parse().unwrap()).collect();
    assert_eq!(children.len(), 20);

    for (number, &child) in (1..).zip(&children) {
        let line = format!("I am child {number} (pid {child}) and my parent is {parent}.");
        assert_eq!(written_by(&testimony, child), [line]);
        let status = 10 + number;
        let waited = format!("I ({parent}) waited for pid {child}: exit status: {status}.");
        assert_eq!(by_parent[1 + number], waited);
        assert!(place(&testimony, &waited) > place(&testimony, &format!("I am child {number} ")));
    }
    assert_eq!(testimony.writers().len(), 21);
}

#[test]
fn each_process_has_its_own_variable_and_gets_its_pages_when_it_writes() {
    let before = used_by_children().minor_page_faults();
    let testimony = run(&["copies", "--mib", "64"]);
    let parent = testimony.pid;
    let [_, child] = testimony.writers()[..] else { panic!("{testimony:?}") };
    let (by_child, by_parent) = (written_by(&testimony, child), written_by(&testimony, parent));
    let (_, address) = by_child[0].split_once(" at ").unwrap();
    assert_eq!(by_child[0], format!("child (pid {child}): number is 6, at {address}"));
    assert_eq!(by_parent[1], format!("parent (pid {parent}): number is 9, at {address}"));
    assert_eq!(by_parent[2], format!("parent (pid {parent}): memory unchanged: true"));

    let faults = |line: &str| -> i64 {
        let (_, number) = line.split_once('≈').unwrap();
        number.trim().split(' ').next().unwrap().parse().unwrap()
    };
    let pages = 64 << 20 >> 12;
    assert!(by_child[1].contains("read 16384 pages (sum 16384)"), "{by_child:?}");
    // The system may take pages away and give them back meanwhile, but not many.
    assert!(faults(by_child[1]) < pages / 8, "{by_child:?}");
    assert!((pages..pages + pages / 8).contains(&faults(by_child[2])), "{by_child:?}");
    // By the kernel's count the parent, too, wrote to its pages; the first time a
    // fault may bring several.
    let all = used_by_children().minor_page_faults() - before;
    assert!(all >= pages, "{all} page faults in all");
}

#[test]
fn the_others_go_on_when_one_crashes() {
    let testimony = run(&["crash"]);
    let parent = testimony.pid;
    let [first, second, third] = ["child 1 (", "child 2 (", "child 3 ("].map(|beginning| {
        let place = testimony
            .lines
            .iter()
            .position(|line| line.pid != parent && line.text.starts_with(beginning));
        testimony.lines[place.unwrap_or_else(|| panic!("{testimony:#?}"))].pid
    });
    assert_eq!(written_by(&testimony, second), [format!("child 2 (pid {second}) crashes.")]);
    let crashed = format!("child 2 (pid {second}) has ended: killed by SIGABRT");
    let crashed = place(&testimony, &crashed);
    for (number, child) in [(1, first), (3, third)] {
        let here = format!("child {number} (pid {child}) is still here, after the crash.");
        assert_eq!(written_by(&testimony, child), [here.as_str()]);
        assert!(place(&testimony, &here) > crashed, "{testimony:#?}");
        place(&testimony, &format!("child {number} (pid {child}) has ended: exit status: 0"));
    }
    assert_eq!(testimony.writers().len(), 4);
}

#[test]
fn a_text_in_memory_is_written_by_both() {
    let testimony = run(&["buffered"]);
    let parent = testimony.pid;
    let printed = format!("  printed by pid {parent}");
    let writers: Vec<u32> = testimony
        .lines
        .iter()
        .filter(|line| line.text.starts_with(&printed))
        .map(|line| line.pid)
        .collect();
    // Not handed over: by the child and the parent; then, twice, by the parent alone.
    assert_eq!(writers.len(), 4, "{testimony:#?}");
    assert_eq!(writers[1..], [parent; 3]);
    let child = writers[0];
    let line = format!("{printed}; ended by the child, pid {child}");
    assert_eq!(written_by(&testimony, child), [line]);
    let writers = testimony.writers();
    assert_eq!(writers.len(), 3, "the third child wrote something: {testimony:#?}");
    assert_eq!(
        written_by(&testimony, writers[2]),
        [format!("  a line by the child (pid {})", writers[2])]
    );
}
