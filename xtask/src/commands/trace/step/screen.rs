//! The tasks as a tree: who is whose child, and what each is doing.

use common::proc;
use common::text;
use nix::unistd::Pid;
use record::{End, Event, Group, Selection, State, Steps, printable};

/// What the reader sees.
pub struct Screen {
    /// What the reader wants to see of the past.
    selection: Selection,
    /// In the order of their births: the first is number 1.
    tasks: Vec<Task>,
    /// What the program has printed.
    pub printed: Vec<u8>,
}

struct Task {
    id: Pid,
    process: Pid,
    name: String,
    /// The process that made it; none for the first one.
    maker: Option<Pid>,
    /// The process whose child it is, or whose thread.
    parent: Option<Pid>,
    state: String,
    has_ended: bool,
    /// What it has done since it was let go, and what happened to it.
    last: Vec<String>,
    /// Whether it was let go, and nothing has happened since.
    is_off: bool,
    open: Vec<String>,
}

/// How much of what a task has done is shown.
const MOST_LAST: usize = 3;

/// The key of a task; a task with a higher number has none.
pub fn label(number: usize) -> char {
    ('1'..='9').chain('A'..='Z').nth(number - 1).unwrap_or('*')
}

/// The number of the task whose key this is.
pub fn number_of(key: char) -> Option<usize> {
    ('1'..='9').chain('A'..='Z').position(|other| other == key).map(|place| place + 1)
}

/// What a task is doing; `None` if it has ended.
pub fn in_words(state: Option<&State>) -> String {
    match state {
        Some(State::AboutTo(about)) => format!("about to: {about}"),
        Some(State::TimeOver(about)) => format!("at the end of its time limit: {about}"),
        Some(State::Waiting(Some(about))) => format!("waiting: {about}"),
        Some(State::Waiting(None)) => "waiting".to_owned(),
        Some(State::Stopped) => "stopped by a signal".to_owned(),
        Some(State::Running) => "running".to_owned(),
        None => "ended".to_owned(),
    }
}

impl Screen {
    /// No task yet.
    pub fn new(selection: Selection) -> Screen {
        Screen { selection, tasks: Vec::new(), printed: Vec::new() }
    }

