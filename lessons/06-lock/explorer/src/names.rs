//! What objects and threads are called in the reports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

/// Each name once, for good: an exploration makes the same ones again and again.
static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The texts of source files.
static SOURCES: Mutex<BTreeMap<&'static str, &'static str>> = Mutex::new(BTreeMap::new());

/// The names of the objects of a kind made at a place, by the place's address: `derive(Default)`
/// makes several at one.
static PLACES: Mutex<Option<HashMap<(usize, &'static str), &'static str>>> = Mutex::new(None);

/// Lets the explorer call objects by the variables that hold them: `file` is `file!()`, and
/// `text` is the text of this file. One without a variable is called "mutex at line 12", and
/// one of another file "mutex".
///
/// ```
/// explorer::add_source(file!(), include_str!("names.rs"));
/// ```
pub fn add_source(file: &'static str, text: &'static str) {
    lock(&SOURCES).insert(file, text);
    *lock(&PLACES) = None;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name as a `'static` one.
pub(crate) fn intern(name: String) -> &'static str {
    let mut names = lock(&NAMES);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

/// The name of an object of this kind that is made here.
pub(crate) fn of(kind: &'static str, at: &'static Location<'static>) -> &'static str {
    let place = (std::ptr::from_ref(at).addr(), kind);
    if let Some(name) = lock(&PLACES).get_or_insert_default().get(&place) {
        return name;
    }
    let source = lock(&SOURCES).get(at.file()).copied();
    let name = source.map_or_else(
        || kind.to_owned(),
        |source| {
            let line = source.lines().nth(at.line() as usize - 1);
            let bound = line.and_then(|line| bound(line, at.column() as usize));
            bound.map_or_else(|| format!("{kind} at line {}", at.line()), str::to_owned)
        },
    );
    let name = intern(name);
    lock(&PLACES).get_or_insert_default().insert(place, name);
    name
}

/// The variable or the field of a struct that gets the value which begins at this column.
fn bound(line: &str, column: usize) -> Option<&str> {
    let end = line.char_indices().nth(column - 1)?.0;
    // What the value is wrapped in: `Arc::new(`.
    let mut before = line[..end].trim_end();
    while let Some(call) = before.strip_suffix('(') {
        before = call.trim_end_matches(|c: char| is_part(c) || "<>:".contains(c)).trim_end();
    }
    if let Some(field) = field_before(before) {
        return Some(field);
    }
    let (pattern, value) = line[..end].split_once(" = ")?;
    let pattern = ["let ", "mut ", "static "]
        .into_iter()
        .fold(pattern.trim_start(), |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let several = pattern.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let several = several.or(pattern.strip_prefix('[').and_then(|rest| rest.split_once(']')));
    let name = match several {
        Some((names, _)) => names.split(',').nth(commas(value))?,
        None => pattern,
    };
    let name = name.trim().trim_start_matches("mut ");
    let name = &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())];
    (!name.is_empty()).then_some(name)
}

/// The field whose value begins in this part of a line: directly after its colon, or in a bracket or
/// a closure there. Not what has a type after its colon: a variable, or a parameter of a closure.
fn field_before(text: &str) -> Option<&str> {
    let (at, _) = text.rmatch_indices(':').find(|&(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        before.ends_with(is_part) && (after.is_empty() || after.starts_with(' '))
    })?;
    let (before, after) = (&text[..at], &text[at + 1..]);
    let is_value = !after.contains(" = ") && after.matches('|').count() % 2 == 0;
    is_value.then(|| &before[before.trim_end_matches(is_part).len()..])
}

/// How many commas there are in one bracket.
fn commas(text: &str) -> usize {
    let mut depth = 0;
    let mut count = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 => count += 1,
            _ => {}
        }
    }
    count
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_called_by_its_variable() {
        let cases = [
            ("let balance = Mutex::new(0);", Some("balance")),
            ("    let balance = Arc::new(Mutex::new(0));", Some("balance")),
            ("let balance: Arc<Mutex<i64>> = Arc::new(Mutex::new(0));", Some("balance")),
            ("let mut slot = Mutex::new(0);", Some("slot")),
            ("        items: Mutex::new(Vec::new()),", Some("items")),
            ("Shared { a: 1, items: Arc::new(Mutex::new(1)) }", Some("items")),
            ("let (lock, full) = (Mutex::new(0), Condvar::new());", Some("lock")),
            ("let locks = [(); 3].map(|()| Mutex::new(0));", Some("locks")),
            ("holders: (0..count).map(|_| Mutex::new(0)).collect(),", Some("holders")),
            ("let all: Vec<_> = (0..3).map(|_| Mutex::new(0)).collect();", Some("all")),
            ("let all = [1, 2].map(|value: i32| Mutex::new(value));", Some("all")),
            ("has_come: [Mutex::new(false); 2],", Some("has_come")),
            ("f(Mutex::new(0))", None),
            ("Arc::new(Mutex::new(0))", None),
            ("Größe { größe: Mutex::new(0) }", Some("größe")),
        ];
        for (line, name) in cases {
            let before = line.split("Mutex::new").next().expect("a part");
            let before = if line.contains("Mutex<") {
                &line[..line.find("Mutex::new").expect("it is there")]
            } else {
                before
            };
            assert_eq!(bound(line, before.chars().count() + 1), name, "{line}");
        }
        let line = "let (lock, full) = (Mutex::new(0), Condvar::new());";
        assert_eq!(bound(line, line.find("Condvar").expect("it is there") + 1), Some("full"));
        let line = "let [a, b] = [Arc::new(Mutex::new(0)), Arc::new(Mutex::new(1))];";
        assert_eq!(bound(line, line.rfind("Mutex").expect("it is there") + 1), Some("b"));
    }
}
