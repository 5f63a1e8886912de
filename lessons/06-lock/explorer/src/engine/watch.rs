//! Notices that an execution hangs: a thread does not come to its next step.

use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::unistd::{Pid, SysconfVar, sysconf};

use super::crew::Tid;
use super::{Engine, Place, lock};
use crate::op::ThreadId;

/// How often it looks within the time that a thread may take for a step.
const LOOKS: u32 = 20;

/// What an exploration shows to the thread that watches it.
#[derive(Default)]
pub(crate) struct Watch {
    /// The execution that runs now.
    pub current: Mutex<Option<Arc<Engine>>>,
}

/// How far an execution was at the last look at it.
struct Seen {
    place: Place,
    /// The CPU time of the thread that has the turn when it came there.
    cpu: Duration,
    /// How long all of them have been seen asleep there.
    asleep: Duration,
}

/// Why a thread does not come to its next step.
#[derive(Clone, Copy)]
pub(crate) enum Hang {
    /// It uses CPU time.
    Runs,
    /// It waits in the kernel.
    Waits,
}

impl Watch {
    /// Watches until the exploration is over. What counts is not the time that passes, which a
    /// busy or a stopped machine may take, but the CPU time that the threads use, and the looks
    /// that find all of them asleep.
    pub fn until(&self, over: &Receiver<()>, patience: Duration) {
        let interval = patience / LOOKS;
        let mut last: Option<Seen> = None;
        while over.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            // An execution cannot end while this is locked.
            let current = lock(&self.current);
            let Some(engine) = &*current else {
                last = None;
                continue;
            };
            let place = engine.place();
            let (cpu, asleep) = activity(&engine.tids(), place.turn);
            match &mut last {
                Some(seen) if seen.place == place => {
                    if asleep {
                        seen.asleep += interval;
                    }
                    if cpu.saturating_sub(seen.cpu) >= patience {
                        engine.abandon(place, Hang::Runs);
                    } else if seen.asleep >= patience {
                        engine.abandon(place, Hang::Waits);
                    }
                }
                _ => last = Some(Seen { place, cpu, asleep: Duration::ZERO }),
            }
        }
    }
}

/// The CPU time of the thread that has the `turn`, and whether each of the threads sleeps in the
/// kernel or has ended. The others may use CPU time, too: one that was left behind does.
fn activity(tids: &[Tid], turn: ThreadId) -> (Duration, bool) {
    let mut cpu = Duration::ZERO;
    let (mut some_asleep, mut all_asleep) = (false, true);
    for (thread, tid) in tids.iter().enumerate() {
        match tid.get().map(|&tid| stat(tid)) {
            Some(Some((state, used))) => {
                if thread == turn {
                    cpu = used;
                }
                some_asleep |= state == 'S';
                all_asleep &= state == 'S';
            }
            // It has ended, or there is no /proc.
            Some(None) => {}
            // It has yet to start.
            None => all_asleep = false,
        }
    }
    (cpu, some_asleep && all_asleep)
}

/// The state of a thread of this process and its CPU time, from its stat file: proc(5).
fn stat(tid: Pid) -> Option<(char, Duration)> {
    let stat = fs::read_to_string(format!("/proc/self/task/{tid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    let mut ticks = fields.skip(10).map_while(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks.next()?, ticks.next()?);
    let ticks_a_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
    Some((state, Duration::from_millis((user + system) * 1000 / ticks_a_second)))
}
