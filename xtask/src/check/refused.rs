//! Whether a test failed because the system refuses a call that the course relies on.

use common::refused;
use nix::errno::Errno;

/// Which refused call a failure speaks of, as a sentence: by its name, or by the system's reason.
pub fn reason(told: &str) -> Option<String> {
    let speaks_of = |(name, why): &&(&str, Errno)| {
        [*name, &format!("{why:?}"), why.desc()].iter().any(|word| told.contains(word))
    };
    let (name, why) = refused::calls().iter().find(speaks_of)?;
    Some(refused::sentence(name, *why))
}
