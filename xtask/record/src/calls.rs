//! System calls in words: what a call was asked to do, and what came of it.

use common::text;
use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;
use std::time::Duration;

use super::channels::{Channels, What};
use super::ids::Ids;
use super::words::{
    self, NOT_YET, NOTHING_YET, SHOWN, SHOWN_OF_ERROR, arrow_descriptor, arrow_error, counted,
    failed, shown, shown_up_to, signal_name, why,
};
use super::{Group, arch, memory};

/// What is known of the program beyond the call itself.
#[derive(Default)]
pub struct Known {
    pub channels: Channels,
    pub ids: Ids,
}

/// A call that a task has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its name.
    pub name: String,
    /// What sort of call it is.
    pub group: Group,
    /// Its arguments.
    pub arguments: [u64; 6],
    /// When it began.
    pub at: Duration,
    /// What it made, if it is a fork that made something.
    pub made: Option<&'static str>,
    /// Where in the program and on its stack it was made.
    place: (u64, u64),
    /// Whether it is one of the processor's own set, and not of a 32-bit program.
    own: bool,
    /// What is known only before the call is carried out.
    note: Note,
}

#[derive(Debug, Clone)]
enum Note {
    Nothing,
    /// What the call's descriptor stands for.
    Descriptor(Option<What>),
    /// What two descriptors stand for, for a call that moves data from one to another.
    Move {
        from: Option<What>,
        to: Option<What>,
    },
    /// A descriptor becomes a copy, in place of what it was.
    Copy {
        of: Option<What>,
        instead: Option<What>,
    },
    /// What a call waits for, or closes.
    Several(Option<String>),
    /// What a fork is to make; `None` if its flags are not readable.
    Fork(Option<&'static str>),
    /// The file that an exec starts, its arguments, whether there are more, and the
    /// channels that it closes.
    Exec {
        file: Option<String>,
        arguments: Option<(Vec<Vec<u8>>, bool)>,
        closes: Vec<String>,
    },
}

/// A call in words.
pub struct Told {
    /// What sort of call it is.
    pub group: Group,
    /// What it did.
    pub text: String,
    /// Whether how long it took is worth telling.
    pub waited: bool,
}

/// The begin of a call, as the kernel reports it.
pub struct Entry {
    /// The set of calls that it is one of.
    pub set: u32,
    pub number: u64,
    pub arguments: [u64; 6],
    /// The addresses of the next instruction and of the stack's top.
    pub place: (u64, u64),
}

/// Calls that read and write nothing in memory that differs between 32 and 64 bits.
const SAME_FOR_32_BIT: [&str; 32] = [
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    "clone3",
    "wait4",
    "exit",
    "exit_group",
    "kill",
    "tkill",
    "tgkill",
    "pidfd_send_signal",
    "pause",
    "rt_sigsuspend",
    "pipe",
    "pipe2",
    "socketpair",
    "socket",
    "bind",
    "listen",
    "connect",
    "shutdown",
    "memfd_create",
    "dup",
    "dup2",
    "dup3",
    "close",
    "close_range",
    "read",
    "write",
    "futex",
];

impl Begun {
    /// Notes what is known only before the call is carried out.
    pub fn note(task: Pid, entry: &Entry, at: Duration, known: &mut Known) -> Begun {
        let Entry { set, number, arguments, place } = *entry;
        let (name, own) = arch::name(set, number);
        let group = Group::of(&name);
        let mut begun =
            Begun { name, group, arguments, at, made: None, place, own, note: Note::Nothing };
        if begun.is_understood() {
            begun.note = begun.noted(task, &mut known.channels);
        }
        begun
    }

    /// Whether its arguments mean what they mean in a 64-bit program.
    fn is_understood(&self) -> bool {
        self.own || SAME_FOR_32_BIT.contains(&self.name.as_str())
    }

