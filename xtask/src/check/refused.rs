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

/// The calls that this system refuses, and why. They are tried once.
pub fn calls() -> &'static [(&'static str, Errno)] {
    static REFUSED: OnceLock<Vec<(&str, Errno)>> = OnceLock::new();
    REFUSED.get_or_init(|| {
        let refused = CALLS.iter().filter_map(|(name, call)| Some((*name, refusal(*call)?)));
        refused.collect()
    })
}

/// Which refused call a failure speaks of, as a sentence: by its name, or by the system's reason.
pub fn reason(told: &str) -> Option<String> {
    let speaks_of = |(name, why): &&(&str, Errno)| {
        [*name, &format!("{why:?}"), why.desc()].iter().any(|word| told.contains(word))
    };
    let (name, why) = calls().iter().find(speaks_of)?;
    Some(format!("this system refuses {name} ({why:?})"))
}

/// Why the system refuses a call, if it does: the kernel does not know it, or a filter decides
/// before the call sees that its arguments mean nothing.
fn refusal(call: libc::c_long) -> Option<Errno> {
    const NO: libc::c_long = -1;
    // SAFETY: no flag, size, process or address is -1. Each of the calls looks at one of them
    // first, fails there, and does nothing.
    let result = unsafe { libc::syscall(call, NO, NO, NO, NO, NO, NO) };
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
