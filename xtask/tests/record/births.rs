//! Births that do not go as usual: the maker is killed in the middle, or hides the child, or
//! the child has another id in its own eyes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::lives::apart;
use super::trace::{example, is_allowed, record};
use super::{has, in_both, only_child};

/// How the first task ended, of a trace in which every task ends once. Not all of them need
/// have a maker: if several tasks were in a fork, and are killed, nobody knows which it was.
fn end_of_the_first(trace: &[Value]) -> Value {
    let trace = &apart(trace);
    let mut ends = BTreeMap::<i64, Vec<&Value>>::new();
    for event in trace {
        let own = ends.entry(event["id"].as_i64().unwrap()).or_default();
        own.extend((!event["end"].is_null()).then_some(&event["end"]));
    }
    for (id, own) in &ends {
        assert_eq!(own.len(), 1, "{id} does not end once: {trace:#?}");
    }
    ends[&trace[0]["id"].as_i64().unwrap()][0].clone()
}

#[test]
fn processes_that_are_killed_while_they_make_others_do_not_hang_the_trace() {
    for way in ["killed-in-fork", "killed-in-vfork"] {
        // The child of a process that is killed in a fork is known to be its child.
        in_both(way, |lives| {
            assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{way}: {lives:#?}");
            let killed = &lives.children[&lives.root];
            assert_eq!(killed.len(), 20);
            for child in killed {
                assert_eq!(*lives.end(*child), json!({ "killed": 9 }), "{way}");
            }
        });
    }
}

#[test]
fn threads_that_are_gone_while_they_make_tasks_do_not_hang_the_trace() {
    if !is_allowed() {
        return;
    }
    for way in ["killed-in-thread", "exec-while-forking"] {
        for selection in ["shown", "all"] {
            let tasks = example("tasks");
            let trace = record(selection, &[tasks.to_str().unwrap(), way], "1");
            assert_eq!(end_of_the_first(&trace), json!({ "exited": 0 }), "{way}: {trace:#?}");
        }
    }
}

#[test]
fn a_child_that_is_to_escape_a_tracer_is_traced() {
    in_both("untraced", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        let children = &lives.children[&lives.root];
        assert_eq!(children.len(), 2, "{lives:#?}");
        for (child, text) in children.iter().zip(["by clone", "by clone3"]) {
            assert!(has(&lives.events[child], &format!("print \"{text}\"")), "{lives:#?}");
            assert_eq!(*lives.end(*child), json!({ "exited": 7 }));
        }
    });
}

#[test]
fn new_threads_of_a_stopped_process_do_not_run() {
    // The program itself looks.
    in_both("stopped-threads", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        assert_eq!(*lives.end(only_child(lives, lives.root)), json!({ "killed": 9 }));
    });
}

#[test]
fn a_vfork_is_told_when_its_child_begins() {
    in_both("slow-vfork", |lives| {
        let child = only_child(lives, lives.root);
        let own = &lives.events[&lives.root];
        let vfork = own.iter().find(|event| event["child"] == child).unwrap();
        assert_eq!(vfork["text"], format!("vfork → pid {child}"));
        let sleep = lives.events[&child].iter().find(|event| event["group"] == "sleep").unwrap();
        assert!(vfork["at"].as_f64() < sleep["at"].as_f64(), "{lives:#?}");
    });
}

#[test]
fn ids_of_another_namespace_are_told_as_the_tracer_knows_them() {
    in_both("namespace", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        if has(&lives.events[&lives.root], "no namespaces here") {
            return eprintln!("passed over: this system allows no new namespace");
        }
        let first = only_child(lives, lives.root);
        let [second, third, thread] = lives.children[&first][..] else { panic!("{lives:#?}") };
        let own = &lives.events[&first];
        for text in [
            format!("fork → pid {second}"),
            format!("wait for pid {second} → pid {second} exited, status 7, after "),
            format!("gets SIGCHLD, from pid {second}"),
            format!("send SIGKILL to pid {third}"),
            format!("wait for pid {third} → pid {third} was killed by SIGKILL, after "),
            format!("new thread → tid {thread}, in the same process"),
        ] {
            assert!(has(own, &text), "{text}: {own:#?}");
        }
        let waited = own.iter().find(|event| event["call"] == "wait4").unwrap();
        assert_eq!(waited["result"], second);
    });
}
