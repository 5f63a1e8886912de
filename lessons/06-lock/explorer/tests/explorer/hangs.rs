//! A thread that does not come to its next step: the exploration says which, and ends.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, mpsc};
use std::thread;
use std::time::Duration;

use explorer::{Atomic, Bounds, Cell, Explorer, Mutex, Orders, Program, Schedule, spawn};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// Long for a step that does nothing, and short for a test.
const PATIENCE: Duration = Duration::from_millis(300);

fn explorer() -> Explorer {
    Explorer { bounds: Bounds { patience: PATIENCE, ..Bounds::default() } }
}

/// The message with which a call fails.
fn failure<R>(call: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(call)) else { panic!("it does not fail") };
    panic.downcast_ref::<String>().expect("a message").clone()
}

/// The message with which the exploration of a program fails. It names this thread and its step.
fn hang(thread: &str, program: impl Fn(&mut Program) + Sync) -> String {
    let message = failure(|| explorer().explore(Orders::Distinct, program));
    assert!(message.starts_with(&format!("exploration failed: {thread}, ")), "{message}");
    message
}

#[track_caller]
fn assert_waits(message: &str) {
    assert!(message.contains(" waits for something that no step gives it"), "{message}");
}

#[track_caller]
fn assert_runs(message: &str) {
    assert!(message.contains(" runs on and on without a step"), "{message}");
}

#[test]
fn a_lock_of_std_is_held_over_a_step() {
    let message = hang("t2", |program| {
        let (lock, x) = (Arc::new(StdMutex::new(())), Cell::new("x", 0));
        for name in ["t1", "t2"] {
            let (lock, x) = (lock.clone(), x.clone());
            program.thread(name, move || {
                let _guard = lock.lock();
                x.set(x.get() + 1);
            });
        }
    });
    assert_waits(&message);
    assert!(message.contains("t2, before its first step, waits"), "{message}");
}

#[test]
fn a_loop_takes_no_step() {
    let stop = Arc::new(AtomicBool::new(false));
    let message = hang("t1", |program| {
        let (x, stop) = (Cell::new("x", 0), stop.clone());
        program.thread("t1", move || {
            x.set(1);
            while !stop.load(Ordering::Relaxed) {}
            // The execution is over.
            x.set(2);
        });
        program.thread("t2", || {});
    });
    assert_runs(&message);
    assert!(
        message.contains("t1, after its step at ") && message.contains("hangs.rs:"),
        "{message}"
    );
    stop.store(true, Ordering::Relaxed);
    // The thread that was left behind does not disturb another exploration.
    let report = explorer().explore(Orders::All, |program| {
        let x = Atomic::new("x", 0);
        for name in ["t1", "t2"] {
            let x = x.clone();
            program.thread(name, move || _ = x.fetch_add(1));
        }
    });
    assert_eq!((report.executions, report.failures), (2, 0));
}

#[test]
fn a_loop_sleeps_between_its_looks() {
    let stop = Arc::new(AtomicBool::new(false));
    let message = hang("t1", |program| {
        let stop = stop.clone();
        program.thread("t1", move || {
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
        });
    });
    assert_waits(&message);
    stop.store(true, Ordering::Relaxed);
}

#[test]
fn a_thread_waits_that_no_other_is_left_beside() {
    let held = Arc::new(StdMutex::new(()));
    let guard = held.lock();
    let message = hang("t2", |program| {
        let (x, held) = (Cell::new("x", 0), held.clone());
        let of_t2 = x.clone();
        program.thread("t1", move || x.set(1));
        program.thread("t2", move || {
            of_t2.get();
            drop(held.lock());
        });
    });
    assert_waits(&message);
    drop(guard);
}

#[test]
fn a_thread_waits_for_a_channel_of_std() {
    let (sender, receiver) = mpsc::channel::<()>();
    let receiver = Arc::new(StdMutex::new(receiver));
    let message = hang("child", |program| {
        let receiver = receiver.clone();
        program.thread("t1", move || {
            let wait = move || _ = receiver.lock().expect("no panic").recv();
            spawn("child", wait).join();
        });
    });
    assert_waits(&message);
    drop(sender);
}

#[test]
fn only_a_later_order_hangs() {
    let stop = Arc::new(AtomicBool::new(false));
    let message = hang("t1", |program| {
        let (x, stop) = (Cell::new("x", 0), stop.clone());
        let of_t1 = x.clone();
        program.thread("t1", move || {
            if of_t1.get() == 2 {
                while !stop.load(Ordering::Relaxed) {}
            }
        });
        program.thread("t2", move || (1..4).for_each(|value| x.set(value)));
    });
    assert_runs(&message);
    stop.store(true, Ordering::Relaxed);
}

