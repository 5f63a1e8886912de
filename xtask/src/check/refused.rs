//! The system calls that the course relies on, and that a container may refuse.

use std::sync::OnceLock;

use nix::errno::Errno;
use nix::libc;

/// Those that demos and tests cannot do without.
const CALLS: [(&str, libc::c_long); 9] = [
    ("sched_setaffinity", libc::SYS_sched_setaffinity),
    ("setpriority", libc::SYS_setpriority),
    ("pidfd_open", libc::SYS_pidfd_open),
    ("memfd_create", libc::SYS_memfd_create),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("ptrace", libc::SYS_ptrace),
    ("prctl", libc::SYS_prctl),
    ("signalfd", libc::SYS_signalfd4),
    ("eventfd", libc::SYS_eventfd2),
];

/// Which of the calls this system refuses, as a sentence; `None` if it refuses none. They are
/// tried once.
pub fn calls() -> Option<&'static str> {
    static REFUSED: OnceLock<Option<String>> = OnceLock::new();
    let refused = REFUSED.get_or_init(|| {
        let refused = CALLS.iter().filter_map(|(name, call)| {
            let why = refusal(*call)?;
            Some(format!("{name} ({why:?})"))
        });
        let refused: Vec<String> = refused.collect();
        (!refused.is_empty()).then(|| format!("this system refuses {}", refused.join(", ")))
    });
    refused.as_deref()
}

/// Why the system refuses a call, if it does: the kernel does not know it, or a filter decides
/// before the call sees that its arguments mean nothing.
fn refusal(call: libc::c_long) -> Option<Errno> {
    // SAFETY: no flag, process or address is -1, so each of the calls fails and does nothing.
    let result = unsafe { libc::syscall(call, -1, -1, -1, -1, -1, -1) };
    let why = Errno::result(result).err()?;
    [Errno::ENOSYS, Errno::EPERM, Errno::EACCES].contains(&why).then_some(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_call_that_is_not_known_is_refused() {
        // As no kernel has that many, and as every system has this.
        assert_eq!(refusal(100_000), Some(Errno::ENOSYS));
        assert_eq!(refusal(libc::SYS_close), None);
    }
}
