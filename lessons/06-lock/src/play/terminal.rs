//! A terminal that gives each key at once, and is as before when we leave it, also by a
//! signal or a panic.

use std::io::{self, Stdin, Write};
use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::read;

/// The signals that end a program or stop it. They are taken as events here, so that the
/// terminal can be given back first.
const SIGNALS: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

pub enum Event {
    Key(char),
    /// The window has another size, or we were away.
    Redraw,
    /// Nobody is left to press a key.
    End,
}

pub struct Terminal {
    stdin: Stdin,
    before: Termios,
    signals: SignalFd,
}

impl Terminal {
    pub fn enter() -> Result<Self> {
        let set: SigSet = SIGNALS.into_iter().collect();
        // Before there is another thread: those get the same mask.
        set.thread_block().context("block signals")?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC).context("signalfd")?;
        let stdin = io::stdin();
        let before = tcgetattr(&stdin).context("tcgetattr")?;
        let terminal = Self { stdin, before, signals };
        terminal.key_by_key()?;
        Ok(terminal)
    }

    /// Without waiting for the end of a line, and without showing what is typed.
    fn key_by_key(&self) -> Result<()> {
        let mut termios = self.before.clone();
        termios.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO);
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &termios).context("tcsetattr")
    }

    fn give_back(&self) -> Result<()> {
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &self.before).context("tcsetattr")
    }

    /// Shows a screen in place of the one before: as much of its end as fits.
    pub fn draw(&self, screen: &str, width: usize, height: usize) -> Result<()> {
        let lines: Vec<_> = screen.lines().collect();
        let hidden = (lines.len() + 1).saturating_sub(height);
        let mut drawn = "\x1b[H\x1b[J".to_owned();
        for line in &lines[hidden..] {
            drawn.extend(line.chars().take(width));
            drawn.push('\n');
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(drawn.as_bytes()).and_then(|()| stdout.flush()).context("draw")
    }

    /// Waits for the next key, or for a signal. One that ends the program does not return.
    pub fn event(&mut self) -> Result<Event> {
        loop {
            let stdin = PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN);
            let signals = PollFd::new(self.signals.as_fd(), PollFlags::POLLIN);
            let mut ready = [stdin, signals];
            match poll(&mut ready, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                result => result.context("poll")?,
            };
            let pressed = ready[0].any() == Some(true);
            if let Some(info) =
                ready[1].any().filter(|&came| came).and_then(|_| self.signals.read_signal().ok()?)
            {
                let signal = Signal::try_from(info.ssi_signo as i32).context("a signal")?;
                self.take(signal)?;
                return Ok(Event::Redraw);
            }
            if pressed {
                // Not from the buffer of `Stdin`: what is in there wakes no poll.
                let mut key = [0];
                let count = read(&self.stdin, &mut key).context("read a key")?;
                return Ok(if count == 0 { Event::End } else { Event::Key(key[0].into()) });
            }
        }
    }

    /// Does what the signal does by default, with the terminal as it was before.
    fn take(&self, signal: Signal) -> Result<()> {
        if signal == Signal::SIGWINCH {
            return Ok(());
        }
        self.give_back()?;
        let set: SigSet = [signal].into_iter().collect();
        raise(signal).context("raise")?;
        set.thread_unblock().context("unblock signals")?;
        // It was one that only stops, and somebody has let us go on.
        set.thread_block().context("block signals")?;
        self.key_by_key()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing more.
        let _ = self.give_back();
    }
}
