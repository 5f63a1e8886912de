//! `cargo xtask trace --html`: the page, in a browser.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use testing::browser::driven;
use testing::start;

/// Steps through the page by keys, and reports what it showed.
const DRIVER: &str = r"
const details = [];
const press = key => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
const count = document.querySelectorAll('#events tr').length - 1;
const marked = () => [...document.querySelectorAll('#events tr')].findIndex(row => row.classList.contains('now')) - 1;
for (let i = 0; i < count; i++) {
    details.push([marked(), document.getElementById('detail').innerText]);
    press('ArrowRight');
}
const last = marked();
press('Home');
const first = marked();
const widths = ['+', '-', '-', 't', '+'].map(key => { press(key); return document.querySelector('svg').clientWidth; });
const arrows = [...document.querySelectorAll('.arrow title')].map(title => title.textContent);
const rows = [...document.querySelectorAll('#events tr')].slice(1).map(row => row.cells[2].textContent);
report({ details, last, first, widths, arrows, rows });
";

fn page(folder: &TempDir, words: &[&str]) -> PathBuf {
    let file = folder.path().join("page.html");
    let mut command = start::command(env!("CARGO_BIN_EXE_xtask"));
    command.arg("trace").arg("--html").arg(&file).args(words);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    file
}

/// The longest text that is shown whole however long the ids in it are.
const WHOLE: usize = 60;

/// What a page shows of each task, without ids, times and the order in which signals came.
fn shown(page: &str) -> Vec<Vec<String>> {
    let data = page.lines().find_map(|line| line.strip_prefix("const record = ")).unwrap();
    let record: Value = serde_json::from_str(data.trim_end_matches(';')).unwrap();
    let mut lanes: Vec<Vec<String>> = vec![Vec::new(); record["lanes"].as_array().unwrap().len()];
    for event in record["events"].as_array().unwrap() {
        let text = event["text"].as_str().unwrap();
        let text = text.split_once(", after ").map_or(text, |(text, _)| text);
        let text = text.chars().filter(|c| !c.is_ascii_digit()).take(WHOLE).collect();
        lanes[event["lane"].as_u64().unwrap() as usize].push(text);
    }
    lanes.iter_mut().for_each(|lane| lane.sort());
    lanes
}

#[test]
fn the_pages_in_the_book_are_those_that_are_written() {
    let course = std::env::current_dir().unwrap().parent().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    for (lesson, demo) in [("02-fork", "twice"), ("03-ipc", "pipe")] {
        let in_book = format!("docs/{lesson}/{demo}-record.html");
        let again = format!("write it again: cargo xtask trace --html {in_book} {lesson} {demo}");
        let page = fs::read_to_string(page(&folder, &[lesson, demo])).unwrap();
        let in_book = fs::read_to_string(course.join(in_book)).unwrap();
        let frame = |page: &str| -> Vec<String> {
            let lines = page.lines().filter(|line| !line.starts_with("const record = "));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(frame(&in_book), frame(&page), "{again}");
        assert_eq!(shown(&in_book), shown(&page), "{again}");
    }
}

#[test]
fn a_page_steps_through_what_a_program_did() {
    let folder = tempfile::tempdir().unwrap();
    let file = page(&folder, &["--", "sh", "-c", "(echo '</script>' | cat >/dev/null) & wait"]);
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.len() <= 200 << 10, "{} bytes", page.len());
    for outside in ["src=", "@import", "fetch(", "https:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    if !start::is_installed("chromium") {
        return;
    }
    let report: Value = serde_json::from_str(&driven(folder.path(), &page, DRIVER)).unwrap();
    assert_eq!(report["errors"], Value::Array(Vec::new()));
    let details = report["details"].as_array().unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert!(rows.len() > 6, "{rows:?}");
    for (number, (detail, row)) in details.iter().zip(rows).enumerate() {
        assert_eq!(detail[0], number);
        assert!(detail[1].as_str().unwrap().contains(row.as_str().unwrap()), "{detail} {row}");
    }
    assert_eq!(
        (&report["first"], &report["last"]),
        (&Value::from(0), &Value::from(rows.len() - 1))
    );
    let widths: Vec<f64> = serde_json::from_value(report["widths"].clone()).unwrap();
    assert!(widths[0] > widths[1] && widths[1] > widths[2] && widths[4] > widths[3], "{widths:?}");
    let arrows = report["arrows"].as_array().unwrap();
    let count = |kind: &str| arrows.iter().filter(|it| *it == kind).count();
    assert!(count("start") >= 2, "{arrows:?}");
    assert!(count("wait") >= 1, "{arrows:?}");
    assert_eq!(count("data"), 1, "cat reads what the other wrote: {arrows:?}");
}
