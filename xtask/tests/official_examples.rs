//! The Python programs that `docs/official-examples.md` quotes run, and do what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use testing::start;

/// A version of Python: `(3, 13)` is 3.13.
type Version = (u32, u32);

/// Each program, the version that it needs, and what it prints. `DEFAULT` is the start method
/// that this Python uses when it is not told.
const PROGRAMS: [(&str, Version, &str); 10] = [
    ("exchange", (3, 8), "got A\ngot B\ngot C\nanswer: PEAR\n"),
    (
        "futures",
        (3, 8),
        "result: PEAR\nmap: ['PLUM', 'FIG']\nexception: 7 is odd\nsquares: [0, 1, 4, 9]\n\
         cancelled: False True\nquick is done: True and slow is not: True\n\
         completed: KIWI\ncompleted: True\ncallback: 42\n",
    ),
    (
        "pool",
        (3, 8),
        "apply: 7\nmap: [0, 1, 4, 9]\nstarmap: [3, 7]\napply_async: 25 True\n\
         map_async: True [0, 1, 4, 9]\nimap: 0\nimap: 1\nimap: 4\nimap_unordered: {0, 1, 4}\n\
         apply: 7\nmap: [0, 1, 4, 9]\nstarmap: [3, 7]\napply_async: 25 True\n\
         map_async: True [0, 1, 4, 9]\nimap: 0\nimap: 1\nimap: 4\nimap_unordered: {0, 1, 4}\n",
    ),
    ("process", (3, 8), "worker has 7\nexit code: 7\nstill running: True\n"),
    (
        "queues",
        (3, 8),
        "Queue [2, 3, 1]\nLifoQueue [1, 3, 2]\nPriorityQueue [1, 2, 3]\nSimpleQueue [2, 3, 1]\n\
         full\nempty\nall done: [0, 1, 2, 3, 4]\n",
    ),
    (
        "sharing",
        (3, 8),
        "counted to 2000 squares: [0, 1, 4, 9]\nbalance: 2000\nin the memory: b'pear'\n\
         fruits: ['pear', 'plum', 'plum']\n",
    ),
    ("shutdown", (3, 13), "got A\ngot B\ngot C\nnothing more can come\nnothing more can be put\n"),
    (
        "start_methods",
        (3, 8),
        "fork: number is 2\nspawn: number is 1\nforkserver: number is 1\ndefault: DEFAULT\n",
    ),
    (
        "thread",
        (3, 8),
        "in worker\nin MainThread\nhalver failed: 7 is odd\nmine: pear\nmine: plum\n\
         main has one: False\nstill running: True\n",
    ),
    (
        "waiting",
        (3, 8),
        "total: 2000\ndepth: 3\nmost inside at a time: 2\n\
         one release too many: Semaphore released too many times\nit is ready\ntook pear\n\
         all three have met\ntime is up\n",
    ),
];

/// Where they are.
fn folder() -> PathBuf {
    // A test program starts in its package's folder.
    PathBuf::from("../docs/official-examples")
}

/// The version of `python3`; none if there is none.
fn python() -> Option<Version> {
    if !start::is_installed("python3") {
        return None;
    }
    let mut python = start::command("python3");
    python.args(["-c", "import sys; print(*sys.version_info[:2])"]);
    let output = python.output().expect("python3 starts");
    let text = String::from_utf8(output.stdout).expect("two numbers");
    let (major, minor) = text.trim().split_once(' ').expect("two numbers");
    Some((major.parse().expect("a number"), minor.parse().expect("a number")))
}

#[test]
fn each_program_prints_what_is_known() {
    let Some(version) = python() else {
        println!("not checked: python3 is not installed");
        return;
    };
    let default = if version < (3, 14) { "fork" } else { "forkserver" };
    // All of them at the same time: most of what they do is to start.
    let mut running: Vec<(&str, String, Child)> = Vec::new();
    for (name, needed, output) in PROGRAMS {
        if version < needed {
            println!("not checked: {name}.py needs Python {}.{}", needed.0, needed.1);
            continue;
        }
        // A program that hangs is ended, with all its processes: exit status 124.
        let mut python = start::command("timeout");
        python.args(["120", "python3"]).arg(folder().join(format!("{name}.py")));
        let child = python.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        running.push((name, output.replace("DEFAULT", default), child));
    }
    // All have ended before the first is judged, so none is left.
    let ended = running.into_iter().map(|(name, expected, child)| {
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        (name, expected, output.status, text)
    });
    for (name, expected, status, [printed, errors]) in ended.collect::<Vec<_>>() {
        assert!(status.success(), "{name}.py: {status}\n{errors}");
        assert_eq!((printed, errors), (expected, String::new()), "{name}.py");
    }
}

#[test]
fn each_file_is_tested_and_quoted() {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    let files = files.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".py"));
    let tested = PROGRAMS.map(|(name, ..)| format!("{name}.py"));
    assert_eq!(files.collect::<BTreeSet<_>>(), BTreeSet::from(tested.clone()));
    let page = fs::read_to_string("../docs/official-examples.md").unwrap();
    for name in tested {
        assert!(page.contains(&format!("(official-examples/{name})")), "{name} is not quoted");
    }
}
