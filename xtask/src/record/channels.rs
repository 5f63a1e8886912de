//! What file descriptors are: pipes, sockets and shared memory, numbered in the
//! order in which they appear.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;

use nix::unistd::Pid;

/// Numbers for what has no name but the kernel's own number.
#[derive(Default)]
pub struct Channels {
    pipes: HashMap<String, usize>,
    /// From an end of a pair to the pair's number and the end's letter.
    sockets: HashMap<String, (usize, char)>,
    pairs: usize,
}

/// What a descriptor stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pipe, a socket of a pair, or shared memory, in words.
    Channel(String),
    /// Standard output or standard error.
    Print,
    /// This descriptor, of which no more is known: the kernel does not let us look at it.
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
    /// What the descriptor of a stopped task stands for; `None` for files and
    /// whatever else is of no interest here, and if it is not open.
    pub fn what(&mut self, task: Pid, descriptor: u64) -> Option<What> {
        let link = match fs::read_link(format!("/proc/{task}/fd/{descriptor}")) {
            Err(why) if why.kind() == ErrorKind::NotFound => return None,
            Err(_) => return Some(What::Hidden(descriptor)),
            Ok(link) => link,
        };
        let link = link.to_string_lossy();
        if let Some(inode) = link.strip_prefix("pipe:[") {
            let next = self.pipes.len() + 1;
            let number = *self.pipes.entry(inode.to_owned()).or_insert(next);
            return Some(match writes(task, descriptor) {
                Some(true) => What::Channel(format!("pipe {number}, write end")),
                Some(false) => What::Channel(format!("pipe {number}, read end")),
                None => What::Hidden(descriptor),
            });
        }
        if let Some(inode) = link.strip_prefix("socket:[") {
            let (number, end) = self.sockets.get(inode)?;
            return Some(What::Channel(format!("socket pair {number}, end {end}")));
        }
        if let Some(name) = link.strip_prefix("/memfd:") {
            let name = name.trim_end_matches(" (deleted)");
            return Some(What::Channel(format!("shared memory {name:?}")));
        }
        (matches!(descriptor, 1 | 2) && link == "/dev/null").then_some(What::Print)
    }

    /// Notes the two ends of a new pair of sockets.
    pub fn pair(&mut self, task: Pid, ends: [u64; 2]) {
        self.pairs += 1;
        for (descriptor, letter) in ends.into_iter().zip(['A', 'B']) {
            if let Ok(link) = fs::read_link(format!("/proc/{task}/fd/{descriptor}"))
                && let Some(inode) = link.to_string_lossy().strip_prefix("socket:[")
            {
                self.sockets.insert(inode.to_owned(), (self.pairs, letter));
            }
        }
    }
}

/// Whether a pipe's descriptor is its write end.
fn writes(task: Pid, descriptor: u64) -> Option<bool> {
    let info = fs::read_to_string(format!("/proc/{task}/fdinfo/{descriptor}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    // The last octal digit is the access mode: 1 is O_WRONLY.
    Some(flags.trim().ends_with('1'))
}
