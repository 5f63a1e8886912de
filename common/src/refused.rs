//! The system calls that the course relies on, and that an old kernel or a container may refuse.

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

/// The refused call because of which something failed, as a sentence: what it says of its failure
/// has the call's name and the system's reason, and the system still gives this reason.
pub fn reason(told: &str) -> Option<String> {
    // Only those that it names are tried.
    let named = CALLS.iter().filter(|(name, _)| told.contains(name));
    let mut refused = named.filter_map(|(name, call)| Some((name, refusal(*call)?)));
    let has = |why: &Errno| told.contains(why.desc()) || told.contains(&format!("{why:?}"));
    let (name, why) = refused.find(|(_, why)| has(why))?;
    Some(sentence(name, why))
}

/// As the reader sees it.
pub fn sentence(name: &str, why: Errno) -> String {
    format!("this system refuses {name} ({why:?})")
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

    #[test]
    fn the_word_of_a_program_is_not_enough() {
        // Each of them is answered here, and answers that its arguments are wrong.
        for (name, call) in CALLS {
            if refusal(call).is_none() {
                assert_eq!(reason(&format!("{name}: {}", Errno::EPERM.desc())), None);
            }
        }
    }
}
