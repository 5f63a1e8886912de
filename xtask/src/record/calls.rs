//! System calls in words: what a call was asked to do, and what came of it.

use common::text;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::time::Duration;

use super::channels::{Channels, What};
use super::memory;
use super::{Group, arch};

/// A call that a task has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: [u64; 6],
    /// When it began.
    pub at: Duration,
    /// The arguments of the program that it starts, if it does and they are readable.
    program: Option<Vec<String>>,
    /// What its descriptor stands for: a call to close it leaves nothing to ask.
    what: Option<What>,
    /// What it made, as the kernel's event says: `fork`, `vfork` or `new thread`.
    pub made: Option<&'static str>,
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

impl Begun {
    /// Notes what is known only before the call is carried out.
    pub fn note(
        task: Pid,
        name: &str,
        arguments: [u64; 6],
        at: Duration,
        channels: &mut Channels,
    ) -> Begun {
        let program = match name {
            "execve" => memory::texts(task, arguments[1]),
            "execveat" => memory::texts(task, arguments[2]),
            _ => None,
        };
        let what = match Group::of(name) {
            Group::Data => channels.what(task, arguments[0]),
            Group::Channel if name == "close" => channels.what(task, arguments[0]),
            Group::Channel if name == "mmap" => channels.what(task, arguments[4]),
            _ => None,
        };
        Begun { name: name.to_owned(), arguments, at, program, what, made: None }
    }

    /// Whether this is the same call once more, as the kernel makes it after a signal.
    pub fn is_again(&self, interrupted: &Begun) -> bool {
        self.name == "restart_syscall"
            || (&self.name, self.arguments) == (&interrupted.name, interrupted.arguments)
    }

    /// The program and its arguments, without the folders it lies in.
    pub fn program(&self) -> String {
        let Some(program) = &self.program else {
            return "exec, arguments not readable".to_owned();
        };
        let mut words = program.iter();
        let path = words.next().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
        let words = words.map(|word| format!(" {}", shown(word.as_bytes())));
        format!("exec {path}{}", words.collect::<String>())
    }

    /// The call in words when it is over; `None` if it is of no interest.
    pub fn told(&self, task: Pid, result: i64, channels: &mut Channels) -> Option<Told> {
        let group = Group::of(&self.name);
        let (text, waited) = match group {
            Group::Exec => (format!("{} {}", self.program(), failed(result)?), false),
            Group::Fork => (self.fork(task, result), false),
            Group::Wait => (self.wait(task, result), true),
            Group::Signal => (self.signal(result), false),
            Group::Channel => self.channel(task, result, channels)?,
            Group::Data => return self.data(task, result),
            Group::Futex => self.futex(result),
            Group::Cpu => (self.cpus(task, result), false),
            Group::Sleep => (self.sleep(task, result), true),
            Group::Exit | Group::Print | Group::Other => return None,
        };
        Some(Told { group, text, waited })
    }

