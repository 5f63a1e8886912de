//! How far something is that takes long: one line on the terminal, written over each time.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::text;

/// The line, on standard error. Where that is not a terminal nothing is written.
pub struct Progress {
    terminal: bool,
    visible: Mutex<bool>,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

impl Progress {
    /// A line that is empty so far.
    pub fn new() -> Progress {
        Progress { terminal: stderr().is_terminal(), visible: Mutex::new(false) }
    }

    /// Shows `text` in place of what was shown before, cut to the width of the window.
    pub fn show(&self, text: &str) {
        if self.terminal {
            let text: String = text.chars().take(text::width() - 1).collect();
            let mut visible = self.visible();
            write(&format!("\r\x1b[K{text}"));
            *visible = true;
        }
    }

    /// Takes the line away and calls `print`. No thread can show the line until then.
    pub fn hide_while(&self, print: impl FnOnce()) {
        let mut visible = self.visible();
        if std::mem::take(&mut *visible) {
            write("\r\x1b[K");
        }
        print();
    }

    fn visible(&self) -> MutexGuard<'_, bool> {
        self.visible.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hide_while(|| ());
    }
}

/// In one write: other processes may write at the same time. A terminal that is gone is
/// no reason to stop.
fn write(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}
