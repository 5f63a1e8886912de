//! The demo `queue`, seen from outside: two processes, and nothing but the
//! queue between them.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use testing::running::{Running, pid};
use testing::{start, test, witness};

fn queue(pace: &str) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_03-ipc"));
    command.args(["queue", "--pace", pace]);
    command
}

#[test]
fn what_one_process_puts_another_gets() {
    let testimony = witness::run(queue("0.01")).unwrap();
    assert!(testimony.status.success());
    for line in &testimony.lines {
        assert_eq!(pid(&line.text).to_string(), line.pid.to_string(), "{line:?}");
    }

    let writes_first = |text: &str| {
        let line = testimony.lines.iter().find(|line| line.text.starts_with(text));
        line.unwrap_or_else(|| panic!("no line {text:?}: {testimony:?}")).pid
    };
    let (writer, reader) = (writes_first("Process to write"), writes_first("Process to read"));
    assert_ne!(writer, reader);
    assert!(!testimony.writers().contains(&testimony.pid), "the parent put or got something");

    let written_by = |pid| -> Vec<&str> {
        let lines = testimony.lines.iter().filter(|line| line.pid == pid);
        lines.map(|line| line.text.as_str()).collect()
    };
    assert_eq!(
        written_by(writer),
        [
            format!("Process to write: pid {writer}"),
            format!("pid {writer}: put A on the queue"),
            format!("pid {writer}: put B on the queue"),
            format!("pid {writer}: put C on the queue"),
        ]
    );
    assert_eq!(
        written_by(reader),
        [
            format!("Process to read: pid {reader}"),
            format!("pid {reader}: got A from the queue"),
            format!("pid {reader}: got B from the queue"),
            format!("pid {reader}: got C from the queue"),
            format!("pid {reader}: the queue is closed, nothing more can come"),
        ]
    );
    let texts = testimony.texts();
    for value in ['A', 'B', 'C'] {
        let at = |part: String| texts.iter().position(|text| text.ends_with(&part)).unwrap();
        let (put, got) =
            (at(format!("put {value} on the queue")), at(format!("got {value} from the queue")));
        assert!(put < got, "{value} was there before it was put: {texts:?}");
    }
}

#[test]
fn the_reader_waits_for_a_writer_that_stands_still() {
    // Slower if the writer has put B before the test could stop it.
    for pace in [0.1, 1.0, 5.0] {
        let demo = Running::start(queue(&pace.to_string()));
        let writer = demo.pid_in("Process to write");
        let mut before = Vec::new();
        while before.last().is_none_or(|line: &String| !line.ends_with("got A from the queue")) {
            before.push(demo.next_line().unwrap());
        }
        demo.signal(writer, Signal::SIGSTOP);

        // Long enough for a reader that does not wait for the writer to go on.
        let lines = demo.lines_until_silent_for(Duration::from_secs_f64(2.5 * pace));
        if before.iter().chain(&lines).any(|line| line.ends_with("put B on the queue")) {
            continue;
        }
        assert!(lines.is_empty(), "the writer stands still, and yet: {lines:?}");

        demo.signal(writer, Signal::SIGCONT);
        let (lines, errors, status) = demo.finish();
        assert!(lines.iter().any(|line| line.ends_with("got C from the queue")), "{lines:?}");
        assert!(status.success(), "{errors}");
        return;
    }
    panic!("the writer did not wait for a second between A and B");
}

#[test]
fn the_reader_ends_when_the_writer_is_killed() {
    // At this pace the writer would put B after minutes.
    let demo = Running::start(queue("1000"));
    let writer = demo.pid_in("Process to write");
    while !demo.next_line().unwrap().ends_with("got A from the queue") {}
    demo.signal(writer, Signal::SIGKILL);

    let (lines, errors, status) = demo.finish();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with("the queue is closed, nothing more can come"), "{lines:?}");
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(&format!("child {writer} ended badly")), "{errors}");
    assert!(errors.contains("SIGKILL"), "{errors}");
}

#[test]
fn the_writer_ends_when_the_reader_is_killed() {
    // Slower if the writer has put B before the test could kill the reader.
    for pace in ["0.1", "1", "5"] {
        let demo = Running::start(queue(pace));
        let reader = demo.pid_in("Process to read");
        demo.signal(reader, Signal::SIGKILL);

        let (lines, errors, status) = demo.finish();
        assert_eq!(status.code(), Some(1));
        assert!(errors.contains(&format!("child {reader} ended badly")), "{errors}");
        assert!(errors.contains("SIGKILL"), "{errors}");
        if !lines.iter().any(|line| line.contains("put C")) {
            return;
        }
    }
    panic!("the writer put C for a reader that was dead");
}
