//! Finds the processes of one run by a word in their environment.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// A word for the environment of one run: its processes inherit it.
pub fn mark() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}.", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The processes that have this mark, as the kernel knows them.
pub fn marked(mark: &str) -> Vec<String> {
    let mark = format!("SUPERVISE_MARK={mark}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
            found.push(fs::read_to_string(path.join("stat")).unwrap_or_default());
        }
    }
    found
}
