//! The threads that run the explored programs.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};

use crate::engine::{self, Engine, lock};
use crate::op::ThreadId;

/// Threads of the system, one for each number that a thread of a program can have. They serve
/// one execution at a time.
pub(crate) struct Crew {
    /// Whether its threads stay for the next execution. Then so do the program's thread-locals.
    is_kept: bool,
    /// By number, from 1 on.
    members: Mutex<Vec<Option<Member>>>,
}

struct Member {
    name: &'static str,
    handle: JoinHandle<()>,
    work: Sender<Work>,
}

/// A thread of an execution.
struct Work {
    engine: Arc<Engine>,
    thread: ThreadId,
}

impl Crew {
    /// A crew of new threads for each execution.
    pub fn fresh() -> Self {
        Self { is_kept: false, members: Mutex::default() }
    }

    /// A crew that is kept: starting a thread takes longer than most executions.
    pub fn kept() -> Self {
        Self { is_kept: true, members: Mutex::default() }
    }

    /// Whether its threads stay for the next execution.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Lets a thread of an execution run.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(
        &self,
        engine: &Arc<Engine>,
        thread: ThreadId,
        name: &'static str,
    ) -> io::Result<Thread> {
        let work = Work { engine: Arc::clone(engine), thread };
        let mut members = lock(&self.members);
        if members.len() < thread {
            members.resize_with(thread, || None);
        }
        let place = &mut members[thread - 1];
        let member = match place.take().filter(|member| member.name == name) {
            Some(member) => member,
            None => Member::new(name, self.is_kept)?,
        };
        let handle = member.handle.thread().clone();
        let sent = member.work.send(work);
        sent.expect("it waits for work until it is given up or not needed any more");
        *place = Some(member);
        Ok(handle)
    }

    /// The execution is over. Threads that it has given up stay parked for good.
    pub fn end_execution(&self, is_given_up: impl Fn(ThreadId) -> bool) {
        let mut members = lock(&self.members);
        for (thread, place) in (1..).zip(members.iter_mut()) {
            if is_given_up(thread) {
                *place = None;
            } else if !self.is_kept
                && let Some(member) = place.take()
            {
                member.handle.join().expect("a thread catches the panics of its job");
            }
        }
    }
}

impl Member {
    fn new(name: &'static str, is_kept: bool) -> io::Result<Self> {
        let (work, receiver) = mpsc::channel();
        let run = if is_kept { run_all } else { run_one };
        let builder = thread::Builder::new().name(name.replace('\0', ""));
        Ok(Self { name, handle: builder.spawn(move || run(receiver))?, work })
    }
}

/// Runs threads of one execution after the other.
fn run_all(receiver: Receiver<Work>) {
    for Work { engine, thread } in receiver {
        engine.work(thread);
        engine::leave();
    }
    engine::retire();
}

/// Runs one thread of one execution, which has ended when the program's thread-locals are
/// dropped.
fn run_one(receiver: Receiver<Work>) {
    if let Ok(Work { engine, thread }) = receiver.recv() {
        engine.work(thread);
    }
}
