//! `supervise::interrupt` ends every program of a process, and is for good: so
//! this test has a process of its own.

use std::path::Path;
use std::thread;
use std::time::Duration;

use supervise::{End, Errors, Program, interrupt, run_under};

#[test]
fn an_interruption_ends_every_program() {
    let program = Program {
        path: "sh".into(),
        arguments: vec!["-c".into(), "(setsid sleep 300 &); sleep 300".into()],
        directory: "/".into(),
        environment: Vec::new(),
        deadline: Duration::from_secs(300),
        output_limit: 1000,
        errors: Errors::Merged,
    };
    let program = &program;
    let end = move || run_under(Path::new(env!("CARGO_BIN_EXE_xtask")), program).unwrap().end;
    thread::scope(|scope| {
        let runs = [0; 3].map(|_| scope.spawn(end));
        // Whether it comes before a program's start or after must not matter.
        thread::sleep(Duration::from_millis(20));
        interrupt();
        for run in runs {
            assert_eq!(run.join().unwrap(), End::Interrupted);
        }
    });
    assert_eq!(end(), End::Interrupted, "no program is started any more");
}