/// Waits for its lock when it is dropped.
struct Waits(Arc<StdMutex<()>>);

impl Drop for Waits {
    fn drop(&mut self) {
        drop(self.0.lock());
    }
}

#[test]
fn a_thread_waits_for_ever_when_it_unwinds() {
    let held = Arc::new(StdMutex::new(()));
    let guard = held.lock();
    let message = hang("t1", |program| {
        let (lock, held) = (Mutex::new("lock", ()), held.clone());
        program.thread("t1", move || {
            let _waits = Waits(held);
            let _guard = lock.lock();
            // A deadlock: the execution is over.
            drop(lock.lock());
        });
    });
    assert_waits(&message);
    drop(guard);
}

#[test]
fn a_thread_waits_for_ever_when_its_thread_locals_are_dropped() {
    thread_local! {
        static AT_EXIT: std::cell::RefCell<Option<Waits>> = const { std::cell::RefCell::new(None) };
    }

    let held = Arc::new(StdMutex::new(()));
    let guard = held.lock();
    let message = hang("t1", |program| {
        let held = held.clone();
        program.thread("t1", move || AT_EXIT.set(Some(Waits(held))));
    });
    assert_waits(&message);
    drop(guard);
}

#[test]
fn a_replay_hangs() {
    let held = Arc::new(StdMutex::new(()));
    let guard = held.lock();
    let message = failure(|| {
        let schedule: Schedule = "1".parse().expect("a schedule");
        explorer().replay(&schedule, |program| {
            let (x, held) = (Cell::new("x", 0), held.clone());
            program.thread("t1", move || {
                x.set(1);
                drop(held.lock());
                x.set(2);
            });
        })
    });
    assert_waits(&message);
    drop(guard);
}

#[test]
fn time_between_the_executions_does_not_count() {
    let program = |program: &mut Program| {
        let x = Cell::new("x", 0);
        program.thread("t1", move || x.set(1));
    };
    let report = explorer().explore_each(Orders::All, program, |_, _| thread::sleep(2 * PATIENCE));
    assert_eq!((report.executions, report.failures), (1, 0));
}

/// Runs a test again in a process of its own, whose environment says so.
fn in_a_process(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", test, "--nocapture"]).env(IN_A_PROCESS, "1");
    command
}

const IN_A_PROCESS: &str = "EXPLORER_TEST_IN_A_PROCESS";

fn is_in_a_process() -> bool {
    env::var_os(IN_A_PROCESS).is_some()
}

fn assert_ended(output: &Output, what: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    let wanted = "exploration failed: the closure that prepares the program, or the check at the \
                  end, ";
    assert_eq!(output.status.code(), Some(101), "{error}");
    assert!(error.contains(&format!("{wanted}{what}")), "{error}");
}

fn spin() -> Result<(), String> {
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn a_check_that_hangs_ends_the_process() {
    if is_in_a_process() {
        explorer().explore(Orders::All, |program| program.at_the_end(spin));
    }
    let output = in_a_process("hangs::a_check_that_hangs_ends_the_process").output();
    assert_ended(&output.expect("it starts"), "runs on and on");
}

#[test]
fn a_preparation_that_hangs_ends_the_process() {
    if is_in_a_process() {
        let lock = StdMutex::new(());
        let _guard = lock.lock();
        explorer().explore(Orders::All, |_| drop(lock.lock()));
    }
    let output = in_a_process("hangs::a_preparation_that_hangs_ends_the_process").output();
    assert_ended(&output.expect("it starts"), "waits for something");
}

#[test]
fn the_time_of_a_stop_does_not_count() {
    if is_in_a_process() {
        let stops = Arc::new(AtomicBool::new(true));
        let report = explorer().explore(Orders::All, |program| {
            let (x, stops) = (Cell::new("x", 0), stops.clone());
            program.thread("t1", move || {
                x.set(1);
                if stops.swap(false, Ordering::Relaxed) {
                    kill(Pid::this(), Signal::SIGSTOP).expect("it is this process");
                }
                x.set(2);
            });
        });
        assert_eq!((report.executions, report.failures), (1, 0));
        return;
    }
    let child = in_a_process("hangs::the_time_of_a_stop_does_not_count").spawn();
    let mut child = child.expect("it starts");
    let pid = Pid::from_raw(child.id() as i32);
    let stopped = waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED).expect("a child");
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    thread::sleep(2 * PATIENCE);
    kill(pid, Signal::SIGCONT).expect("it is stopped");
    assert!(child.wait().expect("a child").success());
}
