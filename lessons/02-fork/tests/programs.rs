//! The demos that start programs, or many processes.

use std::fs;

use demo::{demo, used_by_children};
use testing::{start, witness};

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
        format!("have a Command start pid {}.", ids[1])
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
fn what_cannot_be_is_refused() {
    for (arguments, status, words) in [
        (["family", "--children=0"], 2, "a number from 1 to 100"),
        (["copies", "--mib=x"], 2, "a number from 1 to 1024"),
        (["cost", "--most=-1"], 2, "a number from 1 to 1024"),
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