    fn noted(&self, task: Pid, channels: &mut Channels) -> Note {
        let [first, second, third, fourth, fifth, _] = self.arguments;
        match self.name.as_str() {
            "execve" => self.exec(task, None, first, second, channels),
            "execveat" => {
                let empty_path = fifth & libc::AT_EMPTY_PATH as u64 != 0;
                self.exec(task, empty_path.then_some(first), second, third, channels)
            }
            "fork" => Note::Fork(Some("fork")),
            "vfork" => Note::Fork(Some("vfork")),
            "clone" => Note::Fork(Some(kind_of_clone(first))),
            "clone3" => Note::Fork(memory::word(task, first).map(kind_of_clone)),
            "mmap" => Note::Descriptor(channels.what(task, fifth)),
            "splice" | "copy_file_range" => {
                Note::Move { from: channels.what(task, first), to: channels.what(task, third) }
            }
            "tee" => {
                Note::Move { from: channels.what(task, first), to: channels.what(task, second) }
            }
            "sendfile" => {
                Note::Move { from: channels.what(task, second), to: channels.what(task, first) }
            }
            "dup2" | "dup3" => {
                Note::Copy { of: channels.what(task, first), instead: channels.what(task, second) }
            }
            "dup" | "fcntl" => Note::Copy { of: channels.what(task, first), instead: None },
            "close" | "bind" | "listen" | "accept" | "accept4" | "connect" | "shutdown" => {
                Note::Descriptor(channels.what(task, first))
            }
            "close_range" if third as u32 & libc::CLOSE_RANGE_CLOEXEC == 0 => {
                let range = u64::from(first as u32)..=u64::from(second as u32);
                let names = channels.open(task, |descriptor| range.contains(&descriptor));
                Note::Several((!names.is_empty()).then(|| names.join(" and ")))
            }
            "poll" | "ppoll" => Note::Several(polled(task, first, second, channels)),
            "select" | "pselect6" => {
                Note::Several(selected(task, first, [second, third, fourth], channels))
            }
            _ if self.group == Group::Data => Note::Descriptor(channels.what(task, first)),
            _ => Note::Nothing,
        }
    }

    fn exec(
        &self,
        task: Pid,
        descriptor: Option<u64>,
        path: u64,
        arguments: u64,
        channels: &mut Channels,
    ) -> Note {
        let path = memory::text(task, path);
        let path = path.map(|path| String::from_utf8_lossy(&path).into_owned());
        let link = match (descriptor, &path) {
            (Some(descriptor), Some(path)) if path.is_empty() => {
                Some(format!("/proc/{task}/fd/{}", descriptor as u32))
            }
            // Such a path is a link to the file, and another one for each process.
            (_, Some(path)) => match path.strip_prefix("/proc/self/") {
                Some(rest) => Some(format!("/proc/{task}/{rest}")),
                None => path.strip_prefix("/dev/fd/").map(|rest| format!("/proc/{task}/fd/{rest}")),
            },
            _ => None,
        };
        let target = link.and_then(|link| std::fs::read_link(link).ok());
        let file = target.map(|target| target.to_string_lossy().into_owned()).or(path);
        Note::Exec {
            file,
            arguments: memory::texts(task, arguments, if self.own { 8 } else { 4 }),
            closes: channels.closed_by_exec(task),
        }
    }

    /// Whether this is the same call once more, as the kernel makes it after a signal.
    pub fn is_again(&self, interrupted: &Begun) -> bool {
        self.place == interrupted.place
            && (self.name == "restart_syscall"
                || (&self.name, self.arguments) == (&interrupted.name, interrupted.arguments))
    }

    /// Whether the stack at this place is the one that the call was made on.
    pub fn has_stack(&self, place: (u64, u64)) -> bool {
        self.place.1 == place.1
    }

    /// Whether it was made where the stack was not longer than at another call. (It grows
    /// downwards.)
    pub fn is_not_below(&self, other: &Begun) -> bool {
        self.place.1 >= other.place.1
    }

    /// Whether a program that continues at this place has left the call.
    pub fn is_over(&self, place: (u64, u64)) -> bool {
        self.place == place
    }

    /// Whether the task gets another name.
    pub fn names_task(&self) -> bool {
        self.name == "prctl" && self.arguments[0] as i32 == libc::PR_SET_NAME
    }

    /// The program and its arguments, without the folders that it is in. If it does not
    /// become the program, the whole path is the point.
    pub fn program(&self, failed: bool) -> String {
        let Note::Exec { file, arguments, .. } = &self.note else { return "exec".to_owned() };
        let base = |path: &str| words::printable(path.rsplit('/').next().unwrap_or(path));
        let Some((arguments, more)) = arguments else {
            return "exec, arguments not readable".to_owned();
        };
        let called = arguments.first().map_or(&[][..], Vec::as_slice);
        let mut text = match file {
            None => "exec, file not readable".to_owned(),
            Some(file) if failed => format!("exec {}", words::printable(file)),
            Some(file) => format!("exec {}", base(file)),
        };
        let is_called = |file: &String| base(file) == base(&String::from_utf8_lossy(called));
        if !file.as_ref().is_some_and(is_called) {
            text += &format!(" as {}", shown_up_to(usize::MAX, called));
        }
        text.extend(arguments.iter().skip(1).map(|word| format!(" {}", shown(word))));
        if *more { text + " …" } else { text }
    }

    /// The channels that an exec closes.
    pub fn closes(&self) -> &[String] {
        match &self.note {
            Note::Exec { closes, .. } => closes,
            _ => &[],
        }
    }

