//! Words for numbers: errors, signals, the ends of processes, bytes, addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;

/// In place of the result of a call in which its task was killed. The kernel's error
/// numbers end before it.
pub const NEVER: i64 = -4096;

/// In place of the result of a call that a task is only about to make: there is nothing to
/// say of it yet.
pub const NOT_YET: i64 = -4097;

/// In place of the result of a call that is not over when the recording ends.
pub const NOT_OVER: i64 = -4098;

/// Whether this result says that a signal interrupted the call, and that the kernel
/// may make it again.
pub fn is_interrupted(result: i64) -> bool {
    (-516..=-512).contains(&result)
}

/// How many bytes of data are shown.
pub const SHOWN: usize = 60;

/// How many bytes are shown of a message on standard error: it says why something went wrong.
pub const SHOWN_OF_ERROR: usize = 1000;

/// Bytes as text in quotes.
pub fn shown(bytes: &[u8]) -> String {
    shown_up_to(SHOWN, bytes)
}

/// So many bytes as text in quotes.
pub fn shown_up_to(most: usize, bytes: &[u8]) -> String {
    let first = &bytes[..bytes.len().min(most)];
    let more = if bytes.len() > most { "…" } else { "" };
    let is_text = |text: &str| text.chars().all(|c| !c.is_control() || c.is_whitespace());
    match std::str::from_utf8(first) {
        Ok(text) if is_text(text) => format!("{text:?}{more}"),
        // Cut in the middle of a character, it is still text.
        Err(why) if why.error_len().is_none() && !more.is_empty() => {
            format!("{:?}…", String::from_utf8_lossy(&first[..why.valid_up_to()]))
        }
        _ => format!("\"{}\"{more}", first.escape_ascii()),
    }
}

/// Text that stays on its line: characters that control a terminal, or the direction of the
/// text, are escaped.
pub fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars() {
        let is_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || is_direction {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}

pub fn counted(count: i64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// The error that a result stands for, with an arrow before it.
pub fn failed(result: i64) -> Option<String> {
    why(result).map(|why| format!("→ {why}"))
}

/// The error that a result stands for.
pub fn why(result: i64) -> Option<String> {
    match result {
        0.. => None,
        NEVER => Some("does not return".to_owned()),
        NOT_YET => Some(String::new()),
        NOT_OVER => Some("has not returned".to_owned()),
        interrupted if is_interrupted(interrupted) => Some("interrupted by a signal".to_owned()),
        error => Some(format!("{:?}", Errno::from_raw(i32::try_from(-error).unwrap_or(0)))),
    }
}

pub fn arrow_error(result: i64) -> String {
    failed(result).map_or_else(String::new, |why| format!(" {why}"))
}

/// The descriptor that a call returned, or the error.
pub fn arrow_descriptor(result: i64) -> String {
    failed(result).map_or_else(|| format!(" → fd {result}"), |why| format!(" {why}"))
}

/// The first real-time signal, as programs know it: glibc keeps two for itself.
const SIGRTMIN: i32 = 34;

/// A signal's name.
pub fn signal_name(signal: i32) -> String {
    match Signal::try_from(signal) {
        Ok(signal) => signal.to_string(),
        Err(_) if signal == SIGRTMIN => "SIGRTMIN".to_owned(),
        Err(_) if (SIGRTMIN + 1..=64).contains(&signal) => {
            format!("SIGRTMIN+{}", signal - SIGRTMIN)
        }
        Err(_) => format!("signal {signal}"),
    }
}

/// What a wait says that was not to wait (WNOHANG).
pub const NOTHING_YET: &str = "nothing yet";

/// What wait4 says of a child.
pub fn status(status: i32) -> String {
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
pub fn code(code: i32, status: i32) -> String {
    match code {
        libc::CLD_EXITED => format!("exited, status {status}"),
        libc::CLD_KILLED | libc::CLD_DUMPED => format!("was killed by {}", signal_name(status)),
        libc::CLD_STOPPED => format!("was stopped by {}", signal_name(status)),
        _ => "goes on".to_owned(),
    }
}

/// A socket's address (struct sockaddr).
pub fn address(bytes: &[u8]) -> String {
    let [first, second, rest @ ..] = bytes else { return "no address".to_owned() };
    let family = i32::from(u16::from_ne_bytes([*first, *second]));
    match (family, rest) {
        (libc::AF_UNIX, []) => "an address that the kernel chooses".to_owned(),
        // Abstract: the name is all that follows the zero byte.
        (libc::AF_UNIX, [0, name @ ..]) => format!("@{}", shown(name)),
        (libc::AF_UNIX, path) => {
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            shown(&path[..end])
        }
        (libc::AF_INET, [high, low, a, b, c, d, ..]) => {
            let port = u16::from_be_bytes([*high, *low]);
            format!("{}:{port}", Ipv4Addr::new(*a, *b, *c, *d))
        }
        (libc::AF_INET6, [high, low, _, _, _, _, rest @ ..]) if rest.len() >= 16 => {
            let port = u16::from_be_bytes([*high, *low]);
            let ip: [u8; 16] = std::array::from_fn(|place| rest[place]);
            format!("[{}]:{port}", Ipv6Addr::from(ip))
        }
        _ => format!("an address of family {family}"),
    }
}

/// The kind of a socket: the family of its addresses, and how data goes through it.
pub fn socket_kind(family: u64, kind: u64) -> String {
    let family = match family as i32 {
        libc::AF_UNIX => "Unix".to_owned(),
        libc::AF_INET => "IPv4".to_owned(),
        libc::AF_INET6 => "IPv6".to_owned(),
        libc::AF_NETLINK => "netlink".to_owned(),
        other => format!("family {other}"),
    };
    let kind = match kind as i32 & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) {
        libc::SOCK_STREAM => "stream".to_owned(),
        libc::SOCK_DGRAM => "datagram".to_owned(),
        libc::SOCK_SEQPACKET => "packets".to_owned(),
        libc::SOCK_RAW => "raw".to_owned(),
        other => format!("kind {other}"),
    };
    format!("{family}, {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_time_signals_have_their_names() {
        assert_eq!(
            [9, 33, 34, 35, 64, 65].map(signal_name),
            ["SIGKILL", "signal 33", "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+30", "signal 65"]
        );
    }

    #[test]
    fn what_would_move_the_cursor_is_escaped() {
        assert_eq!(printable("a 'b' \"c\" \\ é 中"), "a 'b' \"c\" \\ é 中");
        assert_eq!(printable("\x1b[2J\n\u{202e}x"), "\\u{1b}[2J\\n\\u{202e}x");
    }

    #[test]
    fn addresses_are_written_as_usual() {
        let with = |family: i32, rest: &[u8]| {
            let mut bytes = (family as u16).to_ne_bytes().to_vec();
            bytes.extend(rest);
            address(&bytes)
        };
        assert_eq!(with(libc::AF_UNIX, b"/run/x\0junk"), "\"/run/x\"");
        assert_eq!(with(libc::AF_UNIX, b"\0hidden"), "@\"hidden\"");
        assert_eq!(with(libc::AF_INET, &[0x1f, 0x90, 127, 0, 0, 1, 0, 0]), "127.0.0.1:8080");
        let mut six = [0; 26];
        six[1] = 53;
        six[21] = 1;
        assert_eq!(with(libc::AF_INET6, &six), "[::1]:53");
        assert_eq!(address(&[]), "no address");
        assert_eq!(with(99, b"?"), "an address of family 99");
    }
}
