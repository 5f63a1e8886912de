//! Ctrl-C: what each task of a program is waiting for, asked while they are all still there.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use anyhow::{Context, Result};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, getpid, gettid};

use super::super::calls::{self, Begun, Entry};
use super::super::channels::all_processes;
use super::super::words::NOT_OVER;
use super::super::{Group, arch};
use super::stepping::look;
use super::{Event, Tracer, Zombie, parent_of_zombie, runs_on};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The thread that traces and wants to know of an interruption; 0 if there is none.
static THREAD: AtomicI32 = AtomicI32::new(0);

/// Wakes the tracer's thread.
const WAKE: Signal = Signal::SIGUSR1;

/// Ends the recording: what the tasks are waiting for is told, and then the program is killed,
/// if this process started it.
///
/// It comes to nothing if the tracer is just about to wait, so it has to be called again until
/// no recording [is running](super::is_running). Returns `false` if the recording goes step by
/// step: then there is nobody to tell anything, and this process can end at once.
pub fn interrupt() -> bool {
    let thread = THREAD.load(Ordering::Relaxed);
    if thread != 0 {
        // Whoever sees it sees what was done before.
        INTERRUPTED.store(true, Ordering::Release);
        // SAFETY: the call has no pointers.
        unsafe { libc::syscall(libc::SYS_tgkill, getpid().as_raw(), thread, WAKE as i32) };
    }
    thread != 0
}

/// Whether the recording was ended by [`interrupt`].
pub fn was_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Acquire)
}

/// Lets this thread, which traces, be woken by an interruption.
pub(super) fn can_wake_this_thread() -> Result<()> {
    // Without SA_RESTART, so that a wait ends when it comes.
    let wake = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(WAKE, &wake) }.context("sigaction")?;
    THREAD.store(gettid().as_raw(), Ordering::Relaxed);
    Ok(())
}

/// No thread traces any more.
pub(super) fn can_wake_no_thread() {
    THREAD.store(0, Ordering::Relaxed);
}

extern "C" fn nothing(_: libc::c_int) {}

impl Tracer<'_> {
    /// Tells what the tasks are waiting for, and ends the recording.
    pub(super) fn interrupted(&mut self) {
        self.tell_waiting();
        if runs_on() {
            let zombies = std::mem::take(&mut self.zombies);
            for (child, zombie) in &zombies {
                self.tell_zombie(*child, zombie, "has not waited");
            }
            self.tell_until(std::time::Duration::MAX);
            self.is_over = true;
        } else {
            self.kill_tasks();
        }
    }

    /// Tells the calls in which the tasks are asleep, and whether any task is left to wake them.
    fn tell_waiting(&mut self) {
        // The first thread of a process may have ended before others.
        let living = self.tasks.iter().filter(|(id, _)| !matches!(look(**id), Some(('Z', _))));
        let mut tasks: Vec<(Pid, Pid)> = living.map(|(id, task)| (task.process, *id)).collect();
        tasks.sort_unstable();
        let mut nobody_wakes = Vec::new();
        for of_process in tasks.chunk_by(|one, other| one.0 == other.0) {
            let is_thread = |id: u64| of_process.iter().any(|(_, it)| it.as_raw() as u64 == id);
            let is_stuck = |(_, id): &(Pid, Pid)| {
                let begun = self.tasks.get(id).and_then(|task| task.begun.as_ref());
                is_asleep(*id)
                    && begun.is_some_and(|begun| begun.waits_for_own_threads(*id, is_thread))
            };
            if of_process.iter().all(is_stuck) {
                nobody_wakes.push((of_process[0].0, of_process.len()));
            }
        }
        for (_, id) in tasks {
            if is_asleep(id) {
                self.tell_call(id);
            }
        }
        for (process, count) in nobody_wakes {
            let text = match count {
                1 => "a deadlock: it has no other thread that could wake it".to_owned(),
                _ => format!("a deadlock: all its {count} threads wait, so none can wake another"),
            };
            let event = self.event(process, Group::Futex, text);
            self.tell_in_any_case(event);
        }
    }

    /// Tells the call that a task is asleep in.
    fn tell_call(&mut self, id: Pid) {
        let (begun, since) = match self.take_begun(id) {
            Some(begun) => (begun.clone(), Some(begun.at)),
            // It has not stopped at this call, or the call began before the recording.
            None => match entry(id) {
                Some(entry) => (Begun::note(id, &entry, self.now(), &mut self.known), None),
                None => return,
            },
        };
        let (group, mut text) = match begun.told(id, NOT_OVER, &mut self.known) {
            Some(told) => (told.group, told.text),
            None => (begun.group, calls::plain(&begun.name, NOT_OVER)),
        };
        let took = since.map(|since| self.now().saturating_sub(since));
        if let Some(took) = took {
            text += &format!(", after {}", common::text::time(took));
        }
        for end in begun.pipe_ends() {
            text += &self.other_end(id, &end);
        }
        let event = self.event(id, group, text);
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        self.tell_in_any_case(Event { call, arguments, took, ..event });
    }

    /// Which processes have the other end of a pipe open.
    fn other_end(&self, id: Pid, end: &str) -> String {
        let (other, processes) = self.known.channels.other_end(end);
        let own = self.process(id);
        let name = |process| match process == own {
            true => format!("pid {process} (itself)"),
            false => format!("pid {process}"),
        };
        match &processes[..] {
            [] => String::new(),
            _ => {
                let names = processes.into_iter().map(name).collect::<Vec<_>>();
                format!("; {other} is open in {}", names.join(", "))
            }
        }
    }

    /// Notes the children of a running process that it has not waited for.
    pub(super) fn note_zombies_of(&mut self, parent: Pid) {
        let ids = all_processes().filter(|id| parent_of_zombie(*id) == Some(parent));
        self.zombies.extend(ids.map(|id| (id, Zombie { parent, since: None })));
    }
}

/// The call that a sleeping task is in: its number, its arguments, the addresses of the stack's
/// top and of the next instruction.
fn entry(id: Pid) -> Option<Entry> {
    let text = fs::read_to_string(format!("/proc/{id}/syscall")).ok()?;
    let (number, rest) = text.split_once(' ')?;
    let number = number.parse().ok()?;
    let rest: Option<Vec<u64>> = rest
        .split_whitespace()
        .map(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok())
        .collect();
    let [arguments @ .., stack, instruction] = &rest?[..] else { return None };
    let arguments = <[u64; 6]>::try_from(arguments).ok()?;
    Some(Entry { set: arch::SET, number, arguments, place: (*instruction, *stack) })
}

/// Whether a task sleeps in the kernel.
fn is_asleep(id: Pid) -> bool {
    matches!(look(id), Some(('S' | 'D', _)))
}