    /// The call in words when it is over; `None` if it is of no interest.
    pub fn told(&self, task: Pid, result: i64, known: &mut Known) -> Option<Told> {
        let Known { channels, ids } = known;
        if !self.is_understood() {
            let text = format!("32-bit call {}", plain(&self.name, result));
            return Some(Told { group: self.group, text, waited: self.waits() });
        }
        let text = match self.group {
            Group::Exec => format!("{} {}", self.program(true), failed(result)?),
            Group::Fork => self.fork(result),
            Group::Wait => self.wait(task, result, ids),
            Group::Signal if self.waits() => self.signal_awaited(result),
            Group::Signal => self.signal(task, result, ids),
            Group::Channel => self.channel(task, result, channels)?,
            Group::Data => return self.data(task, result),
            Group::Futex => self.futex(task, result),
            Group::Cpu => self.cpus(task, result, ids),
            Group::Sleep => self.sleep(task, result),
            Group::Exit | Group::Print | Group::Other => return None,
        };
        Some(Told { group: self.group, text, waited: self.waits() })
    }

    /// The call in words before it is made; `None` if it is of no interest.
    pub fn about(&self, task: Pid, known: &mut Known) -> Option<Told> {
        let mut told = match self.group {
            Group::Exit => Told { group: self.group, text: self.exit(), waited: false },
            Group::Exec if self.is_understood() => {
                Told { group: self.group, text: self.program(false), waited: false }
            }
            // What it is to write is there already.
            _ if matches!(self.name.as_str(), "write" | "sendto") => {
                let length = i64::try_from(self.arguments[2]).unwrap_or(NOT_YET);
                self.told(task, length, known)?
            }
            _ => self.told(task, NOT_YET, known)?,
        };
        told.text.truncate(told.text.trim_end_matches([' ', ':', '→']).len());
        Some(told)
    }

    /// A call of exit in words. It does not return.
    pub fn exit(&self) -> String {
        let whole = if self.name == "exit" { "this thread" } else { "the process" };
        format!("exit {whole}, status {}", self.arguments[0] as i32)
    }

    /// What a fork was asked to make.
    pub fn asked(&self) -> Option<&'static str> {
        match self.note {
            Note::Fork(kind) => kind,
            _ => None,
        }
    }

    /// A fork in words. `result` is the new task's id, as the tracer knows it.
    pub fn fork(&self, result: i64) -> String {
        let kind = self.made.or_else(|| self.asked());
        let kind = kind.unwrap_or("new process or thread, flags not readable");
        match failed(result) {
            Some(why) => format!("{kind} {why}"),
            None if kind == "new thread" => format!("{kind} → tid {result}, in the same process"),
            None => format!("{kind} → pid {result}"),
        }
    }

    /// The call of a child that would escape the tracer (CLONE_UNTRACED) is changed.
    pub fn keep_traced(&self, task: Pid, set: u32) -> nix::Result<()> {
        const UNTRACED: u64 = libc::CLONE_UNTRACED as u64;
        let address = self.arguments[0];
        match self.name.as_str() {
            "clone" if address & UNTRACED != 0 => {
                arch::clear_in_first_argument(task, set, UNTRACED)
            }
            "clone3" if memory::word(task, address).is_some_and(|flags| flags & UNTRACED != 0) => {
                arch::clear_in_memory(task, address, UNTRACED)
            }
            _ => Ok(()),
        }
    }

    fn wait(&self, task: Pid, result: i64, ids: &Ids) -> String {
        let id = |id: u64| ids.outside(task, id as i32);
        let first = self.arguments[0] as i32;
        let whom = if self.name == "wait4" {
            match first {
                1.. => format!("pid {}", id(self.arguments[0])),
                0 => "any child in its own process group".to_owned(),
                -1 => "any child".to_owned(),
                ..-1 => {
                    let group = ids.outside(task, first.wrapping_neg());
                    format!("any child in process group, pgid {group}")
                }
            }
        } else {
            match (first as libc::idtype_t, self.arguments[1]) {
                (libc::P_PID, number) => format!("pid {}", id(number)),
                (libc::P_PIDFD, number) => format!("the process of fd {}", number as i32),
                (libc::P_PGID, 0) => "any child in its own process group".to_owned(),
                (libc::P_PGID, number) => {
                    format!("any child in process group, pgid {}", id(number))
                }
                _ => "any child".to_owned(),
            }
        };
        if let Some(why) = failed(result) {
            return format!("wait for {whom} {why}");
        }
        let left = self.name == "waitid" && self.arguments[3] & libc::WNOWAIT as u64 != 0;
        let whom = if left { format!("{whom} (WNOWAIT)") } else { whom };
        let came = if self.name == "wait4" {
            came_of_wait4(task, self.arguments[1], result, ids)
        } else {
            came_of_waitid(task, self.arguments[2], ids)
        };
        format!("wait for {whom} → {came}")
    }

