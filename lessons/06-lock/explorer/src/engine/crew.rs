//! The threads that run the explored programs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle, Thread};

use nix::unistd::{Pid, gettid};

use super::{Engine, lock};
use crate::op::ThreadId;

/// Threads of the system that run the threads of one execution at a time. Dropped, it waits
/// until they have ended.
pub(crate) struct Crew {
    /// Whether its members stay for the next execution. Then so do the program's thread-locals.
    is_kept: bool,
    /// Those that have no work.
    idle: Mutex<BTreeMap<Role, Member>>,
}

/// The thread that a member runs: its number and its name, and how large its stack is at least.
type Role = (ThreadId, &'static str, usize);

/// What std gives a thread for which nothing else is asked.
const STACK: usize = 2 << 20;

/// The id of a thread of the system, which it sets when it starts.
pub(crate) type Tid = Arc<OnceLock<Pid>>;

/// A thread of the system.
pub(crate) struct Member {
    role: Role,
    handle: JoinHandle<()>,
    tid: Tid,
    work: Sender<Arc<Engine>>,
    end: Receiver<Parked>,
}

/// A member is parked for good.
struct Parked;

thread_local! {
    /// A member sets it before anything else. So it is dropped after all other thread-locals,
    /// and the receiver learns that only the end of the thread is left.
    static END: RefCell<Option<Sender<Parked>>> = const { RefCell::new(None) };
}

impl Crew {
    /// A crew of new threads for each execution.
    pub fn fresh() -> Arc<Self> {
        Arc::new(Self { is_kept: false, idle: Mutex::default() })
    }

    /// A crew that is kept: starting a thread takes longer than most executions.
    pub fn kept() -> Arc<Self> {
        Arc::new(Self { is_kept: true, idle: Mutex::default() })
    }

    /// Lets a member run a thread of an execution.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(&self, engine: &Arc<Engine>, role: Role) -> io::Result<Member> {
        let idle = lock(&self.idle).remove(&role);
        let member = idle.map_or_else(|| Member::new(role, self.is_kept), Ok)?;
        let sent = member.work.send(Arc::clone(engine));
        sent.expect("a member waits for work until it is dismissed");
        Ok(member)
    }

    /// Takes a member back whose thread has ended.
    pub fn take_back(&self, member: Member) {
        if self.is_kept {
            lock(&self.idle).insert(member.role, member);
        } else {
            member.dismiss();
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        idle.into_values().for_each(Member::dismiss);
    }
}

impl Member {
    fn new(role: Role, is_kept: bool) -> io::Result<Self> {
        let (thread, name, stack) = role;
        let (work, engines) = mpsc::channel::<Arc<Engine>>();
        let (sender, end) = mpsc::channel();
        let tid = Tid::default();
        let own_tid = Arc::clone(&tid);
        let run = move || {
            own_tid.get_or_init(gettid);
            END.set(Some(sender));
            for engine in engines {
                engine.work(thread);
                if !is_kept {
                    // The thread of the execution ends with its thread-locals.
                    return;
                }
                super::leave();
            }
        };
        let mut builder = thread::Builder::new().name(name.replace('\0', ""));
        // Not less than usual: the engine needs some of it.
        if stack > STACK {
            builder = builder.stack_size(stack);
        }
        Ok(Self { role, handle: builder.spawn(run)?, tid, work, end })
    }

    pub fn tid(&self) -> Tid {
        Arc::clone(&self.tid)
    }

    pub fn handle(&self) -> &Thread {
        self.handle.thread()
    }

    /// Waits until it has ended, unless a thread-local of the program takes a step now, when it
    /// is dropped: the step belongs to no execution, and the thread is parked for good.
    fn dismiss(self) {
        drop(self.work);
        if self.end.recv().is_err() {
            self.handle.join().expect("a member catches the panics of its threads");
        }
    }
}

/// Lets nobody wait any more for the end of this thread, if it is a member that was dismissed.
/// Returns whether it is.
pub(crate) fn leave_if_dismissed() -> bool {
    let is_member = END.try_with(|end| {
        end.borrow().as_ref().is_some_and(|end| {
            // Nobody waits any more if the exploration is over.
            let _ = end.send(Parked);
            true
        })
    });
    is_member.unwrap_or(false)
}
