//! The recorder, on programs whose processes and threads are known, and beside
//! strace.

mod births;
mod calls;
mod foreign;
mod hangs;
mod interrupted;
mod judge;
mod lives;
mod programs;
mod real;
mod refused;
mod step;
mod surroundings;
mod trace;
mod tree;
mod unprivileged;
mod zombies;

use serde_json::{Value, json};

use lives::Lives;
use trace::{example, is_allowed, record};

/// The lives of the tasks of `examples/tasks.rs`, run in one way: as they are
/// when the usual calls are followed, and when all are.
fn in_both(way: &str, look: impl Fn(&Lives)) {
    of_both("tasks", way, look);
}

/// The same of another example.
fn of_both(program: &str, way: &str, look: impl Fn(&Lives)) {
    if !is_allowed() {
        return;
    }
    for selection in ["shown", "all"] {
        let program = example(program);
        let events = record(selection, &[program.to_str().unwrap(), way], "1");
        look(&Lives::of(&events));
    }
}

fn has(events: &[Value], text: &str) -> bool {
    events.iter().any(|event| event["text"].as_str().unwrap().contains(text))
}

/// The only task that the given one made.
fn only_child(lives: &Lives, id: i64) -> i64 {
    let children = &lives.children[&id];
    assert_eq!(children.len(), 1, "{lives:#?}");
    children[0]
}

#[test]
fn every_one_of_many_short_threads_is_born_and_ends() {
    in_both("threads", |lives| {
        let threads = &lives.children[&lives.root];
        assert_eq!(threads.len(), 100);
        for thread in threads {
            assert_eq!(lives.process(*thread), lives.root);
            assert_eq!(*lives.end(*thread), json!({ "exited": 0 }));
        }
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }));
    });
}

#[test]
fn processes_that_make_processes_each_end_with_their_own_status() {
    in_both("forks", |lives| {
        let children = &lives.children[&lives.root];
        assert_eq!(children.len(), 20);
        for (child, place) in children.iter().zip(0..) {
            assert_eq!(*lives.end(*child), json!({ "exited": 100 + place }));
            assert_eq!(*lives.end(only_child(lives, *child)), json!({ "exited": place }));
        }
    });
}

#[test]
fn a_thread_forks() {
    in_both("fork-in-thread", |lives| {
        let thread = only_child(lives, lives.root);
        assert_eq!(lives.process(thread), lives.root);
        let child = only_child(lives, thread);
        assert_eq!(lives.process(child), child);
        assert_eq!(*lives.end(child), json!({ "exited": 7 }));
    });
}

#[test]
fn a_thread_starts_a_program() {
    in_both("vfork-in-thread", |lives| {
        let child = only_child(lives, only_child(lives, lives.root));
        assert_eq!(lives.process(child), child);
        assert!(has(&lives.events[&child], "exec true"), "{lives:#?}");
        assert_eq!(*lives.end(child), json!({ "exited": 0 }));
    });
}

#[test]
fn a_process_starts_a_program() {
    in_both("vfork", |lives| {
        let child = only_child(lives, lives.root);
        assert!(has(&lives.events[&lives.root], &format!("vfork → pid {child}")), "{lives:#?}");
        assert!(has(&lives.events[&child], "exec true"), "{lives:#?}");
        assert_eq!(*lives.end(child), json!({ "exited": 0 }));
    });
}

#[test]
fn a_thread_that_becomes_a_program_takes_the_place_of_its_process() {
    in_both("exec-in-thread", |lives| {
        assert_eq!(lives.children[&lives.root].len(), 2);
        assert!(has(&lives.events[&lives.root], "exec true"), "{lives:#?}");
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }));
        // The thread that called exec is the process now.
        let becomes = lives.children[&lives.root][0];
        assert_eq!(*lives.end(becomes), json!("replaced"));
    });
}

#[test]
fn a_killed_process_ends_by_its_signal() {
    in_both("killed", |lives| {
        let child = only_child(lives, lives.root);
        assert_eq!(*lives.end(child), json!({ "killed": 9 }));
        assert!(has(&lives.events[&lives.root], &format!("send SIGKILL to pid {child}")));
        assert!(has(&lives.events[&lives.root], &format!("pid {child} was killed by SIGKILL")));
    });
}