    fn signal(&self, task: Pid, result: i64, ids: &Ids) -> String {
        let [first, second, third, ..] = self.arguments.map(|argument| argument as i32);
        let outside = |id| ids.outside(task, id);
        let (signal, to) = match self.name.as_str() {
            "tgkill" | "rt_tgsigqueueinfo" => (third, format!("tid {}", outside(second))),
            "tkill" => (second, format!("tid {}", outside(first))),
            "kill" => (
                second,
                match first {
                    1.. => format!("pid {}", outside(first)),
                    0 => "its own process group".to_owned(),
                    -1 => "every process that it may".to_owned(),
                    ..-1 => format!("process group, pgid {}", outside(first.wrapping_neg())),
                },
            ),
            "rt_sigqueueinfo" => (second, format!("pid {}", outside(first))),
            _ => (second, format!("the process of fd {first}")),
        };
        format!("send {} to {to}{}", signal_name(signal), arrow_error(result))
    }

    /// A wait for a signal, which a handler or the call itself takes.
    fn signal_awaited(&self, result: i64) -> String {
        let came = match (self.name.as_str(), result) {
            ("rt_sigtimedwait", 1..) => format!("→ {}", signal_name(result as i32)),
            ("rt_sigtimedwait", _) if result == -(Errno::EAGAIN as i64) => {
                "→ the time is over".to_owned()
            }
            (_, result) => failed(result).unwrap_or_else(|| "→ 0".to_owned()),
        };
        format!("wait for a signal {came}")
    }

