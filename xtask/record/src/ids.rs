//! Ids of processes and threads as the tracer knows them. In a PID namespace of its own
//! (pid_namespaces(7)) a program knows them by other numbers, and so do its calls.

use std::collections::HashMap;
use std::fs;
use std::rc::Rc;

use common::proc;
use nix::unistd::Pid;

/// The ids that are in use in namespaces other than the tracer's own.
#[derive(Default)]
pub struct Ids {
    /// The namespace of each task; tasks of the tracer's own are not here.
    namespaces: HashMap<Pid, Rc<str>>,
    /// From a namespace and an id in it to the task. A task is kept when it has ended:
    /// its parent has yet to wait for it.
    tasks: HashMap<(Rc<str>, i32), Pid>,
}

impl Ids {
    /// Notes the ids of a new task.
    pub fn born(&mut self, task: Pid, maker: Option<Pid>) {
        // The ids from the tracer's namespace down to the task's own.
        let Ok(ids) = proc::field(format!("/proc/{task}/status"), "NSpid") else { return };
        let ids: Vec<i32> = ids.split_whitespace().filter_map(|id| id.parse().ok()).collect();
        let [_, between @ .., own] = &ids[..] else { return };
        let of_maker = maker.and_then(|maker| self.namespaces.get(&maker)).cloned();
        let namespace = match fs::read_link(format!("/proc/{task}/ns/pid")) {
            Ok(link) => Rc::from(link.to_string_lossy()),
            // It may not be looked at, but its namespace is rarely another than its maker's.
            Err(_) => match of_maker.clone() {
                Some(namespace) => namespace,
                None => return,
            },
        };
        // The maker's calls use the id in the maker's namespace.
        if let (Some(of_maker), Some(id)) = (of_maker, between.last())
            && of_maker != namespace
        {
            self.tasks.insert((of_maker, *id), task);
        }
        self.tasks.insert((namespace.clone(), *own), task);
        self.namespaces.insert(task, namespace);
    }

    /// Whether the tasks that this one makes may have other ids than the tracer's.
    pub fn is_inside(&self, task: Pid) -> bool {
        self.namespaces.contains_key(&task)
    }

    /// Forgets in which namespace a task was.
    pub fn ended(&mut self, task: Pid) {
        self.namespaces.remove(&task);
    }

    /// The id, as the tracer knows it, of what this task calls `id`.
    pub fn outside(&self, task: Pid, id: i32) -> i32 {
        let Some(namespace) = self.namespaces.get(&task) else { return id };
        self.tasks.get(&(namespace.clone(), id)).map_or(id, |task| task.as_raw())
    }
}
