//! What file descriptors are: pipes, sockets and shared memory, numbered in the
//! order in which they appear.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use nix::libc;
use nix::unistd::Pid;

/// Numbers for what has no name but the kernel's own number.
#[derive(Default)]
pub struct Channels {
    /// The pipes that take in what the program prints, as links name them.
    printed: Vec<String>,
    pipes: HashMap<String, usize>,
    sockets: HashMap<String, String>,
    pairs: usize,
    others: usize,
}

/// What a descriptor stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pipe, a socket, or shared memory, in words.
    Channel(String),
    /// Standard output or standard error.
    Print,
    /// This descriptor, about which nothing else is known: the kernel does not let us look at it.
    Hidden(u64),
}

impl What {
    /// A channel's name; `None` for what is printed.
    pub fn name(&self) -> Option<String> {
        match self {
            What::Channel(name) => Some(name.clone()),
            What::Hidden(descriptor) => Some(format!("fd {descriptor}")),
            What::Print => None,
        }
    }
}

impl Channels {
    /// What goes to these pipes is printed.
    pub fn new(printed: Vec<String>) -> Channels {
        Channels { printed, ..Channels::default() }
    }

    /// Counts from the beginning again, and forgets what has been seen so far.
    pub fn forget(&mut self) {
        *self = Channels::new(std::mem::take(&mut self.printed));
    }

    /// What the descriptor of a stopped task stands for; `None` for files and
    /// whatever else is of no interest here, and if it is not open.
    pub fn what(&mut self, task: Pid, descriptor: u64) -> Option<What> {
        let descriptor = u64::from(descriptor as u32);
        let link = match fs::read_link(format!("/proc/{task}/fd/{descriptor}")) {
            Err(why) if why.kind() == ErrorKind::NotFound => return None,
            Err(_) => return Some(What::Hidden(descriptor)),
            Ok(link) => link,
        };
        let link = link.to_string_lossy();
        if self.printed.iter().any(|pipe| *pipe == link) {
            return Some(What::Print);
        }
        if let Some(inode) = link.strip_prefix("pipe:[").and_then(|it| it.strip_suffix(']')) {
            let next = self.pipes.len() + 1;
            let number = *self.pipes.entry(inode.to_owned()).or_insert(next);
            return Some(match flags(task, descriptor).map(|flags| flags & libc::O_ACCMODE) {
                Some(libc::O_WRONLY) => What::Channel(format!("pipe {number}, write end")),
                Some(_) => What::Channel(format!("pipe {number}, read end")),
                None => What::Hidden(descriptor),
            });
        }
        if let Some(inode) = link.strip_prefix("socket:[") {
            if !self.sockets.contains_key(inode) {
                self.others += 1;
                self.sockets.insert(inode.to_owned(), format!("socket {}", self.others));
            }
            return Some(What::Channel(self.sockets[inode].clone()));
        }
        let memory = link.strip_prefix("/memfd:").or_else(|| link.strip_prefix("/dev/shm/"))?;
        let name = memory.trim_end_matches(" (deleted)");
        Some(What::Channel(format!("shared memory {name:?}")))
    }

    /// The name of what a task waits for at a descriptor: a channel, or something else
    /// that is made to be waited for, such as another process.
    pub fn waited_for(&mut self, task: Pid, descriptor: u64) -> Option<String> {
        if let Some(what) = self.what(task, descriptor) {
            return what.name();
        }
        let link = fs::read_link(format!("/proc/{task}/fd/{descriptor}")).ok()?;
        let link = link.to_string_lossy();
        let kind = link.strip_prefix("anon_inode:")?.trim_matches(['[', ']']);
        Some(format!("fd {descriptor} ({kind})"))
    }

    /// The other end of the pipe with this end, and the processes that have it open.
    pub fn other_end(&self, end: &str) -> (String, Vec<Pid>) {
        let (pipe, own) = end.split_once(", ").unwrap_or_default();
        let (other, is_open_for) = match own {
            "read end" => ("write end", libc::O_WRONLY),
            _ => ("read end", libc::O_RDONLY),
        };
        let number = pipe.strip_prefix("pipe ").and_then(|number| number.parse().ok());
        let inode = self.pipes.iter().find(|(_, it)| Some(**it) == number).map(|(inode, _)| inode);
        let Some(link) = inode.map(|inode| format!("pipe:[{inode}]")) else {
            return (other.to_owned(), Vec::new());
        };
        let is_end = |process: Pid, descriptor: u64| {
            fs::read_link(format!("/proc/{process}/fd/{descriptor}"))
                .is_ok_and(|it| it.to_string_lossy() == link)
                && flags(process, descriptor)
                    .is_some_and(|flags| flags & libc::O_ACCMODE == is_open_for)
        };
        let has_open = |process: &Pid| {
            let thread = with_descriptors(*process);
            descriptors(thread).any(|it| is_end(thread, it))
        };
        let mut processes: Vec<Pid> = all_processes().filter(has_open).collect();
        processes.sort_unstable();
        (format!("{pipe}, {other}"), processes)
    }

    /// The names of a task's open channels whose descriptors fulfil a condition.
    pub fn open(&mut self, task: Pid, condition: impl Fn(u64) -> bool) -> Vec<String> {
        let mut descriptors: Vec<u64> = descriptors(task).filter(|it| condition(*it)).collect();
        descriptors.sort_unstable();
        descriptors.into_iter().filter_map(|it| self.what(task, it)?.name()).collect()
    }

    /// The names of the channels that an exec of this task closes.
    pub fn closed_by_exec(&mut self, task: Pid) -> Vec<String> {
        self.open(task, |descriptor| {
            flags(task, descriptor).is_some_and(|flags| flags & libc::O_CLOEXEC != 0)
        })
    }

    /// Notes the two ends of a new pair of sockets.
    pub fn pair(&mut self, task: Pid, ends: [u64; 2]) {
        self.pairs += 1;
        for (descriptor, letter) in ends.into_iter().zip(['A', 'B']) {
            if let Ok(link) = fs::read_link(format!("/proc/{task}/fd/{descriptor}"))
                && let Some(inode) = link.to_string_lossy().strip_prefix("socket:[")
            {
                let name = format!("socket pair {}, end {letter}", self.pairs);
                self.sockets.insert(inode.to_owned(), name);
            }
        }
    }
}

/// All processes.
pub fn all_processes() -> impl Iterator<Item = Pid> {
    numbers("/proc").map(|id: i32| Pid::from_raw(id))
}

/// The descriptors that a task has open.
fn descriptors(task: Pid) -> impl Iterator<Item = u64> {
    numbers(format!("/proc/{task}/fd"))
}

/// A thread that has open what its process has: the first one, unless it has ended before others.
fn with_descriptors(process: Pid) -> Pid {
    let mut threads = numbers(format!("/proc/{process}/task")).map(Pid::from_raw);
    threads.find(|thread| descriptors(*thread).next().is_some()).unwrap_or(process)
}

/// The entries of a folder that are called by a number.
fn numbers<N: FromStr>(folder: impl AsRef<Path>) -> impl Iterator<Item = N> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The flags of a descriptor, and of what is open there.
fn flags(task: Pid, descriptor: u64) -> Option<i32> {
    let info = fs::read_to_string(format!("/proc/{task}/fdinfo/{descriptor}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    i32::from_str_radix(flags.trim(), 8).ok()
}
