//! The demo `nice`, seen from outside while it runs.

use std::fs;
use std::time::Duration;

use common::proc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getsid};
use testing::running::{self, Running};
use testing::seen::{has_ended, until, within};
use testing::{start, test};

const DEMO: &str = env!("CARGO_BIN_EXE_01-multitask");

fn nice(duration: &str) -> Running {
    let mut demo = start::command(DEMO);
    demo.args(["nice", "--duration", duration]);
    Running::start(demo)
}

/// The three tasks that the demo says it started next, all its children. `None` if
/// they have ended already.
fn next_tasks(demo: &Running) -> Option<[Pid; 3]> {
    let line = demo.line_with(&["I ("]);
    let tasks = line.match_indices("pid ").map(|(at, _)| running::pid(&line[at..]));
    let tasks = tasks.collect::<Vec<_>>().try_into().expect("three tasks");
    for task in &tasks {
        // Tests send them signals: what a line gives as an id may be any number.
        let parent = proc::field(format!("/proc/{task}/status"), "PPid").ok()?;
        assert_eq!(parent, demo.id().to_string(), "{task} is not of this demo");
    }
    Some(tasks)
}

/// The nice value of a process, by the kernel's word; `None` without the process.
fn nice_value(pid: Pid) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc(5): the 19th field; the state, behind the name, is the third.
    stat.rsplit_once(')')?.1.split_whitespace().nth(16)?.parse().ok()
}

/// Whether the demo may set the nice value that it starts with; if not, the test is passed
/// over.
fn can_be_seen_here() -> bool {
    let output = start::command(DEMO).args(["nice", "--duration", "0.02"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}: {errors}", output.status);
    if !output.status.success() {
        start::pass_over(errors.trim_end());
    }
    output.status.success()
}

/// Looks at demos that run for longer and longer, until it was in time for one.
/// None is left when it is done with it.
fn look<T>(look: impl Fn(&Running, Duration) -> Option<T>) -> T {
    let seen = [0.1, 0.5, 2.0, 10.0].into_iter().find_map(|seconds| {
        let demo = nice(&seconds.to_string());
        let seen = look(&demo, Duration::from_secs_f64(seconds));
        demo.finish();
        seen
    });
    seen.expect("in one of these runs it is in time")
}

#[test]
fn where_a_task_may_not_be_less_nice_it_says_so_and_does_nothing() {
    // It goes on where it may not be nicer, and only its words say so.
    let nice = start::command("nice").args(["-n", "5", "true"]).output().unwrap();
    if !nice.stderr.is_empty() {
        start::pass_over(String::from_utf8_lossy(&nice.stderr).trim_end());
        return;
    }
    // The superuser may: so without that right, if it can be given away.
    let without_right = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"];
    let can = start::command("sh").args(["-c", "\"$@\" true", "sh"]).args(without_right).output();
    let without_right = if can.unwrap().status.success() { &without_right[..] } else { &[] };
    let mut command = start::command("env");
    command.args(without_right).args(["nice", "-n", "5", DEMO, "nice", "--duration", "0.02"]);
    let output = command.output().unwrap();
    if output.status.success() {
        start::pass_over("a task may be made less nice here");
        return;
    }
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("nice value 0") && errors.contains("without `nice`"), "{errors}");
    assert_eq!((errors.lines().count(), output.stdout.len()), (1, 0), "{errors}");
}

#[test]
fn the_tasks_are_as_nice_as_it_says_and_share_a_cpu() {
    if !can_be_seen_here() {
        return;
    }
    let demo = nice("10");
    let tasks = next_tasks(&demo).unwrap();
    until("the tasks are nice", || {
        tasks.iter().map(|task| nice_value(*task)).eq([Some(0), Some(5), Some(10)])
    });
    let cpus =
        |task: &Pid| proc::field(format!("/proc/{task}/status"), "Cpus_allowed_list").unwrap();
    cpus(&tasks[0]).parse::<u32>().expect("one CPU, not a list");
    assert!(tasks.iter().all(|task| cpus(task) == cpus(&tasks[0])));
    assert!(tasks.iter().all(|task| getsid(Some(*task)) == getsid(Some(demo.id()))));
    // It fails, and leaves none of the others behind.
    demo.signal(tasks[0], Signal::SIGKILL);
    let (_, errors, status) = demo.finish();
    assert!(status.code() == Some(1) && errors.contains("ended badly"), "{status}: {errors}");
}

#[test]
fn a_task_that_is_stopped_gets_less_than_a_nicer_one() {
    if !can_be_seen_here() {
        return;
    }
    // Where it was stopped too late, or the others hardly got to run on a busy machine, it may
    // have got more. In one of these runs it has not.
    look(|demo, _| {
        let shares = shares_with_the_first_stopped(demo)?;
        (shares[0] < shares[1]).then_some(())
    });
}

/// The shares that the demo prints if the task that is least nice is stopped as soon
/// as it was started, until the others are done. `None` if it has ended by then.
fn shares_with_the_first_stopped(demo: &Running) -> Option<Vec<f64>> {
    let [first, others @ ..] = next_tasks(demo)?;
    kill(first, Signal::SIGSTOP).ok()?;
    until("the others end", || others.into_iter().all(has_ended));
    kill(first, Signal::SIGCONT).ok()?;
    let shares = (0..3).map(|_| {
        let line = demo.next_line().unwrap();
        let (_, share) = line.split_once('≈').unwrap();
        share.split_once('%').unwrap().0.trim().parse().unwrap()
    });
    Some(shares.collect())
}

#[test]
fn in_the_second_part_each_has_its_own_session_and_none_outlives_the_demo() {
    if !can_be_seen_here() {
        return;
    }
    look(|demo, duration| {
        demo.line_with(&["The same three"]);
        let tasks = next_tasks(demo)?;
        let own_session = |task: Pid| getsid(Some(task)) == Ok(task);
        within(duration, || tasks.into_iter().all(own_session).then_some(()))?;
        // Else they might end before their parent is interrupted.
        let stopped = tasks.map(|task| kill(task, Signal::SIGSTOP));
        // Ctrl-C does not reach them.
        demo.signal(demo.id(), Signal::SIGINT);
        until("they end with their parent", || tasks.into_iter().all(has_ended));
        stopped.iter().all(Result::is_ok).then_some(())
    });
}
