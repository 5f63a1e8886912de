//! Which system calls are shown, and under which word they are selected.

use std::fmt;
use std::str::FromStr;

use syscalls::Sysno;

/// A sort of calls and events, as `--only` names it.
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
const CALLS: [(&str, Group); 37] = [
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
    ("pipe", Group::Channel),
    ("pipe2", Group::Channel),
    ("socketpair", Group::Channel),
    ("memfd_create", Group::Channel),
    ("mmap", Group::Channel),
    ("close", Group::Channel),
    ("poll", Group::Channel),
    ("ppoll", Group::Channel),
    ("epoll_wait", Group::Channel),
    ("epoll_pwait", Group::Channel),
    ("read", Group::Data),
    ("readv", Group::Data),
    ("write", Group::Data),
    ("writev", Group::Data),
    ("sendto", Group::Data),
    ("sendmsg", Group::Data),
    ("recvfrom", Group::Data),
    ("recvmsg", Group::Data),
    ("futex", Group::Futex),
    ("sched_setaffinity", Group::Cpu),
    ("nanosleep", Group::Sleep),
    ("clock_nanosleep", Group::Sleep),
    // Whatever a signal interrupted goes on with this.
    ("restart_syscall", Group::Sleep),
];

impl Group {
    /// The group of a call, if it is one that is shown without `--all`.
    pub fn of(call: &str) -> Group {
        CALLS.iter().find(|(name, _)| *name == call).map_or(Group::Other, |(_, group)| *group)
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(word: &str) -> Result<Group, String> {
        let found = NAMES.iter().find(|(name, _)| *name == word).map(|(_, group)| *group);
        let names = NAMES.map(|(name, _)| name).join(", ");
        found.ok_or_else(|| format!("nothing is called '{word}': there is {names}"))
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
        // A trace begins with an exec, selected or not; what is printed goes through
        // the calls for data; and which socket is whose is known from its birth.
        let wanted = |name: &str, group: Group| {
            self.has(group)
                || group == Group::Exec
                || name == "restart_syscall"
                || (group == Group::Data && self.has(Group::Print))
                || (name == "socketpair" && self.has(Group::Data))
        };
        let calls = CALLS.iter().filter(|(name, group)| wanted(name, *group));
        match self {
            Selection::All => None,
            Selection::Groups(_) => Some(calls.filter_map(|(name, _)| name.parse().ok()).collect()),
        }
    }
}
