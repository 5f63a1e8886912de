//! A terminal that delivers each key at once, and is restored when the program leaves it, even
//! by a signal or a panic.

use std::io::{self, PipeReader, PipeWriter, Read, Stdin, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::read;

use crate::during;

/// The key of Ctrl-D, which is a key like any other here.
pub const CTRL_D: char = '\x04';

/// The signals that end or stop a program, or report a new window size or a child's change.
/// They arrive as events, so that the terminal can be restored first.
///
/// A handler writes them into a pipe. A signalfd would need them to be blocked, in every thread
/// there is, and what the program starts would inherit that.
const SIGNALS: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
    Signal::SIGCHLD,
];

/// The write end of the pipe into which the handler writes, or -1.
static CAUGHT: AtomicI32 = AtomicI32::new(-1);

extern "C" fn catch(signal: libc::c_int) {
    let errno = Errno::last_raw();
    let byte = signal as u8;
    // SAFETY: write(2) may be called in a handler, and reads the one byte. If the descriptor is
    // not open any more, or the pipe is full, it does nothing.
    unsafe { libc::write(CAUGHT.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
    Errno::set_raw(errno);
}

/// What happens at a terminal.
pub enum Event {
    /// A key was pressed.
    Key(char),
    /// The window has another size, a child has changed, the program was stopped and
    /// continues, or the time is over.
    Redraw,
    /// No key will follow.
    End,
}

/// The terminal that is standard input and output.
pub struct Terminal {
    stdin: Stdin,
    before: Termios,
    caught: PipeReader,
    /// The handler writes into it.
    _catch: PipeWriter,
    actions: Vec<(Signal, SigAction)>,
}

impl Terminal {
    /// Takes the terminal. It is given back on drop.
    ///
    /// # Errors
    /// If standard input is not a terminal, or the system refuses.
    pub fn enter() -> io::Result<Self> {
        let (caught, catch) = io::pipe().map_err(during("pipe"))?;
        for end in [caught.as_fd(), catch.as_fd()] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(during("fcntl"))?;
        }
        let stdin = io::stdin();
        let before = tcgetattr(&stdin).map_err(during("tcgetattr"))?;
        CAUGHT.store(catch.as_raw_fd(), Ordering::Relaxed);
        let mut terminal = Self { stdin, before, caught, _catch: catch, actions: Vec::new() };
        for signal in SIGNALS {
            terminal.actions.push((signal, set_action(signal, &catching())?));
        }
        terminal.key_by_key()?;
        Ok(terminal)
    }

    /// Delivers keys without waiting for the end of a line, and without an echo.
    fn key_by_key(&self) -> io::Result<()> {
        let mut termios = self.before.clone();
        termios.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO);
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &termios).map_err(during("tcsetattr"))
    }

    fn restore(&self) -> io::Result<()> {
        tcsetattr(&self.stdin, SetArg::TCSADRAIN, &self.before).map_err(during("tcsetattr"))
    }

    /// Replaces the screen; if it has too many lines, the last ones are shown.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn draw(&self, screen: &str, width: usize, height: usize) -> io::Result<()> {
        let lines: Vec<_> = screen.lines().collect();
        let hidden = (lines.len() + 1).saturating_sub(height);
        let mut drawn = "\x1b[H\x1b[J".to_owned();
        for line in &lines[hidden..] {
            drawn.extend(line.chars().take(width));
            drawn.push('\n');
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(drawn.as_bytes()).and_then(|()| stdout.flush()).map_err(during("draw"))
    }

    /// Waits for the next event, at most `timeout`. Does not return if a signal ends the
    /// program.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn event(&mut self, timeout: PollTimeout) -> io::Result<Event> {
        loop {
            let stdin = PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN);
            let caught = PollFd::new(self.caught.as_fd(), PollFlags::POLLIN);
            let mut ready = [stdin, caught];
            match poll(&mut ready, timeout) {
                Ok(0) => return Ok(Event::Redraw),
                Err(Errno::EINTR) => continue,
                result => result.map_err(during("poll"))?,
            };
            let [pressed, signalled] = ready.map(|ready| ready.any() == Some(true));
            if signalled {
                self.take_signals()?;
                return Ok(Event::Redraw);
            }
            if pressed {
                // Not through the buffer of `Stdin`: poll does not see what is in there.
                let mut key = [0];
                let count = match read(&self.stdin, &mut key) {
                    // The terminal is gone: nobody has its other end any more.
                    Err(Errno::EIO) => 0,
                    count => count.map_err(during("read a key"))?,
                };
                return Ok(if count == 0 { Event::End } else { Event::Key(key[0].into()) });
            }
        }
    }

    fn take_signals(&mut self) -> io::Result<()> {
        let mut signals = [0; 64];
        let count = self.caught.read(&mut signals).map_err(during("read a signal"))?;
        // Many children may have changed, which is one event.
        let signals: std::collections::BTreeSet<u8> = signals[..count].iter().copied().collect();
        signals.into_iter().try_for_each(|signal| {
            self.take(Signal::try_from(i32::from(signal)).map_err(during("a signal"))?)
        })
    }

    /// Does what the signal does by default, after restoring the terminal.
    fn take(&self, signal: Signal) -> io::Result<()> {
        if matches!(signal, Signal::SIGWINCH | Signal::SIGCHLD) {
            return Ok(());
        }
        self.restore()?;
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        set_action(signal, &default)?;
        raise(signal).map_err(during("raise"))?;
        // The signal only stopped the program, and the program was continued.
        set_action(signal, &catching())?;
        self.key_by_key()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = self.restore();
        for (signal, action) in &self.actions {
            // It was accepted when it was set, so it is now.
            let _ = set_action(*signal, action);
        }
        CAUGHT.store(-1, Ordering::Relaxed);
    }
}

fn catching() -> SigAction {
    SigAction::new(SigHandler::Handler(catch), SaFlags::SA_RESTART, SigSet::empty())
}

fn set_action(signal: Signal, action: &SigAction) -> io::Result<SigAction> {
    // SAFETY: the only handler that is ever set makes one call, which a handler may make.
    unsafe { sigaction(signal, action) }.map_err(during(format_args!("sigaction({signal})")))
}
