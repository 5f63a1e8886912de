//! The demo `tasks`: the lines that it prints, and who writes them.

use testing::{start, test, witness};

#[test]
fn the_lines_are_as_many_and_as_wide_as_the_options_say() {
    let arguments = ["--tasks", "12", "--cpus", "1", "--duration", "0.05"];
    let mut demo = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    demo.args(arguments);
    let testimony = witness::run(demo).unwrap();
    assert!(testimony.status.success());
    assert_eq!(testimony.writers(), [testimony.pid], "only the parent writes");

    let texts = testimony.texts();
    let is_mark = |c: &char| "░▒▓█".contains(*c);
    let bars = |label: &str| -> Vec<usize> {
        let lines = texts.iter().filter(|line| line.starts_with(label));
        lines.map(|line| line.chars().filter(is_mark).count()).collect()
    };
    for name in ["browser ", "music ", "word "] {
        assert_eq!(bars(name), [71]);
    }
    assert_eq!(bars("task "), [41; 12]);
    assert!(texts.contains(&"overlap  none: at no instant did two of them run"), "{texts:#?}");
    assert_eq!(texts.len(), 26, "{texts:#?}");
    for line in texts {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
}