    fn channel(&self, task: Pid, result: i64, channels: &mut Channels) -> Option<String> {
        let [first, second, third, ..] = self.arguments;
        let name = || match &self.note {
            Note::Descriptor(what) => what.as_ref()?.name(),
            _ => None,
        };
        let text = match self.name.as_str() {
            "pipe" | "pipe2" => self.two_ends("pipe", task, result, channels),
            "socketpair" => self.two_ends("socket pair", task, result, channels),
            "socket" => {
                let kind = words::socket_kind(first, second);
                match (failed(result), channels.what(task, result as u64)) {
                    (None, Some(What::Channel(name))) => {
                        format!("make {name} ({kind}) as fd {result}")
                    }
                    (why, _) => {
                        let came = why.unwrap_or_else(|| format!("→ fd {result}"));
                        format!("make a socket ({kind}) {came}")
                    }
                }
            }
            "bind" | "connect" => {
                let address = match third as u32 {
                    length @ 0..=128 => memory::bytes(task, second, length as usize),
                    _ => None,
                };
                let address = address.map_or_else(
                    || "an address that is not readable".to_owned(),
                    |bytes| words::address(&bytes),
                );
                format!("{} {} to {address}{}", self.name, name()?, arrow_error(result))
            }
            "listen" => format!("listen at {}{}", name()?, arrow_error(result)),
            "accept" | "accept4" => {
                let came = match (failed(result), channels.what(task, result as u64)) {
                    (Some(why), _) => why,
                    (None, Some(What::Channel(name))) => format!("→ {name} as fd {result}"),
                    (None, _) => format!("→ fd {result}"),
                };
                format!("accept at {} {came}", name()?)
            }
            "shutdown" => {
                let ways = match second as i32 {
                    libc::SHUT_RD => "reading",
                    libc::SHUT_WR => "writing",
                    _ => "reading and writing",
                };
                format!("shut down {} for {ways}{}", name()?, arrow_error(result))
            }
            "memfd_create" => {
                let name = memory::text(task, first).map_or_else(
                    || ", name not readable".to_owned(),
                    |name| format!(" {}", shown_up_to(usize::MAX, &name)),
                );
                format!("make shared memory{name}{}", arrow_descriptor(result))
            }
            "mmap" => {
                let is = |flag: i32| self.arguments[3] & flag as u64 != 0;
                let what = match &self.note {
                    _ if !is(libc::MAP_SHARED) => return None,
                    _ if is(libc::MAP_ANONYMOUS) => "memory to be shared".to_owned(),
                    _ => name()?,
                };
                format!("map {second} bytes of {what}{}", arrow_error(result))
            }
            "shmget" => {
                let came = failed(result).unwrap_or_else(|| format!("→ id {result}"));
                format!("make or find {second} bytes of shared memory {came}")
            }
            "shmat" => {
                format!("map shared memory, id {}{}", first as i32, arrow_error(result))
            }
            "fcntl" if second as i32 == libc::F_SETPIPE_SZ => {
                let Note::Copy { of, .. } = &self.note else { return None };
                let name = of.as_ref()?.name()?;
                format!("let {name} hold {third} bytes{}", arrow_error(result))
            }
            "dup" | "dup2" | "dup3" | "fcntl" => self.copy(result)?,
            "close" => format!("close {}{}", name()?, arrow_error(result)),
            "close_range" => {
                let Note::Several(Some(names)) = &self.note else { return None };
                format!("close {names}{}", arrow_error(result))
            }
            "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => {
                format!("wait for any of several channels{}", ready(result))
            }
            _ => {
                let Note::Several(Some(names)) = &self.note else { return None };
                format!("wait for {names}{}", ready(result))
            }
        };
        Some(text)
    }

    /// A descriptor that becomes a copy of another one.
    fn copy(&self, result: i64) -> Option<String> {
        let is_copy = matches!(
            (self.name.as_str(), self.arguments[1] as i32),
            ("dup" | "dup2" | "dup3", _) | ("fcntl", libc::F_DUPFD | libc::F_DUPFD_CLOEXEC)
        );
        let Note::Copy { of, instead } = &self.note else { return None };
        // To copy a descriptor onto itself changes nothing.
        let onto_itself = self.name == "dup2" && self.arguments[0] == self.arguments[1];
        if !is_copy || onto_itself {
            return None;
        }
        let name = |what: &Option<What>| what.as_ref().and_then(What::name);
        let (of, instead) = (name(of), name(instead));
        if let Some(why) = failed(result) {
            return of.map(|of| format!("copy {of} {why}"));
        }
        match (of, instead) {
            (None, None) => None,
            (Some(of), None) => Some(format!("copy {of} as fd {result}")),
            (Some(of), Some(instead)) => {
                Some(format!("copy {of} as fd {result}, which closes {instead}"))
            }
            (None, Some(instead)) => Some(format!("close {instead}: fd {result} is another file")),
        }
    }

    /// The two ends of what a call made.
    fn two_ends(&self, thing: &str, task: Pid, result: i64, channels: &mut Channels) -> String {
        if let Some(why) = failed(result) {
            return format!("make a {thing} {why}");
        }
        let is_pipe = self.name.starts_with("pipe");
        let address = if is_pipe { self.arguments[0] } else { self.arguments[3] };
        let Some(ends @ [one, other]) = pair(task, address) else {
            return format!("make a {thing}, descriptors not readable");
        };
        if !is_pipe {
            channels.pair(task, ends);
        }
        match ends.map(|end| channels.what(task, end)) {
            [Some(What::Channel(first)), Some(What::Channel(second))] => {
                format!("make {first} as fd {one}, {second} as fd {other}")
            }
            _ => format!("make a {thing} as fd {one} and fd {other}"),
        }
    }

    fn data(&self, task: Pid, result: i64) -> Option<Told> {
        let what = match &self.note {
            Note::Move { from, to } => return self.moved(from.as_ref(), to.as_ref(), result),
            Note::Descriptor(what) => what.as_ref()?,
            _ => return None,
        };
        let writes = !self.waits();
        let count = if self.name.ends_with("mmsg") {
            counted(result, "message")
        } else {
            counted(result, "byte")
        };
        let is_read = result > 0 && !self.name.ends_with("mmsg");
        let bytes = if is_read { self.bytes(task, result as usize) } else { Some(Vec::new()) };
        let (group, text) = match what {
            What::Print | What::Hidden(1 | 2) if writes => {
                let text = match bytes {
                    _ if result < 0 => format!("print{}", arrow_error(result)),
                    _ if self.name.ends_with("mmsg") => format!("print {count}"),
                    Some(bytes) => format!("print {}", shown_up_to(self.most_shown(), &bytes)),
                    None => format!("print {count} to fd {}: not readable", self.arguments[0]),
                };
                (Group::Print, text)
            }
            _ => {
                let verb = if writes { "write to" } else { "read from" };
                let came = match (result, bytes) {
                    (0, _) if !writes => "end of file".to_owned(),
                    (0.., Some(_)) if self.name.ends_with("mmsg") => count,
                    (0.., Some(bytes)) => format!("{} ({count})", shown(&bytes)),
                    (0.., None) => format!("{count}, not readable"),
                    _ => why(result)?,
                };
                (Group::Data, format!("{verb} {}: {came}", what.name()?))
            }
        };
        Some(Told { group, text, waited: !writes })
    }

    /// Data that goes from one descriptor to another and is never in the program's memory.
    fn moved(&self, from: Option<&What>, to: Option<&What>, result: i64) -> Option<Told> {
        if from.is_none() && to.is_none() {
            return None;
        }
        let name = |what: Option<&What>| match what {
            None => "a file".to_owned(),
            Some(what) => what.name().unwrap_or_else(|| "standard output".to_owned()),
        };
        let verb = if self.name == "tee" { "copy" } else { "move" };
        let came = match result {
            0 => "end of file".to_owned(),
            _ => why(result).unwrap_or_else(|| counted(result, "byte")),
        };
        let group = if to == Some(&What::Print) { Group::Print } else { Group::Data };
        let text = format!("{verb} from {} to {}: {came}", name(from), name(to));
        Some(Told { group, text, waited: true })
    }

    /// Whether the call may wait for something that another task does.
    pub fn waits(&self) -> bool {
        let name = self.name.as_str();
        match self.group {
            Group::Wait | Group::Sleep => true,
            // The others wake, move or unlock.
            Group::Futex if name == "futex" => matches!(
                self.arguments[1] as i32 & libc::FUTEX_CMD_MASK,
                libc::FUTEX_WAIT
                    | libc::FUTEX_WAIT_BITSET
                    | libc::FUTEX_WAIT_REQUEUE_PI
                    | libc::FUTEX_LOCK_PI
                    | libc::FUTEX_LOCK_PI2
            ),
            Group::Futex => name.starts_with("futex_wait"),
            Group::Data => {
                !matches!(name, "write" | "writev" | "sendto" | "sendmsg" | "sendmmsg" | "vmsplice")
            }
            Group::Channel => ["poll", "select", "accept"].iter().any(|word| name.contains(word)),
            Group::Signal => matches!(name, "pause" | "rt_sigsuspend" | "rt_sigtimedwait"),
            _ => false,
        }
    }

    /// Whether only another thread of its process can end the call, or a signal: it waits for a
    /// lock or the like, or for the end of a thread, without a time limit. pthread_join waits for
    /// the thread's id to be cleared, by the kernel, which knows no private futexes.
    pub fn waits_for_own_threads(&self, task: Pid, is_thread: impl Fn(u64) -> bool) -> bool {
        let [_, operation, value, ..] = self.arguments;
        let operation = operation as i32;
        let waits = [libc::FUTEX_WAIT, libc::FUTEX_WAIT_BITSET];
        self.own
            && self.name == "futex"
            && waits.contains(&(operation & libc::FUTEX_CMD_MASK))
            && (operation & libc::FUTEX_PRIVATE_FLAG != 0 || is_thread(value))
            && !self.has_time_limit(task)
    }

    /// The ends of pipes that the call is about.
    pub fn pipe_ends(&self) -> Vec<String> {
        let names = match &self.note {
            Note::Descriptor(Some(What::Channel(name))) | Note::Several(Some(name)) => name,
            _ => return Vec::new(),
        };
        names.split(" or ").filter(|name| name.starts_with("pipe ")).map(str::to_owned).collect()
    }

    /// Whether the call is to wait, but no longer than for some time. Asked when it begins: the
    /// kernel may change that time in the program's memory.
    pub fn has_time_limit(&self, task: Pid) -> bool {
        if !self.own || !self.waits() {
            return false;
        }
        let [_, second, third, fourth, fifth, _] = self.arguments;
        // A struct timespec or timeval; a limit of zero is not a wait.
        let is_time = |address: u64| {
            address != 0
                && (memory::word(task, address), memory::word(task, address.wrapping_add(8)))
                    != (Some(0), Some(0))
        };
        match self.name.as_str() {
            "poll" => third as i32 > 0,
            "epoll_wait" | "epoll_pwait" => fourth as i32 > 0,
            "ppoll" | "rt_sigtimedwait" => is_time(third),
            "epoll_pwait2" | "futex_waitv" => is_time(fourth),
            "select" | "pselect6" | "futex_wait" => is_time(fifth),
            "futex" => {
                let operation = second as i32 & libc::FUTEX_CMD_MASK;
                matches!(operation, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET) && is_time(fourth)
            }
            _ => false,
        }
    }

    /// Whether this result of a call with a time limit says that the time is over.
    pub fn is_time_over(&self, result: i64) -> bool {
        match self.group {
            Group::Channel => result == 0,
            Group::Signal => result == -(Errno::EAGAIN as i64),
            _ => result == -(Errno::ETIMEDOUT as i64),
        }
    }

    /// What the call has in the task's memory and overwrites even when the time is over. Only
    /// select does that.
    pub fn overwritten(&self, task: Pid) -> Vec<(u64, Vec<u8>)> {
        let [count, sets @ .., time, _] = self.arguments;
        let sets_length = (count as u32).min(MOST).div_ceil(64) as usize * 8;
        let parts = match self.name.as_str() {
            "select" | "pselect6" => {
                sets.map(|set| (set, sets_length)).into_iter().chain([(time, 16)])
            }
            _ => return Vec::new(),
        };
        let parts = parts.filter(|(address, _)| *address != 0);
        parts.filter_map(|(at, length)| Some((at, memory::bytes(task, at, length)?))).collect()
    }

    /// Lets a task that has come back from this call make it again.
    pub fn make_again(&self, task: Pid, overwritten: &[(u64, Vec<u8>)]) -> nix::Result<()> {
        for (address, bytes) in overwritten {
            memory::write(task, *address, bytes)?;
        }
        arch::make_again(task, &self.name, self.arguments[0])
    }

    /// How many bytes are shown of what was written or read.
    fn most_shown(&self) -> usize {
        if self.arguments[0] == libc::STDERR_FILENO as u64 { SHOWN_OF_ERROR } else { SHOWN }
    }

    /// The first bytes of what was written or read.
    fn bytes(&self, task: Pid, count: usize) -> Option<Vec<u8>> {
        let most = count.min(self.most_shown() + 1);
        // struct iovec: an address and a length.
        let from_list = |list: u64, parts: u64| {
            let mut bytes = Vec::new();
            for part in 0..parts.min(MOST.into()) {
                let part = list.wrapping_add(16 * part);
                let address = memory::word(task, part)?;
                let length = memory::word(task, part.wrapping_add(8))?;
                let left = most - bytes.len();
                bytes.extend(memory::bytes(task, address, left.min(length as usize))?);
                if bytes.len() == most {
                    break;
                }
            }
            Some(bytes)
        };
        match self.name.as_str() {
            "readv" | "writev" | "vmsplice" => from_list(self.arguments[1], self.arguments[2]),
            // struct msghdr: an address and its length, then the list and its length.
            "sendmsg" | "recvmsg" => {
                let field = |offset| memory::word(task, self.arguments[1].wrapping_add(offset));
                from_list(field(16)?, field(24)?)
            }
            // A message may be longer than the memory for it (MSG_TRUNC).
            _ => memory::bytes(task, self.arguments[1], most.min(self.arguments[2] as usize)),
        }
    }

    fn futex(&self, task: Pid, result: i64) -> String {
        let [address, second, ..] = self.arguments;
        let waited = || match Errno::from_raw(i32::try_from(-result).unwrap_or(0)) {
            Errno::EAGAIN => "not needed any more".to_owned(),
            Errno::ETIMEDOUT => "the time is over".to_owned(),
            _ => why(result).unwrap_or_else(|| "woken".to_owned()),
        };
        let woke = || why(result).unwrap_or_else(|| format!("{result} woken"));
        match (self.name.as_str(), second as i32 & libc::FUTEX_CMD_MASK) {
            ("futex_wait", _) | ("futex", libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET) => {
                format!("futex wait at {address:#x}: {}", waited())
            }
            ("futex_wake", _) | ("futex", libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET) => {
                format!("futex wake at {address:#x}: {}", woke())
            }
            ("futex_waitv", _) => {
                let list = futex_list(task, address, second).unwrap_or_else(|| {
                    format!("{}, not readable", counted(second.cast_signed(), "address"))
                });
                format!("futex wait at {list}: {}", waited())
            }
            ("futex_requeue", _) => {
                let list = futex_list(task, address, 2)
                    .unwrap_or_else(|| "2 addresses, not readable".to_owned());
                format!("futex requeue at {list}: {}", woke())
            }
            (_, operation) => {
                let came = failed(result).unwrap_or_else(|| format!("→ {result}"));
                format!("futex operation {operation} at {address:#x} {came}")
            }
        }
    }

    fn cpus(&self, task: Pid, result: i64, ids: &Ids) -> String {
        let set = memory::up_to(task, self.arguments[2], self.arguments[1].min(128) as usize);
        let list = set.map_or_else(
            || ", not readable".to_owned(),
            |set| {
                let is_set = |cpu: &usize| set[cpu / 8] & (1 << (cpu % 8)) != 0;
                let cpus = (0..set.len() * 8).filter(is_set).map(|cpu| cpu.to_string());
                format!(" ≈ {}", cpus.collect::<Vec<_>>().join(","))
            },
        );
        let whom = match self.arguments[0] {
            0 => "itself".to_owned(),
            id => match ids.outside(task, id as i32) {
                own if own == task.as_raw() => "itself".to_owned(),
                other => format!("pid {other}"),
            },
        };
        format!("bind {whom} to CPUs{list}{}", arrow_error(result))
    }

    fn sleep(&self, task: Pid, result: i64) -> String {
        let (flags, time) = match self.name.as_str() {
            // It has no arguments: the kernel remembers those of the first call.
            "restart_syscall" => {
                return format!("go on waiting after a signal{}", arrow_error(result));
            }
            "clock_nanosleep" => (self.arguments[1], self.arguments[2]),
            _ => (0, self.arguments[0]),
        };
        let time = if flags & libc::TIMER_ABSTIME as u64 != 0 {
            "until a certain time".to_owned()
        } else {
            duration(task, time).map_or_else(
                || "for a time that is not readable".to_owned(),
                |time| format!("for {}", text::time(time)),
            )
        };
        format!("sleep {time}{}", arrow_error(result))
    }
}

