//! The lives of the tasks in a trace.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What happened to each task, from its birth to its end.
#[derive(Debug)]
pub struct Lives {
    pub root: i64,
    pub events: BTreeMap<i64, Vec<Value>>,
    /// In the order of birth.
    pub children: BTreeMap<i64, Vec<i64>>,
}

impl Lives {
    /// Sorts the events by task.
    ///
    /// # Panics
    /// If a task is not born once and first, or does not end once and last, or
    /// its birth does not fit to the fork that made it.
    pub fn of(trace: &[Value]) -> Lives {
        let trace = &apart(trace);
        let id = |event: &Value| event["id"].as_i64().unwrap();
        let root = id(trace.first().expect("no events"));
        let mut events: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
        let mut births = BTreeMap::new();
        let mut children: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for event in trace {
            events.entry(id(event)).or_default().push(event.clone());
            if let Some(child) = event["child"].as_i64() {
                let before = births.insert(child, event.clone());
                assert!(before.is_none(), "{child} is made twice: {event} {before:?}");
                children.entry(id(event)).or_default().push(child);
            }
        }
        let mut unmade = 0;
        for (task, own) in &events {
            let ends = own.iter().filter(|event| !event["end"].is_null()).count();
            assert_eq!(ends, 1, "{task} does not end once: {own:#?}");
            assert!(!own[own.len() - 1]["end"].is_null(), "{task} goes on: {own:#?}");
            let processes = own.iter().map(|event| &event["process"]);
            assert!(processes.clone().all(|process| process == &own[0]["process"]), "{own:#?}");
            let is_birth =
                |event: &&Value| event["group"] == "fork" && event["call"] == Value::Null;
            if *task == root {
                assert_eq!(own[0]["group"], "exec", "{own:#?}");
                assert_eq!(own.iter().filter(is_birth).count(), 0, "{own:#?}");
                continue;
            }
            // One that is killed before it did anything has only an end; a thread
            // that goes with its process may not even have been returned to its maker.
            // And if it was gone before anything could be read of it, it is not even known to be a
            // thread: then it has no name.
            let is_thread = own[0]["process"] != *task || own[0]["name"] == "";
            if own.len() == 1 {
                // Its maker, too, may have been killed, in the fork.
                unmade += usize::from(!births.contains_key(task) && !is_thread);
                continue;
            }
            assert!(is_birth(&&own[0]), "{task} acts before it is born: {own:#?}");
            assert_eq!(own.iter().filter(is_birth).count(), 1, "{task} is born again: {own:#?}");
            assert_eq!(own[0]["result"], 0);
            // A parent that is killed in its fork does not return from it.
            let Some(birth) = births.get(task) else {
                let is_new_thread = own[0]["text"] == "the new thread starts";
                unmade += usize::from(!is_new_thread);
                continue;
            };
            assert_eq!(birth["group"], "fork");
            assert_eq!(birth["result"], json!(task));
            assert!(birth["at"].as_f64() <= own[0]["at"].as_f64(), "{birth} {own:#?}");
            let is_thread = birth["text"].as_str().unwrap().starts_with("new thread");
            let process = if is_thread { birth["process"].as_i64().unwrap() } else { *task };
            assert_eq!(own[0]["process"], process, "{birth} {own:#?}");
        }
        // Only a fork whose maker was killed in it may have made a process without a word.
        let never_returned = trace.iter().filter(|event| {
            event["group"] == "fork" && !event["call"].is_null() && event["result"].is_null()
        });
        assert!(unmade <= never_returned.count(), "nobody made {unmade} of these: {trace:#?}");
        for child in births.keys() {
            assert!(events.contains_key(child), "{child} has no life of its own");
        }
        Lives { root, events, children }
    }

    pub fn process(&self, id: i64) -> i64 {
        self.events[&id][0]["process"].as_i64().unwrap()
    }

    pub fn end(&self, id: i64) -> &Value {
        &self.events[&id].last().unwrap()["end"]
    }
}

/// The trace with a new id for each task that has the id of an earlier one: the system uses ids
/// again, the sooner the more other programs start.
pub fn apart(trace: &[Value]) -> Vec<Value> {
    /// The last task with an id.
    #[derive(Default)]
    struct Last {
        /// How many had the id before.
        number: i64,
        is_made: bool,
        has_ended: bool,
    }
    impl Last {
        fn next(&mut self) {
            *self = Last { number: self.number + 1, ..Last::default() };
        }
    }
    let mut last: BTreeMap<i64, Last> = BTreeMap::new();
    let mut trace = trace.to_vec();
    for event in &mut trace {
        let [id, process] = ["id", "process"].map(|name| event[name].as_i64().unwrap());
        let task = last.entry(id).or_default();
        if task.has_ended {
            task.next();
        }
        task.has_ended = !event["end"].is_null();
        if let Some(child) = event["child"].as_i64() {
            let made = last.entry(child).or_default();
            // It may have ended before its maker's call returns.
            if made.is_made {
                made.next();
            }
            made.is_made = true;
        }
        let new = |id: i64| id + (last.get(&id).map_or(0, |task| task.number) << 32);
        event["id"] = json!(new(id));
        event["process"] = json!(new(process));
        if let Some(child) = event["child"].as_i64() {
            event["child"] = json!(new(child));
            if event["result"] == json!(child) {
                event["result"] = json!(new(child));
            }
        }
    }
    trace
}
