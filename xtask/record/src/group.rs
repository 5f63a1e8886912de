//! Which system calls are shown, and under which word they are selected.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use syscalls::Sysno;

/// A kind of calls and events, as `--only` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// A program becomes another one.
    Exec,
    /// A new process or thread, in both of them.
    Fork,
    /// Waiting for a child.
    Wait,
    /// The end of a process or thread.
    Exit,
    /// Signals, sent and delivered; stopped and continued.
    Signal,
    /// Pipes, sockets and shared memory: made, closed, waited for.
    Channel,
    /// What goes through them.
    Data,
    /// What goes to standard output and standard error.
    Print,
    /// Waiting for another thread, and waking it.
    Futex,
    /// The choice of CPUs.
    Cpu,
    /// Sleeping.
    Sleep,
    /// Every other call, with `--all`.
    Other,
}

/// The words of `--only`.
const NAMES: [(&str, Group); 11] = [
    ("exec", Group::Exec),
    ("fork", Group::Fork),
    ("wait", Group::Wait),
    ("exit", Group::Exit),
    ("signal", Group::Signal),
    ("channel", Group::Channel),
    ("data", Group::Data),
    ("print", Group::Print),
    ("futex", Group::Futex),
    ("cpu", Group::Cpu),
    ("sleep", Group::Sleep),
];

/// The calls at which a traced program is stopped. What goes through a channel
/// and what is printed are told apart only when the call is made.
const CALLS: [(&str, Group); 70] = [
    ("execve", Group::Exec),
    ("execveat", Group::Exec),
    ("fork", Group::Fork),
    ("vfork", Group::Fork),
    ("clone", Group::Fork),
    ("clone3", Group::Fork),
    ("wait4", Group::Wait),
    ("waitid", Group::Wait),
    ("exit", Group::Exit),
    ("exit_group", Group::Exit),
    ("kill", Group::Signal),
    ("tkill", Group::Signal),
    ("tgkill", Group::Signal),
    ("pidfd_send_signal", Group::Signal),
    ("rt_sigqueueinfo", Group::Signal),
    ("rt_tgsigqueueinfo", Group::Signal),
    ("pause", Group::Signal),
    ("rt_sigsuspend", Group::Signal),
    ("rt_sigtimedwait", Group::Signal),
    ("pipe", Group::Channel),
    ("pipe2", Group::Channel),
    ("socketpair", Group::Channel),
    ("socket", Group::Channel),
    ("bind", Group::Channel),
    ("listen", Group::Channel),
    ("accept", Group::Channel),
    ("accept4", Group::Channel),
    ("connect", Group::Channel),
    ("shutdown", Group::Channel),
    ("memfd_create", Group::Channel),
    ("mmap", Group::Channel),
    ("shmget", Group::Channel),
    ("shmat", Group::Channel),
    ("dup", Group::Channel),
    ("dup2", Group::Channel),
    ("dup3", Group::Channel),
    ("fcntl", Group::Channel),
    ("close", Group::Channel),
    ("close_range", Group::Channel),
    ("poll", Group::Channel),
    ("ppoll", Group::Channel),
    ("select", Group::Channel),
    ("pselect6", Group::Channel),
    ("epoll_wait", Group::Channel),
    ("epoll_pwait", Group::Channel),
    ("epoll_pwait2", Group::Channel),
    ("read", Group::Data),
    ("readv", Group::Data),
    ("write", Group::Data),
    ("writev", Group::Data),
    ("sendto", Group::Data),
    ("sendmsg", Group::Data),
    ("sendmmsg", Group::Data),
    ("recvfrom", Group::Data),
    ("recvmsg", Group::Data),
    ("recvmmsg", Group::Data),
    ("splice", Group::Data),
    ("tee", Group::Data),
    ("vmsplice", Group::Data),
    ("sendfile", Group::Data),
    ("copy_file_range", Group::Data),
    ("futex", Group::Futex),
    ("futex_waitv", Group::Futex),
    ("futex_wait", Group::Futex),
    ("futex_wake", Group::Futex),
    ("futex_requeue", Group::Futex),
    ("sched_setaffinity", Group::Cpu),
    ("nanosleep", Group::Sleep),
    ("clock_nanosleep", Group::Sleep),
    // Whatever a signal interrupted continues with this.
    ("restart_syscall", Group::Sleep),
];

/// Calls at which a program is stopped whatever is selected. A trace begins with an exec.
/// At a fork the tracer learns which task may be the maker of a new one, and at a wait
/// which children are gone. Whether the kernel makes an interrupted call again shows at the
/// end of a signal's handler. The last one gives a task its name.
const ALWAYS: [&str; 11] = [
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    "clone3",
    "wait4",
    "waitid",
    "restart_syscall",
    "rt_sigreturn",
    "prctl",
];

impl Group {
    /// The group of a call, if it is one that is shown without `--all`.
    pub fn of(call: &str) -> Group {
        static GROUPS: LazyLock<HashMap<&str, Group>> = LazyLock::new(|| CALLS.into());
        GROUPS.get(call).copied().unwrap_or(Group::Other)
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(word: &str) -> Result<Group, String> {
        let found = NAMES.iter().find(|(name, _)| *name == word).map(|(_, group)| *group);
        let names = NAMES.map(|(name, _)| name).join(", ");
        found.ok_or_else(|| format!("no kind of events '{word}'; available: {names}"))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, group)| group == self).map_or("other", |(name, _)| name);
        f.write_str(name)
    }
}

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every system call.
    All,
    /// These groups.
    Groups(Vec<Group>),
}

impl Default for Selection {
    fn default() -> Selection {
        Selection::Groups(NAMES.map(|(_, group)| group).to_vec())
    }
}

impl Selection {
    /// Whether an event of this group is recorded.
    pub fn has(&self, group: Group) -> bool {
        match self {
            Selection::All => true,
            Selection::Groups(groups) => groups.contains(&group),
        }
    }

    /// The calls at which the program has to be stopped; `None` for all. A call
    /// that this processor does not have is left out.
    pub fn calls(&self) -> Option<Vec<Sysno>> {
        let Selection::Groups(_) = self else { return None };
        // What is printed goes through the calls for data, and which socket is whose is
        // known from its birth.
        let wanted = |(name, group): &&(&str, Group)| {
            self.has(*group)
                || (*group == Group::Data && self.has(Group::Print))
                || (*name == "socketpair" && self.has(Group::Data))
        };
        let wanted = CALLS.iter().filter(wanted).map(|(name, _)| *name);
        let names: BTreeSet<&str> = wanted.chain(ALWAYS).collect();
        Some(names.into_iter().filter_map(|name| name.parse().ok()).collect())
    }
}
