//! The demo `tasks`, seen from outside while it runs: the kernel's view of its
//! processes, and what becomes of them when something happens to them.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpgid};
use testing::seen::{has_ended, until};
use testing::{start, test};

mod picture;

/// A demo that has started its three tasks on one CPU.
struct Demo {
    process: Child,
    lines: BufReader<ChildStdout>,
    /// browser, music and word, as the demo says.
    tasks: [i32; 3],
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let mut process = start::command(env!("CARGO_BIN_EXE_01-multitask"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut started = (&mut lines).lines().map(Result::unwrap);
        let Some(started) = started.find(|line| line.contains(" started browser (pid ")) else {
            let errors = io::read_to_string(process.stderr.take().unwrap()).unwrap();
            panic!("it has started no tasks: {errors}");
        };
        let after = |name: &str| {
            let (_, rest) = started.split_once(&format!("{name} (pid ")).unwrap();
            rest.split_once(')').unwrap().0.parse().unwrap()
        };
        assert!(started.starts_with(&format!("I ({}) started", process.id())), "{started}");
        let tasks = ["browser", "music", "word"].map(after);
        Self { process, lines, tasks }
    }

    /// Sends a signal to a task, and to nobody else: what a line gives as an id may be any
    /// number.
    fn signal(&self, task: i32, signal: Signal) -> nix::Result<()> {
        let (task, demo) = (Pid::from_raw(task), Pid::from_raw(self.process.id() as i32));
        assert_eq!(getpgid(Some(task))?, demo, "{task} is not of this demo");
        kill(task, signal)
    }

    fn end(mut self) -> (ExitStatus, String) {
        let mut errors = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.process.wait().unwrap(), errors)
    }

    /// As Ctrl-C does: the signal goes to the whole group.
    fn interrupt(self) {
        killpg(Pid::from_raw(self.process.id() as i32), Signal::SIGINT).unwrap();
        self.end();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A test that fails leaves nothing behind either.
        let _ = killpg(Pid::from_raw(self.process.id() as i32), Signal::SIGKILL);
    }
}

fn line_with(lines: &mut impl BufRead, part: &str) -> String {
    lines.lines().map(Result::unwrap).find(|line| line.contains(part)).expect(part)
}

/// The fields of /proc/PID/stat from the state on; `None` without the process.
fn stat(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// The time that a process has used in user mode, in ticks of 10 ms.
fn ticks(pid: i32) -> Option<u64> {
    stat(pid).filter(|fields| fields[0] != "Z").map(|fields| fields[11].parse().unwrap())
}

fn allowed_cpus(pid: i32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap().trim().to_owned()
}

#[test]
fn three_child_processes_are_busy_on_the_same_cpu() {
    let demo = Demo::start(&["--duration", "10"]);
    let id = demo.process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let children: Vec<i32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(children, demo.tasks);

    let cpu = allowed_cpus(demo.tasks[0]);
    cpu.parse::<usize>().expect("one CPU, not a list");
    assert_eq!(demo.tasks.map(allowed_cpus), [(); 3].map(|()| cpu.clone()));
    until("all three are busy", || demo.tasks.iter().all(|&task| ticks(task) >= Some(3)));

    let tasks = demo.tasks;
    demo.interrupt();
    until("Ctrl-C ends all of them", || tasks.into_iter().all(has_ended));
}

#[test]
fn the_recording_shows_what_really_happened() {
    // On a busy machine the tasks get little of that: then a longer run.
    let mut runs = [300.0, 700.0, 2000.0, 10_000.0].into_iter();
    let most = runs.find_map(browser_while_word_is_stopped).expect("the tasks hardly run");
    assert!(most >= 25.0, "browser ran for {most} ms at most while word was away");
}

/// Stops word until browser has run for 30 to 50 ms. Returns for how many ms
/// browser ran in one absence of word, by their recordings: the absence in which
/// word was stopped must be among them. `None` if the run was too short for that.
fn browser_while_word_is_stopped(length: f64) -> Option<f64> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("one-cpu.svg");
    let duration = (length / 1000.0).to_string();
    let mut demo = Demo::start(&["--duration", &duration, "--svg", file.to_str().unwrap()]);
    let [browser, _, word] = demo.tasks;

    until("word runs", || ticks(word) != Some(0));
    demo.signal(word, Signal::SIGSTOP).ok()?;
    until("word is stopped", || stat(word).is_none_or(|fields| "TZ".contains(&fields[0])));
    let enough = ticks(browser)? + 4;
    until("browser runs", || ticks(browser).is_none_or(|ticks| ticks >= enough));
    let in_time = ticks(browser).is_some();
    demo.signal(word, Signal::SIGCONT).ok()?;

    line_with(&mut demo.lines, "tasks on");
    let picture = picture::read(&fs::read_to_string(&file).unwrap());
    demo.interrupt();

    let ms = length / picture.length;
    let ran = |from: f64, to: f64| -> f64 {
        picture.tasks[0].iter().map(|&(a, b)| (b.min(to) - a.max(from)).max(0.0) * ms).sum()
    };
    // It may be the last: word does not run again before the end.
    let word = picture.tasks[2].iter();
    let returns = word.clone().skip(1).map(|slice| slice.0).chain([picture.length]);
    let absences = word.zip(returns).map(|(slice, back)| ran(slice.1, back));
    in_time.then(|| absences.fold(0.0, f64::max))
}

#[test]
fn none_is_left_when_the_demo_ends() {
    let mut demo = Demo::start(&["--duration", "0.02", "--tasks", "3"]);
    demo.lines.read_to_string(&mut String::new()).unwrap();
    let tasks = demo.tasks;
    let (status, errors) = demo.end();
    assert!(status.success(), "{errors}");
    assert!(tasks.into_iter().all(|task| stat(task).is_none()), "a task was not waited for");
}

#[test]
fn a_task_that_dies_is_an_error_and_takes_the_others_along() {
    let demo = Demo::start(&["--duration", "10"]);
    let tasks = demo.tasks;
    demo.signal(tasks[0], Signal::SIGKILL).unwrap();
    let (status, errors) = demo.end();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("ended badly") && errors.contains("SIGKILL"), "{errors}");
    assert!(tasks.into_iter().all(|task| stat(task).is_none()), "a task was left behind");
}

#[test]
fn tasks_whose_parent_was_killed_end_by_themselves() {
    let mut demo = Demo::start(&["--duration", "0.3"]);
    demo.process.kill().unwrap();
    let tasks = demo.tasks;
    until("the tasks end", || tasks.into_iter().all(has_ended));
    demo.end();
}
