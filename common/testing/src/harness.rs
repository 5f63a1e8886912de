//! Runs tests one after the other, in one thread, and reports as Rust's own harness does:
//! for tests that fork.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;

/// A test's name, and the test.
pub type Test<'a> = (&'a str, &'a dyn Fn());

/// Runs the tests whose names contain one of the words on the command line; without a
/// word, all.
pub fn run(tests: &[Test]) {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let chosen: Vec<_> = tests.iter().filter(|(name, _)| wanted(name)).collect();

    println!("\nrunning {} tests", chosen.len());
    let mut failed = 0;
    for (name, test) in &chosen {
        let result = catch_unwind(AssertUnwindSafe(test));
        println!("test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
        failed += u32::from(result.is_err());
    }
    let passed = chosen.len() as u32 - failed;
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} \
         filtered out\n",
        tests.len() - chosen.len()
    );
    exit(if failed == 0 { 0 } else { 101 });
}