/// What a clone with these flags makes.
fn kind_of_clone(flags: u64) -> &'static str {
    let has = |flag: i32| flags & flag as u64 != 0;
    if has(libc::CLONE_THREAD) {
        "new thread"
    } else if has(libc::CLONE_VFORK) {
        "vfork"
    } else {
        "fork"
    }
}

/// The child's own return from a fork, read from its register at its first stop.
pub fn born(task: Pid, kind: &str) -> nix::Result<(i64, String)> {
    let returned = arch::returned(task)?;
    let text = match kind {
        "new thread" => "the new thread starts".to_owned(),
        kind => format!("{kind} → {returned}"),
    };
    Ok((returned, text))
}

/// How many entries of a list are read. The kernel takes no more buffers (UIO_MAXIOV).
const MOST: u32 = 1024;

/// What a poll waits for; `None` if that is of no interest.
fn polled(task: Pid, list: u64, count: u64, channels: &mut Channels) -> Option<String> {
    // The kernel takes it as an unsigned int.
    let count = count as u32;
    // struct pollfd: a descriptor of 4 bytes, two sets of events of 2.
    let Some(list) = memory::bytes(task, list, 8 * count.min(MOST) as usize) else {
        return Some(format!("{}, not readable", counted(count.into(), "descriptor")));
    };
    let (list, _) = list.as_chunks::<8>();
    let descriptors = list.iter().map(|[a, b, c, d, ..]| i32::from_ne_bytes([*a, *b, *c, *d]));
    let names: Vec<String> = descriptors
        .filter_map(|descriptor| channels.waited_for(task, u64::try_from(descriptor).ok()?))
        .collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// What a select waits for; `None` if that is of no interest. A set has a bit for each
/// descriptor below `count`.
fn selected(task: Pid, count: u64, sets: [u64; 3], channels: &mut Channels) -> Option<String> {
    let count = (count as u32).min(MOST) as usize;
    let mut names = Vec::new();
    for set in sets.into_iter().filter(|set| *set != 0) {
        let Some(bytes) = memory::bytes(task, set, count.div_ceil(64) * 8) else {
            let count = counted(count as i64, "descriptor");
            return Some(format!("some of {count}, not readable"));
        };
        let is_set = |descriptor: &usize| bytes[descriptor / 8] & (1 << (descriptor % 8)) != 0;
        for descriptor in (0..count).filter(is_set) {
            names.extend(channels.waited_for(task, descriptor as u64));
        }
    }
    (!names.is_empty()).then(|| names.join(" or "))
}

/// What came of a wait for descriptors.
fn ready(result: i64) -> String {
    if result == 0 { " → nothing".to_owned() } else { arrow_error(result) }
}

/// The addresses in a list of struct futex_waitv: a value, an address, flags.
fn futex_list(task: Pid, list: u64, count: u64) -> Option<String> {
    // The kernel takes no more than this (FUTEX_WAITV_MAX).
    let addresses = (0..count.min(128)).map(|place| {
        let address = memory::word(task, list.wrapping_add(24 * place + 8))?;
        Some(format!("{address:#x}"))
    });
    Some(addresses.collect::<Option<Vec<_>>>()?.join(" or "))
}

/// Two descriptors that a call wrote.
fn pair(task: Pid, address: u64) -> Option<[u64; 2]> {
    Some([memory::int(task, address)? as u64, memory::int(task, address.wrapping_add(4))? as u64])
}

/// A struct timespec: seconds and nanoseconds.
fn duration(task: Pid, address: u64) -> Option<Duration> {
    let seconds = memory::word(task, address)?;
    let nanoseconds = memory::word(task, address.wrapping_add(8))?;
    Some(Duration::new(seconds, (nanoseconds % 1_000_000_000) as u32))
}

/// A call of which only the name is known.
pub fn plain(name: &str, result: i64) -> String {
    format!("{name} {}", failed(result).unwrap_or_else(|| format!("→ {result}")))
}

/// What wait4 says: its result is the child, and the status is at this address.
fn came_of_wait4(task: Pid, status: u64, result: i64, ids: &Ids) -> String {
    let child = ids.outside(task, result as i32);
    match (result, status) {
        (0, _) => NOTHING_YET.to_owned(),
        // Nobody asked for the status.
        (_, 0) => format!("pid {child}"),
        (_, status) => match memory::int(task, status) {
            Some(status) => format!("pid {child} {}", words::status(status)),
            None => format!("pid {child}, status not readable"),
        },
    }
}

/// What waitid says, in a siginfo_t at this address: the signal, an error, a code, a gap,
/// then the child, its user and its status.
fn came_of_waitid(task: Pid, info: u64, ids: &Ids) -> String {
    let field = |offset| memory::int(task, info.wrapping_add(offset));
    match (field(0), field(8), field(16), field(24)) {
        // Nobody asked for it, and the call returns 0 in either case.
        _ if info == 0 => format!("a child, or {NOTHING_YET}"),
        (Some(libc::SIGCHLD), Some(code), Some(child), Some(status)) => {
            format!("pid {} {}", ids.outside(task, child), words::code(code, status))
        }
        (Some(0), ..) => NOTHING_YET.to_owned(),
        _ => "not readable".to_owned(),
    }
}