    /// What a fork was asked to make, where the kernel reports nothing made: it failed, or
    /// the child was to escape the tracer (CLONE_UNTRACED).
    fn asked_for(&self, task: Pid) -> Option<&'static str> {
        let flags = match self.name.as_str() {
            "fork" => return Some("fork"),
            "vfork" => return Some("vfork"),
            "clone3" => memory::word(task, self.arguments[0])?,
            _ => self.arguments[0],
        };
        let has = |flag: i32| flags & flag as u64 != 0;
        Some(if has(libc::CLONE_THREAD) {
            "new thread"
        } else if has(libc::CLONE_VFORK) {
            "vfork"
        } else {
            "fork"
        })
    }

    fn fork(&self, task: Pid, result: i64) -> String {
        let kind = self.made.or_else(|| self.asked_for(task));
        let kind = kind.unwrap_or("new process or thread, flags not readable");
        match failed(result) {
            Some(why) => format!("{kind} {why}"),
            None if kind == "new thread" => format!("{kind} → tid {result}, in the same process"),
            None => format!("{kind} → pid {result}"),
        }
    }

    fn wait(&self, task: Pid, result: i64) -> String {
        let whom = match (self.name.as_str(), self.arguments[0].cast_signed(), self.arguments[1]) {
            ("wait4", id, _) if id as i32 > 0 => format!("pid {}", id as i32),
            ("waitid", id, number) if id == i64::from(libc::P_PID) => format!("pid {number}"),
            ("waitid", id, number) if id == i64::from(libc::P_PIDFD) => {
                format!("the process of fd {number}")
            }
            _ => "any child".to_owned(),
        };
        if let Some(why) = failed(result) {
            return format!("wait for {whom} {why}");
        }
        let left = self.name == "waitid" && self.arguments[3] & libc::WNOWAIT as u64 != 0;
        let whom = if left { format!("{whom} (WNOWAIT)") } else { whom };
        let came = if self.name == "wait4" {
            came_of_wait4(task, self.arguments[1], result)
        } else {
            came_of_waitid(task, self.arguments[2])
        };
        format!("wait for {whom} → {came}")
    }

    fn signal(&self, result: i64) -> String {
        let [first, second, third, ..] = self.arguments.map(|argument| argument as i32);
        let (signal, to) = match self.name.as_str() {
            "tgkill" => (third, format!("tid {second}")),
            "tkill" => (second, format!("tid {first}")),
            "kill" if first < -1 => (second, format!("process group, pgid {}", -first)),
            "kill" if first == 0 => (second, "its own process group".to_owned()),
            "kill" => (second, format!("pid {first}")),
            _ => (second, format!("the process of fd {first}")),
        };
        format!("send {} to {to}{}", signal_name(signal), arrow(result))
    }

    fn channel(&self, task: Pid, result: i64, channels: &mut Channels) -> Option<(String, bool)> {
        let text = match self.name.as_str() {
            "pipe" | "pipe2" => self.two_ends("pipe", task, result, channels),
            "socketpair" => self.two_ends("socket pair", task, result, channels),
            "memfd_create" => {
                let name = memory::text(task, self.arguments[0])
                    .map_or_else(|| ", name not readable".to_owned(), |name| format!(" {name:?}"));
                format!("make shared memory{name}{}", arrow(result))
            }
            "mmap" => {
                let is = |flag: i32| self.arguments[3] & flag as u64 != 0;
                let what = match &self.what {
                    _ if !is(libc::MAP_SHARED) => return None,
                    _ if is(libc::MAP_ANONYMOUS) => "memory to be shared".to_owned(),
                    what => what.as_ref()?.name()?,
                };
                format!("map {} bytes of {what}{}", self.arguments[1], arrow_error(result))
            }
            "close" => format!("close {}", self.what.as_ref()?.name()?),
            "poll" | "ppoll" => {
                let channels = self.polled(task, channels)?;
                let ready =
                    if result == 0 { " → nothing".to_owned() } else { arrow_error(result) };
                return Some((format!("wait for {channels}{ready}"), true));
            }
            _ => {
                return Some((
                    format!("wait for any of several channels{}", arrow_error(result)),
                    true,
                ));
            }
        };
        Some((text, false))
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

    /// What a poll waits for; `None` if that is of no interest.
    fn polled(&self, task: Pid, channels: &mut Channels) -> Option<String> {
        // The kernel takes it as an unsigned int.
        let count = self.arguments[1] as u32;
        // struct pollfd: a descriptor of 4 bytes, two sets of events of 2.
        let Some(set) = memory::bytes(task, self.arguments[0], 8 * count.min(MOST) as usize) else {
            return Some(format!("{}, not readable", counted(count.into(), "descriptor")));
        };
        let (set, _) = set.as_chunks::<8>();
        let descriptors = set.iter().map(|[a, b, c, d, ..]| i32::from_ne_bytes([*a, *b, *c, *d]));
        let names: Vec<String> = descriptors
            .filter_map(|descriptor| channels.what(task, u64::try_from(descriptor).ok()?)?.name())
            .collect();
        (!names.is_empty()).then(|| names.join(" or "))
    }

    fn data(&self, task: Pid, result: i64) -> Option<Told> {
        let what = self.what.as_ref()?;
        let writes = self.name.starts_with("write") || self.name.starts_with("send");
        let bytes = if result > 0 { self.bytes(task, result as usize) } else { Some(Vec::new()) };
        let count = counted(result, "byte");
        let (group, text) = match what {
            What::Print | What::Hidden(1 | 2) if writes => {
                let text = match bytes {
                    Some(bytes) => format!("print {}{}", shown(&bytes), arrow_error(result)),
                    None => format!("print {count} to fd {}: not readable", self.arguments[0]),
                };
                (Group::Print, text)
            }
            _ => {
                let verb = if writes { "write to" } else { "read from" };
                let came = match (result, bytes) {
                    (0, _) if !writes => "end of file".to_owned(),
                    (0.., Some(bytes)) => format!("{} ({count})", shown(&bytes)),
                    (0.., None) => format!("{count}, not readable"),
                    _ => why(result)?,
                };
                (Group::Data, format!("{verb} {}: {came}", what.name()?))
            }
        };
        Some(Told { group, text, waited: !writes })
    }

    /// Whether the call may wait for something that another task does.
    pub fn waits(&self) -> bool {
        match Group::of(&self.name) {
            Group::Wait | Group::Sleep => true,
            Group::Futex => !matches!(
                self.arguments[1] as i32 & libc::FUTEX_CMD_MASK,
                libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET
            ),
            Group::Data => self.name.starts_with("read") || self.name.starts_with("recv"),
            Group::Channel => self.name.contains("poll"),
            _ => false,
        }
    }

    /// The first bytes of what was written or read.
    fn bytes(&self, task: Pid, count: usize) -> Option<Vec<u8>> {
        let most = count.min(SHOWN + 1);
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
            "readv" | "writev" => from_list(self.arguments[1], self.arguments[2]),
            // struct msghdr: an address and its length, then the list and its length.
            "sendmsg" | "recvmsg" => {
                let field = |offset| memory::word(task, self.arguments[1].wrapping_add(offset));
                from_list(field(16)?, field(24)?)
            }
            // A message may be longer than the memory for it (MSG_TRUNC).
            _ => memory::bytes(task, self.arguments[1], most.min(self.arguments[2] as usize)),
        }
    }

    fn futex(&self, result: i64) -> (String, bool) {
        let address = self.arguments[0];
        match (self.arguments[1] as i32) & libc::FUTEX_CMD_MASK {
            libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET => {
                let came = match Errno::from_raw(i32::try_from(-result).unwrap_or(0)) {
                    Errno::EAGAIN => "not needed any more".to_owned(),
                    Errno::ETIMEDOUT => "the time is over".to_owned(),
                    _ => why(result).unwrap_or_else(|| "woken".to_owned()),
                };
                (format!("futex wait at {address:#x}: {came}"), true)
            }
            libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => {
                let came = why(result).unwrap_or_else(|| format!("{result} woken"));
                (format!("futex wake at {address:#x}: {came}"), false)
            }
            operation => {
                (format!("futex operation {operation} at {address:#x}{}", arrow(result)), true)
            }
        }
    }

    fn cpus(&self, task: Pid, result: i64) -> String {
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
            id => format!("pid {id}"),
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

/// The child's own return from a fork, read from its register at its first stop.
pub fn born(task: Pid, kind: &str) -> nix::Result<(i64, String)> {
    let returned = arch::returned(task)?;
    let text = match kind {
        "new thread" => "the new thread starts".to_owned(),
        kind => format!("{kind} → {returned}"),
    };
    Ok((returned, text))
}

/// In place of the result of a call in which its task was killed. The kernel's error
/// numbers end before it.
pub const NEVER: i64 = -4096;

/// The result of a call that a signal interrupted (ERESTARTSYS).
pub const INTERRUPTED: i64 = -512;

/// Whether this result says that a signal interrupted the call, and that the kernel
/// makes it again if no handler of the program runs.
pub fn is_interrupted(result: i64) -> bool {
    (-516..=-512).contains(&result)
}

/// How many bytes of data are shown.
const SHOWN: usize = 60;

/// How many entries of a list are read. The kernel takes no more buffers (UIO_MAXIOV).
const MOST: u32 = 1024;

/// Bytes as text in quotes.
fn shown(bytes: &[u8]) -> String {
    let first = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    let is_text = |text: &str| text.chars().all(|c| !c.is_control() || c.is_whitespace());
    match std::str::from_utf8(first) {
        Ok(text) if is_text(text) => format!("{text:?}{more}"),
        // Cut in the middle of a character, it is text all the same.
        Err(why) if why.error_len().is_none() && !more.is_empty() => {
            format!("{:?}…", String::from_utf8_lossy(&first[..why.valid_up_to()]))
        }
        _ => format!("\"{}\"{more}", first.escape_ascii()),
    }
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

fn counted(count: i64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// A call of which no more is known than its name.
pub fn plain(name: &str, result: i64) -> String {
    format!("{name} {}", failed(result).unwrap_or_else(|| format!("→ {result}")))
}

/// The error that a result stands for, with an arrow before it.
fn failed(result: i64) -> Option<String> {
    why(result).map(|why| format!("→ {why}"))
}

/// The error that a result stands for.
fn why(result: i64) -> Option<String> {
    match result {
        0.. => None,
        NEVER => Some("does not return".to_owned()),
        interrupted if is_interrupted(interrupted) => Some("interrupted by a signal".to_owned()),
        error => Some(format!("{:?}", Errno::from_raw(i32::try_from(-error).unwrap_or(0)))),
    }
}

fn arrow_error(result: i64) -> String {
    failed(result).map_or_else(String::new, |why| format!(" {why}"))
}

/// What a call that may also succeed returned, if that is worth a word.
fn arrow(result: i64) -> String {
    match result {
        0 => String::new(),
        1.. => format!(" → fd {result}"),
        _ => arrow_error(result),
    }
}

/// A signal's name.
pub fn signal_name(signal: i32) -> String {
    Signal::try_from(signal)
        .map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string())
}

/// What wait4 says: its result is the child, and the status is at this address.
fn came_of_wait4(task: Pid, status: u64, result: i64) -> String {
    match (result, status) {
        (0, _) => NOTHING_YET.to_owned(),
        // Nobody asked for the status.
        (child, 0) => format!("pid {child}"),
        (child, status) => match memory::int(task, status) {
            Some(status) => format!("pid {child} {}", status_in_words(status)),
            None => format!("pid {child}, status not readable"),
        },
    }
}

/// What waitid says, in a siginfo_t at this address: the signal, an error, a code, a gap,
/// then the child, its user and its status.
fn came_of_waitid(task: Pid, info: u64) -> String {
    let field = |offset| memory::int(task, info.wrapping_add(offset));
    match (field(0), field(8), field(16), field(24)) {
        // Nobody asked for it, and the call returns 0 in either case.
        _ if info == 0 => format!("a child, or {NOTHING_YET}"),
        (Some(libc::SIGCHLD), Some(code), Some(child), Some(status)) => {
            format!("pid {child} {}", code_in_words(code, status))
        }
        (Some(0), ..) => NOTHING_YET.to_owned(),
        _ => "not readable".to_owned(),
    }
}

/// What a wait says that was not to wait (WNOHANG).
const NOTHING_YET: &str = "nothing yet";

/// What wait4 says of a child.
fn status_in_words(status: i32) -> String {
    if libc::WIFEXITED(status) {
        format!("exited, status {}", libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        format!("was killed by {}", signal_name(libc::WTERMSIG(status)))
    } else if libc::WIFSTOPPED(status) {
        format!("was stopped by {}", signal_name(libc::WSTOPSIG(status)))
    } else {
        "goes on".to_owned()
    }
}

/// What waitid says of a child.
fn code_in_words(code: i32, status: i32) -> String {
    match code {
        libc::CLD_EXITED => format!("exited, status {status}"),
        libc::CLD_KILLED | libc::CLD_DUMPED => format!("was killed by {}", signal_name(status)),
        libc::CLD_STOPPED => format!("was stopped by {}", signal_name(status)),
        _ => "goes on".to_owned(),
    }
}
