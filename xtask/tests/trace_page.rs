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