#[test]
fn a_call_in_which_its_process_is_killed_does_not_return() {
    in_both("killed-in-read", |lives| {
        let child = &lives.events[&only_child(lives, lives.root)];
        let [.., read, end] = &child[..] else { panic!("{child:#?}") };
        assert_eq!(end["end"], json!({ "killed": 9 }));
        assert_eq!((&read["call"], &read["result"]), (&json!("read"), &Value::Null));
        let text = read["text"].as_str().unwrap();
        assert!(text.contains(", read end: does not return, after "), "{text}");
    });
}

#[test]
fn a_call_that_the_kernel_makes_again_is_one_call() {
    in_both("interrupted", |lives| {
        let child = &lives.events[&only_child(lives, lives.root)];
        let results = |call: &str| -> Vec<&Value> {
            let of_call = child.iter().filter(|event| event["call"] == call);
            of_call.map(|event| &event["result"]).collect()
        };
        assert_eq!((results("poll"), results("read")), (vec![&json!(1)], vec![&json!(1)]));
        assert!(!has(child, "interrupted"), "{child:#?}");
    });
}

#[test]
fn a_stopped_process_stays_so_until_it_goes_on() {
    in_both("stopped", |lives| {
        let child = only_child(lives, lives.root);
        let texts: Vec<&str> = lives.events[&child]
            .iter()
            .map(|event| event["text"].as_str().unwrap())
            .filter(|text| {
                text.contains("stopped") || *text == "goes on" || text.contains("killed")
            })
            .collect();
        assert_eq!(texts, ["stopped by SIGSTOP", "goes on", "killed by SIGTERM"]);
        let parent = &lives.events[&lives.root];
        assert!(has(parent, &format!("pid {child} was stopped by SIGSTOP")), "{lives:#?}");
        assert!(has(parent, &format!("pid {child} goes on")), "{lives:#?}");
        assert_eq!(*lives.end(child), json!({ "killed": 15 }));
    });
}

#[test]
fn a_grandchild_in_a_session_of_its_own_is_followed_to_its_end() {
    in_both("daemon", |lives| {
        let between = only_child(lives, lives.root);
        let daemon = only_child(lives, between);
        assert_eq!(*lives.end(between), json!({ "exited": 4 }));
        assert_eq!(*lives.end(daemon), json!({ "exited": 5 }));
    });
}

#[test]
fn a_process_that_ends_while_it_makes_threads_leaves_no_thread_open() {
    in_both("exit-at-once", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 6 }));
    });
}

#[test]
fn pointers_that_lead_nowhere_are_said_to_be_unreadable() {
    in_both("wild-pointers", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        let own = &lives.events[&lives.root];
        for text in [
            "sleep for a time that is not readable → EFAULT, after ",
            "wait for 2 descriptors, not readable → EFAULT, after ",
            "bind itself to CPUs, not readable → EFAULT",
            "exec, arguments not readable → EFAULT",
            "make a pipe → EFAULT",
            "make shared memory, name not readable → EFAULT",
            "new process or thread, flags not readable → EFAULT",
        ] {
            assert!(has(own, text), "{text}: {own:#?}");
        }
    });
}

#[test]
fn what_goes_through_channels_is_shown() {
    in_both("open", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        let own = &lives.events[&lives.root];
        // The third process is waited for without asking how it ended.
        let child = lives.children[&lives.root][3];
        let wait = format!("wait for pid {child}");
        assert!(
            has(own, &format!("{wait} (WNOWAIT) → a child, or nothing yet, after ")),
            "{own:#?}"
        );
        assert!(has(own, &format!("{wait} → pid {child}, after ")), "{own:#?}");
        for text in [
            r#"print "printed\n""#,
            r#"print "an error\n""#,
            r#"write to pipe 1, write end: "through" (7 bytes)"#,
            r#"write to pipe 1, write end: " the pipe" (9 bytes)"#,
            "wait for pipe 1, read end, after ",
            r#"read from pipe 1, read end: "through the pipe" (16 bytes)"#,
            r#"write to socket pair 1, end A: "a message" (9 bytes)"#,
            r#"read from socket pair 1, end B: "a " (9 bytes)"#,
            r#"make shared memory "shared" → fd "#,
            r#"map 4096 bytes of shared memory "shared""#,
        ] {
            assert!(has(own, text), "{text}: {own:#?}");
        }
    });
}
