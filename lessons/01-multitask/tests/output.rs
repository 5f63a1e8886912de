//! The demo `tasks`: what it draws, and what it refuses.

use std::process::Output;

use testing::{figures, start, test};

mod picture;

fn output(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        start::command(env!("CARGO_BIN_EXE_01-multitask")).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_slices_in_the_picture_do_not_overlap() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("turns.svg");
    let svg = file.to_str().unwrap();
    assert_eq!(
        output(&["--duration", "0.05", "--tasks", "1", "--svg", svg]),
        (Some(0), String::new())
    );
    let text = std::fs::read_to_string(&file).unwrap();

    assert!(text.contains("<title") && text.contains("prefers-color-scheme: dark"));
    let picture = picture::read(&text);
    // The line for the median is as long as it would be in a lane of 50 ms.
    let [(_, line), (_, median)] =
        ["class='rule'", "median slice, "].map(|it| text.split_once(it).expect(it));
    let line: f64 =
        line.split("width='").nth(1).unwrap().split('\'').next().unwrap().parse().unwrap();
    let expected = figures::seconds(median.split('<').next().unwrap()) / 0.05 * picture.length;
    assert!((line - expected).abs() < 0.06 + 0.01 * expected, "{line}, not {expected}");

    let mut slices = picture.tasks.concat();
    assert!(!slices.is_empty());
    slices.sort_by(|a, b| a.partial_cmp(b).unwrap());
    for slice in &slices {
        assert!(0.0 <= slice.0 && slice.1 <= picture.length + 0.01, "{slice:?}");
    }
    for pair in slices.windows(2) {
        assert!(pair[0].1 <= pair[1].0 + 1e-6, "two at the same instant: {pair:?}");
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_an_error() {
    let (status, errors) = output(&["--duration", "0.02", "--svg", "/no/such/folder/x.svg"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("write /no/such/folder/x.svg: No such file"), "{errors}");
}

#[test]
fn impossible_numbers_are_wrong_usage() {
    for (option, values, allowed) in [
        ("--tasks", ["0", "-1", "501", "2.5"], "a number from 1 to 500"),
        ("--cpus", ["0", "x", "99999999999999999999", ""], "a number from 1 to 1024"),
        ("--duration", ["nan", "inf", "-1", "1e300"], "a number from 0.02 to 10"),
    ] {
        for value in values {
            let (status, errors) = output(&[&format!("{option}={value}")]);
            assert_eq!(status, Some(2), "{option}={value}: {errors}");
            assert!(errors.contains(option) && errors.contains(allowed), "{errors}");
            assert_eq!(errors.lines().count(), 1, "{errors}");
        }
    }
}

#[test]
fn more_cpus_than_there_are_cannot_be_shown_here() {
    let (status, errors) = output(&["--cpus", "1024"]);
    assert_eq!(status, Some(3), "{errors}");
    assert!(errors.contains("CPUs that this process may use"), "{errors}");
}