    /// The task with this number, which has not ended.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn living(&self, number: usize) -> Result<Pid, String> {
        match self.tasks.get(number - 1) {
            None => Err(format!("no task {} yet", label(number))),
            Some(task) if task.has_ended => Err(format!("{} has ended", label(number))),
            Some(task) => Ok(task.id),
        }
    }

    /// The task with this number is let go.
    pub fn let_go(&mut self, number: usize) {
        self.tasks[number - 1].is_off = true;
    }

    /// Takes in what has happened, and looks at all tasks again.
    pub fn refresh(&mut self, steps: &mut Steps) {
        for event in steps.events() {
            self.take(&event);
        }
        // A maker that was killed in the fork has no event.
        for (id, process) in steps.tasks() {
            self.add(id, process, None);
        }
        let living: Vec<Pid> = steps.tasks().into_iter().map(|(_, process)| process).collect();
        for task in &mut self.tasks {
            task.look(steps, &living);
        }
    }

    /// The latest task with this id: an id may come again.
    fn find(&mut self, id: Pid) -> Option<&mut Task> {
        self.tasks.iter_mut().rev().find(|task| task.id == id)
    }

    fn add(&mut self, id: Pid, process: Pid, maker: Option<Pid>) {
        if self.find(id).is_none_or(|task| task.has_ended) {
            self.tasks.push(Task {
                id,
                process,
                name: String::new(),
                maker,
                parent: maker,
                state: String::new(),
                has_ended: false,
                last: Vec::new(),
                is_off: false,
                open: Vec::new(),
            });
        }
    }

    fn take(&mut self, event: &Event) {
        let (id, process) = (Pid::from_raw(event.id), Pid::from_raw(event.process));
        if self.find(id).is_none() {
            self.add(id, process, None);
        }
        if let Some(child) = event.child.filter(|_| event.group == Group::Fork) {
            let child = Pid::from_raw(child);
            let is_thread = event.text.starts_with("new thread");
            self.add(child, if is_thread { process } else { child }, Some(process));
        }
        // A child ends while its parent is on its way to its next call, so it is chance on
        // which side of that the signal comes. That the child has ended is shown anyway.
        let is_chance = event.call.is_none() && event.text.starts_with("gets SIGCHLD");
        let is_shown = self.selection.has(event.group) && !is_chance;
        let Some(task) = self.find(id) else { return };
        if !event.name.is_empty() {
            task.name.clone_from(&event.name);
        }
        match event.end {
            Some(end) => {
                task.has_ended = true;
                task.state = match end {
                    End::Exited(status) => format!("exited, status {status}"),
                    End::Killed(_) | End::Replaced => event.text.clone(),
                };
            }
            None if is_shown => {
                if std::mem::take(&mut task.is_off) {
                    task.last.clear();
                }
                task.last.push(without_time(event));
                task.last.drain(..task.last.len().saturating_sub(MOST_LAST));
            }
            None => {}
        }
    }

    /// The tree, and the last lines of what was printed.
    pub fn drawn(&self, printed_lines: usize) -> String {
        let mut drawn = String::new();
        for place in 0..self.tasks.len() {
            if self.parent_of(place).is_none() {
                self.draw_below(place, "", "", &mut drawn);
            }
        }
        let printed = String::from_utf8_lossy(&self.printed);
        let lines: Vec<&str> = printed.lines().collect();
        if !lines.is_empty() {
            drawn += "printed so far:\n";
        }
        for line in &lines[lines.len().saturating_sub(printed_lines)..] {
            drawn += &format!("  {}\n", printable(line));
        }
        drawn
    }

    /// The place of the task below which this one is drawn.
    fn parent_of(&self, place: usize) -> Option<usize> {
        let task = &self.tasks[place];
        // A thread is drawn below the first thread of its process.
        let parent = if task.id == task.process { task.parent? } else { task.process };
        // A parent is older; an id may come again.
        self.tasks[..place].iter().rposition(|other| other.id == parent)
    }

    fn draw_below(&self, place: usize, before: &str, below: &str, drawn: &mut String) {
        let task = &self.tasks[place];
        let kind = if task.id == task.process { "pid" } else { "tid" };
        let (label, id, name) = (label(place + 1), task.id, &task.name);
        *drawn += &format!("{before}{label}  {kind} {id} {name}: {}\n", task.state);
        let children: Vec<usize> =
            (0..self.tasks.len()).filter(|child| self.parent_of(*child) == Some(place)).collect();
        let stem = if children.is_empty() { "   " } else { "│  " };
        for (name, what) in [("last", &task.last), ("open", &task.open)] {
            if !task.has_ended && !what.is_empty() {
                *drawn += &format!("{below}{stem}{name}: {}\n", what.join(" · "));
            }
        }
        for child in &children {
            let (branch, stem) = if Some(child) == children.last() {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let (before, below) = (format!("{below}{branch}"), format!("{below}{stem}"));
            self.draw_below(*child, &before, &below, drawn);
        }
    }
}

impl Task {
    /// Looks at a task again. `living` are the traced processes.
    fn look(&mut self, steps: &mut Steps, living: &[Pid]) {
        let status = format!("/proc/{}/status", self.process);
        let parent = proc::field(&status, "PPid").ok().and_then(|id| id.parse().ok());
        let parent = parent.map(Pid::from_raw);
        let is_process = self.id == self.process;
        if self.has_ended {
            // Another parent than those that are traced waits for it at once.
            let is_waited_for = parent.is_some_and(|parent| living.contains(&parent))
                && proc::field(&status, "State").is_ok_and(|state| state.starts_with('Z'));
            let end = self.state.split_once(": ").map_or(&*self.state, |(_, end)| end);
            let word = if is_process && is_waited_for { "zombie" } else { "ended" };
            self.state = format!("{word}: {end}");
            return;
        }
        let mut state = in_words(steps.state(self.id).as_ref());
        if is_process {
            if self.maker.is_some() && parent.is_some() {
                self.parent = parent;
            }
            if let (Some(maker), Some(parent)) = (self.maker, self.parent)
                && maker != parent
            {
                state = format!("{} · {state}", adopted_by(parent, living));
            }
            self.open = steps.open(self.id);
            self.open.dedup();
        }
        self.state = state;
    }
}

/// Who has adopted a task. Which process outside that is differs from system to system.
fn adopted_by(parent: Pid, living: &[Pid]) -> String {
    if living.contains(&parent) {
        return format!("adopted by pid {parent}");
    }
    let name = proc::field(format!("/proc/{parent}/status"), "Name").unwrap_or_default();
    format!("adopted by pid ≈ {parent} (≈ {name:?})")
}

/// What happened, without how long it took: that was up to the reader.
fn without_time(event: &Event) -> String {
    let time = event.took.map(|took| format!(", after {}", text::time(took)));
    let text = time.and_then(|time| event.text.strip_suffix(&time));
    text.unwrap_or(&event.text).to_owned()
}
