//! The page for a browser: what it shows after each choice is what the explorer says.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testing::browser::driven;
use testing::{start, test};

use super::{demo, success, wrong_usage};

/// Presses the buttons of a page at random, 200 times until a program has ended, and reports
/// what the page showed then.
const DRIVER: &str = r"
const walks = [];
let seed = 2463534242;
const random = below => {
    seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5;
    return (seed >>> 0) % below;
};
const press = id => document.getElementById(id).click();
const text = id => document.getElementById(id).textContent;
for (let walk = 0; walk < 200; walk++) {
    press('again');
    if (random(2)) press('other');
    const start = text('count'), title = text('title');
    let keys = '';
    for (;;) {
        const open = [...document.querySelectorAll('#threads button:enabled')];
        if (!open.length) break;
        if (keys && random(8) === 0) { press('undo'); keys = keys.slice(0, -1); continue; }
        const button = open[random(open.length)];
        keys += button.id.slice('thread'.length);
        button.click();
    }
    const rows = [...document.querySelectorAll('#steps tr')].slice(1);
    const steps = rows.map(row => [...row.cells].map(cell => cell.textContent));
    const value = document.querySelector('#values tr').cells[1].textContent;
    walks.push({ title, start, keys, steps, end: text('end'), value });
}
report({ walks });
";

fn page(folder: &Path, arguments: &[&str]) -> String {
    let file = folder.join("page.html");
    let html = ["--html", file.to_str().unwrap()];
    let told = success(demo(&[arguments, &html].concat()).output().unwrap());
    assert_eq!(told, format!("open {} in a browser\n", file.display()));
    fs::read_to_string(file).unwrap()
}

#[test]
fn a_page_needs_nothing_else_and_is_small() {
    let folder = tempfile::tempdir().unwrap();
    let pages: [&[&str]; 5] =
        [&["play"], &["deadlock"], &["condvar"], &["orders"], &["orders", "--mended"]];
    for arguments in pages {
        let page = page(folder.path(), arguments);
        assert!(page.len() <= 200 << 10, "{arguments:?}: {} bytes", page.len());
        for outside in ["src=", "@import", "fetch(", "http:", "https:"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
    let nowhere = demo(&["play", "--html", "/no/such/folder/page.html"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("write /no/such/folder/page.html"));
    assert!(wrong_usage(&["play", "--html"]).contains("--html"));
}

#[test]
fn the_pages_in_the_book_are_those_that_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for demo in ["play", "deadlock", "condvar"] {
        let in_book = format!("docs/06-lock/{demo}-orders.html");
        assert!(
            fs::read_to_string(Path::new("../..").join(&in_book)).unwrap()
                == page(folder.path(), &[demo]),
            "write it again: cargo lesson 06-lock {demo} --html {in_book}"
        );
    }
}

#[test]
fn whatever_is_chosen_the_page_shows_what_the_explorer_says() {
    if !start::is_installed("chromium") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), &["play"]);
    let report: Value = serde_json::from_str(&driven(folder.path(), &page, DRIVER)).unwrap();
    assert_eq!(report["errors"], Value::Array(Vec::new()));

    let walks = report["walks"].as_array().unwrap();
    assert_eq!(walks.len(), 200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for walk in walks {
        let locked = text(&walk["title"]).starts_with("with the lock");
        let start = if locked {
            "2 orders are left from here; none of them goes wrong."
        } else {
            "70 orders are left from here; 40 of them go wrong."
        };
        assert_eq!(walk["start"], start);

        let keys = text(&walk["keys"]);
        let mut arguments = vec!["play", "--keys", &keys];
        arguments.extend(locked.then_some("--lock"));
        let screen = success(demo(&arguments).output().unwrap());
        let mut lines = screen.lines().skip(2);
        let steps = walk["steps"].as_array().unwrap();
        assert_eq!(steps.len(), keys.len());
        for (step, line) in steps.iter().zip(&mut lines) {
            let thread = usize::from(text(&step[0]).is_empty());
            assert!(line.trim_start().starts_with(&text(&step[thread])), "{step} {line}");
            assert_eq!(line.starts_with("          "), thread == 1, "{step} {line}");
        }
        let last = lines.find(|line| line.contains(", after ")).unwrap();
        let end = text(&walk["end"]);
        let end = end.trim_start_matches(['✓', '✗', ' ']).trim_end_matches('.');
        let end = end.replace("1 switch", "1 switches").replace("switcheses", "switches");
        assert!(last.starts_with(&end), "{last:?} {end:?}");
        let value = last.split_once("the balance is ").unwrap().1.split_once(',').unwrap().0;
        if !locked {
            assert_eq!(walk["value"], value, "{screen}");
        }
    }
}
