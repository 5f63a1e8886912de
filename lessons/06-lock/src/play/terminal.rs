//! A terminal that delivers each key at once, and is restored when the demo leaves it, even
//! by a signal or a panic.

use std::io::{self, Stdin, Write};
use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::read;

/// The signals that end or stop a program, or report a new window size. They arrive as
/// events, so that the terminal can be restored first.
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
    /// The window has another size, or the demo was stopped and continues.
    Redraw,
    /// No key will follow.
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
        // Before the first thread is started: threads inherit the mask.
        set.thread_block().context("block signals")?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC).context("signalfd")?;
        let stdin = io::stdin();
        let before = tcgetattr(&stdin).context("tcgetattr")?;
        let terminal = Self { stdin, before, signals };
        terminal.key_by_key()?;
        Ok(terminal)
    }

    /// Delivers keys without waiting for the end of a line, and without an echo.
    fn key_by_key(&self) -> Result<()> {
        let mut termios = self.before.clone();
        termios.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO);
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &termios).context("tcsetattr")
    }

    fn restore(&self) -> Result<()> {
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &self.before).context("tcsetattr")
    }

    /// Replaces the screen; if it has too many lines, the last ones are shown.
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

    /// Waits for the next key or signal. Does not return if the signal ends the program.
    pub fn event(&mut self) -> Result<Event> {
        loop {
            let stdin = PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN);
            let signals = PollFd::new(self.signals.as_fd(), PollFlags::POLLIN);
            let mut ready = [stdin, signals];
            match poll(&mut ready, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                result => result.context("poll")?,
            };
            let [pressed, signalled] = ready.map(|ready| ready.any() == Some(true));
            if signalled && let Some(info) = self.signals.read_signal().context("read a signal")? {
                let signal = Signal::try_from(info.ssi_signo as i32).context("a signal")?;
                self.take(signal)?;
                return Ok(Event::Redraw);
            }
            if pressed {
                // Not through the buffer of `Stdin`: poll does not see what is in there.
                let mut key = [0];
                let count = read(&self.stdin, &mut key).context("read a key")?;
                return Ok(if count == 0 { Event::End } else { Event::Key(key[0].into()) });
            }
        }
    }

    /// Does what the signal does by default, after restoring the terminal.
    fn take(&self, signal: Signal) -> Result<()> {
        if signal == Signal::SIGWINCH {
            return Ok(());
        }
        self.restore()?;
        let set: SigSet = [signal].into_iter().collect();
        raise(signal).context("raise")?;
        set.thread_unblock().context("unblock signals")?;
        // The signal only stopped the program, and the program was continued.
        set.thread_block().context("block signals")?;
        self.key_by_key()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = self.restore();
    }
}
