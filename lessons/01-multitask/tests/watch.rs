//! The demo `background` with `--watch`, on a terminal.

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;

use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testing::{start, test};

/// A terminal: what is written into the second end can be read from the first.
fn terminal(columns: u16, rows: u16) -> (File, OwnedFd) {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let (mut ours, mut theirs) = (-1, -1);
    let (no_name, no_modes) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the pointers are to variables that live until it returns, or null,
    // which it allows for the name and the modes.
    let result = unsafe { libc::openpty(&mut ours, &mut theirs, no_name, no_modes, &size) };
    assert_eq!(result, 0);
    // SAFETY: openpty just opened it, and nobody else has it.
    let ours = unsafe { File::from_raw_fd(ours) };
    // SAFETY: the same.
    (ours, unsafe { OwnedFd::from_raw_fd(theirs) })
}

#[test]
fn watch_draws_on_a_terminal_within_its_window_until_it_is_interrupted() {
    let (mut terminal, theirs) = terminal(30, 9);
    let mut command = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    command.args(["background", "--watch", "--pace", "0.01"]);
    let mut demo = command.stdout(theirs).spawn().unwrap();
    // The command holds our copy of their end.
    drop(command);
    let mut text = String::new();
    // Each picture begins at the top: three are complete when the fourth begins.
    while text.matches("\x1b[H").count() < 4 {
        let mut bytes = [0; 4096];
        let count = terminal.read(&mut bytes).unwrap();
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    kill(Pid::from_raw(demo.id() as i32), Signal::SIGINT).unwrap();
    let status = demo.wait().unwrap();
    assert_eq!(status.signal(), Some(2), "{status}");

    let pictures: Vec<_> = text.split("\x1b[H").collect();
    assert_eq!(pictures[0], "\x1b[2J");
    for picture in &pictures[1..4] {
        let lines: Vec<_> = picture.strip_suffix("\x1b[J").unwrap().lines().collect();
        assert_eq!(lines.len(), 8, "one line is left for the cursor: {picture}");
        assert_eq!(lines[7], "Every second, until Ctrl-C\x1b[K");
        for line in lines {
            let line = line.strip_suffix("\x1b[K").unwrap();
            assert!(!line.contains('\x1b') && line.chars().count() <= 30, "{line}");
        }
    }
}
