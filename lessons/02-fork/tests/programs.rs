//! The demos that start programs, or many processes.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Output;

use demo::{demo, used_by_children};
use nix::sys::prctl::set_thp_disable;
use testing::{start, test, witness};

mod demo;

#[test]
fn a_child_becomes_the_shell() {
    // The C library's loader then says which process has loaded which program.
    let output = demo(&["exec"]).env("LD_DEBUG", "files").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let ids = ["pear", "plum"].map(|word| {
        let line = lines.iter().find(|line| line.ends_with(&format!(" has read: {word}")));
        let (_, rest) = line.unwrap().split_once("pid ").unwrap();
        rest.split(' ').next().unwrap()
    });
    assert_eq!(
        lines[0].split_once(") ").unwrap().1,
        format!("forked pid {}, and it becomes sh.", ids[0])
    );
    assert_eq!(
        lines[3].split_once(") ").unwrap().1,
        format!("started pid {} with Command.", ids[1])
    );
    assert_eq!((lines[2], lines[5]), ("  it ended: exit status: 3", "  it ended: exit status: 3"));

    let loaded = String::from_utf8_lossy(&output.stderr).into_owned();
    if !loaded.contains("transferring control: ") {
        start::pass_over("this C library's loader does not say what it loads");
        return;
    }
    for id in ids {
        let shell = loaded.lines().any(|line| {
            let (before, program) =
                line.split_once(":\ttransferring control: ").unwrap_or_default();
            before.trim() == id && program.ends_with("sh")
        });
        assert!(shell, "pid {id} has loaded no shell: {loaded}");
    }
}

#[test]
fn a_fork_is_measured_while_memory_is_in_use() {
    let processes = || -> u64 {
        let stat = fs::read_to_string("/proc/stat").unwrap();
        stat.lines().find_map(|line| line.strip_prefix("processes ")).unwrap().parse().unwrap()
    };
    let before = processes();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let picture = folder.path().join("fork-cost.svg");
    let testimony =
        witness::run(demo(&["cost", "--most", "64", "--svg", picture.to_str().unwrap()])).unwrap();
    assert!(testimony.status.success(), "{testimony:?}");
    let texts = testimony.texts();
    assert_eq!(texts.len(), 11, "{texts:#?}");

    // Four sizes, four ways, nine times or more each.
    let started = processes() - before;
    assert!(started >= 4 * 4 * 9, "the kernel counted {started} new processes and threads");
    let most = used_by_children().max_rss();
    assert!(most >= 64 << 10, "no process used more than {most} KiB");
    let pages = |line: &str| -> u64 {
        let (_, number) = line.split_once('≈').unwrap();
        number.trim().split(' ').next().unwrap().parse().unwrap()
    };
    // 63 MiB more need 31 pages of page tables more.
    assert!(pages(texts[5]) - pages(texts[2]) >= 31, "{texts:#?}");

    let svg = fs::read_to_string(&picture).unwrap();
    assert_eq!(svg.matches("<path class='line").count(), 4);
    assert_eq!(svg.matches("<circle").count(), 16);
}

#[test]
fn huge_pages_are_few_and_where_there_are_none_it_says_so() {
    let rows = |output: &Output| -> Vec<[i64; 2]> {
        let text = str::from_utf8(&output.stdout).unwrap();
        let figures = text.lines().skip(2).map(|row| {
            let mut figures = row.split('≈').skip(1);
            [(); 2].map(|()| {
                let figure = figures.next().unwrap_or_else(|| panic!("{text}"));
                figure.split_whitespace().next().unwrap().parse().unwrap()
            })
        });
        figures.collect()
    };
    let pages = (64 << 20) / common::proc::page_size() as i64;
    let is_small = |[huge, faults]: [i64; 2]| {
        assert!(huge < 64 && (pages..pages + pages / 8).contains(&faults), "{huge}, {faults}");
    };

    let mut without = demo(&["huge-pages", "--mib", "64"]);
    // SAFETY: it runs between fork and exec, and makes one system call.
    unsafe { without.pre_exec(|| set_thp_disable(true).map_err(io::Error::from)) };
    let without = without.output().unwrap();
    assert_eq!(without.status.code(), Some(3), "{without:?}");
    let why = str::from_utf8(&without.stderr).unwrap();
    assert!(
        why.contains("the kernel gave no huge pages; /sys/kernel/mm/transparent_hugepage/"),
        "{why}"
    );
    let [small] = rows(&without)[..] else { panic!("{without:?}") };
    is_small(small);

    let with = demo(&["huge-pages", "--mib", "64"]).output().unwrap();
    if with.status.code() == Some(3) {
        return start::pass_over("this system gives no huge pages");
    }
    let [small, [huge, faults]] = rows(&with)[..] else { panic!("{with:?}") };
    is_small(small);
    // It gives fewer where free memory is in pieces.
    assert!((1..=64).contains(&huge), "{with:?}");
    let most = pages - (huge << 20) / common::proc::page_size() as i64 + huge;
    assert!(faults <= most + pages / 8, "{with:?}");
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, status, words) in [
        (["family", "--children=0"], 2, "a number from 1 to 100"),
        (["copies", "--mib=x"], 2, "a number from 1 to 1024"),
        (["cost", "--most=-1"], 2, "a number from 1 to 1024"),
        (["huge-pages", "--mib=1"], 2, "a number from 4 to 1024"),
        (["zombie", "--svg=x"], 2, "no option '--svg' of zombie; available: "),
        (["cost", "--svg=/no/such/folder/x.svg"], 1, "write /no/such/folder/x.svg: No such file"),
    ] {
        let mut command = demo(&arguments);
        if status == 1 {
            command.args(["--most", "1"]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{errors}");
        assert!(errors.contains(words) && errors.lines().count() == 1, "{errors}");
    }
}
