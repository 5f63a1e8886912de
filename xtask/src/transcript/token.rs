//! Reads a line of output as tokens, which separate what may differ from run to
//! run from what may not.

use std::ops::Range;

use super::phrases::{ACTORS, IDS};

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    /// Text that must come out the same.
    Text(String),
    /// An id; its value is in [`Line::ids`].
    Id(Sort),
    /// A duration with its unit: `980 µs`, `1.02 ms`, `0.50 seconds`.
    Time,
    /// A rate, and what is counted: `1.2 GiB/s` counts `B`.
    Rate(String),
    /// A number, or a text in quotes, printed after `≈`.
    Approximate,
    /// A bar or a line drawn with this many block characters.
    Bar(usize),
}

/// The sorts of ids. An id of one sort never matches one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A process, thread, process group or session: the kernel numbers them all with
    /// one counter.
    Process,
    /// A network port.
    Port,
    /// An address in memory, in hexadecimal. All other ids are decimal.
    Address,
    /// A file descriptor.
    Descriptor,
}

/// A line of output as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What must be equal for two lines to match, apart from the ids.
    pub shape: Vec<Token>,
    /// The ids, in the order of the [`Token::Id`]s.
    pub ids: Vec<Id>,
}

/// An id in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// What it is the id of.
    pub sort: Sort,
    /// The id as it is written.
    pub value: String,
    /// Its place in the text, in bytes.
    pub place: Range<usize>,
}

impl Line {
    /// Reads a line.
    pub fn read(text: &str) -> Line {
        let mut line = Line { shape: Vec::new(), ids: Vec::new() };
        let mut literal = 0; // the start of the text that is not in a token yet
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            let Some((token, length)) = token_at(text, at) else {
                at += next.len_utf8();
                continue;
            };
            line.push_text(&text[literal..at]);
            if let Token::Id(sort) = token {
                let place = at..at + length;
                line.ids.push(Id { sort, value: text[place.clone()].to_owned(), place });
            }
            line.shape.push(token);
            at += length;
            literal = at;
        }
        line.push_text(&text[literal..]);
        line.fold_spaces();
        line
    }

    /// The process or thread that the line is about: the first one whose id it
    /// contains, or else the actor whose name starts it.
    pub fn actor(&self) -> Option<&str> {
        let id = self.ids.iter().find(|id| id.sort == Sort::Process);
        id.map(|id| id.value.as_str()).or_else(|| {
            let Token::Text(text) = self.shape.first()? else { return None };
            let (name, _) = text.trim_start().split_once(':')?;
            ACTORS.iter().find(|actor| **actor == name).copied()
        })
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.shape.push(Token::Text(text.to_owned()));
        }
    }

    /// Shortens each run of spaces that touches something that may differ: columns are
    /// padded to the width of their contents, so its length may differ too.
    fn fold_spaces(&mut self) {
        let varies = |token: &Token| !matches!(token, Token::Text(_) | Token::Bar(_));
        let varies: Vec<bool> = self.shape.iter().map(varies).collect();
        let last = self.shape.len().saturating_sub(1);
        for (index, token) in self.shape.iter_mut().enumerate() {
            let Token::Text(text) = token else { continue };
            let after_one = index > 0 && varies[index - 1];
            let before_one = index < last && varies[index + 1];
            let words = text.trim_matches(' ');
            if words.is_empty() && (after_one || before_one) {
                *text = if index == 0 || index == last { String::new() } else { " ".to_owned() };
                continue;
            }
            if after_one && text.starts_with(' ') {
                *text = format!(" {}", text.trim_start_matches(' '));
            }
            if before_one && text.ends_with(' ') {
                *text = format!("{} ", text.trim_end_matches(' '));
            }
        }
        self.shape.retain(|token| !matches!(token, Token::Text(text) if text.is_empty()));
    }
}

/// The token that starts at byte `at` and its length, unless it is plain text.
fn token_at(text: &str, at: usize) -> Option<(Token, usize)> {
    let rest = &text[at..];
    if let length @ 1.. = span(rest, is_block) {
        return Some((Token::Bar(rest[..length].chars().count()), length));
    }
    if let Some(after_sign) = rest.strip_prefix('≈') {
        let start = rest.len() - after_sign.trim_start_matches(' ').len();
        if let Some(quoted) = rest[start..].strip_prefix('"') {
            return Some((Token::Approximate, start + quoted.find('"')? + 2));
        }
        let end = start + list_length(&rest[start..])?;
        let (token, unit) = measure(&rest[end..]).unwrap_or((Token::Approximate, 0));
        return Some((token, end + unit));
    }
    if text[..at].ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c)) {
        return None;
    }
    if let Some(digits) = rest.strip_prefix("0x") {
        let hex = span(digits, |c| c.is_ascii_hexdigit());
        let is_id = hex > 0 && sort(&text[..at]) == Some(Sort::Address);
        return is_id.then_some((Token::Id(Sort::Address), 2 + hex));
    }
    let length = number_length(rest)?;
    let (number, after) = rest.split_at(length);
    if let Some((token, unit)) = measure(after) {
        return Some((token, length + unit));
    }
    let is_id = number.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(number, "0" | "1")
        && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let sort = sort(&text[..at]).filter(|sort| *sort != Sort::Address)?;
    is_id.then_some((Token::Id(sort), length))
}

/// The sort of the id that follows this text, if one of the [`IDS`] introduces it.
fn sort(before: &str) -> Option<Sort> {
    let word = before.trim_end_matches([' ', '(', '=', ':']);
    let word = word.rsplit(|c: char| !c.is_alphanumeric()).next()?.to_lowercase();
    let is_part_of_word = char::is_alphanumeric;
    let introduces = |phrase: &str| match before.strip_suffix(phrase) {
        _ if phrase.ends_with(char::is_alphabetic) => word == phrase,
        Some(rest) => !(phrase.starts_with(is_part_of_word) && rest.ends_with(is_part_of_word)),
        None => false,
    };
    IDS.iter().find(|(phrase, _)| introduces(phrase)).map(|(_, sort)| *sort)
}

/// The unit after a number, and its length with the space before it.
fn measure(after: &str) -> Option<(Token, usize)> {
    let space = usize::from(after.starts_with(' '));
    let name = span(&after[space..], char::is_alphabetic);
    let end = space + name;
    let name = &after[space..end];
    if after[end..].starts_with("/s") && span(&after[end + 1..], char::is_alphanumeric) == 1 {
        return Some((Token::Rate(without_prefix(name).to_owned()), end + 2));
    }
    let is_time = matches!(
        name,
        "ns" | "µs" | "us" | "ms" | "s" | "min" | "h" | "second" | "seconds" | "minutes" | "hours"
    );
    (is_time && span(&after[end..], |c| c.is_alphanumeric() || c == '_') == 0)
        .then_some((Token::Time, end))
}

/// A unit without the prefix for its size: `MiB` and `kB` are both `B`.
fn without_prefix(unit: &str) -> &str {
    let base = ["Ki", "Mi", "Gi", "Ti", "k", "K", "M", "G", "T"]
        .iter()
        .find_map(|prefix| unit.strip_prefix(prefix))
        .unwrap_or(unit);
    if matches!(base, "" | "B" | "bit" | "op" | "ops") { base } else { unit }
}

/// The length of the number that starts here: `12`, `-1`, `0.50`.
fn number_length(text: &str) -> Option<usize> {
    let digit = |c: char| c.is_ascii_digit();
    let sign = usize::from(text.starts_with(['-', '+']));
    let whole = span(&text[sign..], digit);
    let end = sign + whole;
    let decimals = text[end..].strip_prefix('.').map_or(0, |text| span(text, digit));
    (whole > 0).then_some(if decimals > 0 { end + 1 + decimals } else { end })
}

/// The length of a number with separators, or of a list of CPUs as the kernel
/// writes it: `12,345`, `0-3,5`.
fn list_length(text: &str) -> Option<usize> {
    let mut end = number_length(text)?;
    while let Some(more) = text[end..].strip_prefix([',', '-']) {
        match span(more, |c| c.is_ascii_digit()) {
            0 => break,
            digits => end += 1 + digits,
        }
    }
    Some(end)
}

fn is_block(c: char) -> bool {
    ('\u{2580}'..='\u{259f}').contains(&c)
}

/// How many bytes at the start of `text` are of this kind.
fn span(text: &str, kind: impl Fn(char) -> bool) -> usize {
    text.len() - text.trim_start_matches(kind).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Line::read(a).shape == Line::read(b).shape
    }

    fn ids(text: &str) -> Vec<String> {
        Line::read(text).ids.into_iter().map(|id| id.value).collect()
    }

    #[test]
    fn an_id_is_known_by_its_context() {
        assert_eq!(ids("I (65306) just created a child process (65307)."), ["65306", "65307"]);
        assert_eq!(ids("I am child process (12) and my parent is 11."), ["12", "11"]);
        assert_eq!(
            ids("Run task 3 (pid 671)... pid=672 tid: 673 Process 674"),
            ["671", "672", "673", "674"]
        );
        assert_eq!(
            ids("port 8080, 127.0.0.1:80, fd 3, at 0x7ffd12"),
            ["8080", "80", "3", "0x7ffd12"]
        );
        assert_eq!(ids("/proc/671/status, /proc/1/status"), ["671"]);
        for no_id in [
            "task 12",
            "exit status 12",
            "signal 15",
            "pid 0",
            "pid 1",
            "pid -1",
            "pid 12x",
            "pid",
            "12 pids",
            "API (12)",
            "address 12",
            "at 12",
            "pid 0x12",
            "mask 0xff",
        ] {
            assert_eq!(ids(no_id), Vec::<String>::new(), "{no_id}");
        }
    }

    #[test]
    fn a_line_is_about_the_first_process_that_it_names() {
        let actor = |text| Line::read(text).actor().map(str::to_owned);
        assert_eq!(actor("fd 3: pid 12 and pid 13").as_deref(), Some("12"));
        assert_eq!(actor("  main: fd 3").as_deref(), Some("main"));
        assert_eq!(actor("main: pid 12 is over").as_deref(), Some("12"));
        assert_eq!(actor("the main: task 3"), None);
    }

    #[test]
    fn an_id_of_one_sort_is_not_one_of_another() {
        assert!(same("pid 12", "pid 13"));
        assert!(!same("pid 12", "pid 1"));
        assert!(!same("fd 12", "pid 12"));
        assert_ne!(Line::read("fd 12").ids[0].sort, Line::read("pid 12").ids[0].sort);
    }

    #[test]
    fn a_time_may_change_its_number_and_its_unit() {
        assert!(same("took 980 µs.", "took 1.02 ms."));
        assert!(same("Task 0 runs 0.50 seconds.", "Task 0 runs 0.03 seconds."));
        assert!(same("a call: 12 ns/op", "a call: 1.1 µs/op"));
        assert!(!same("took 980 µs", "took 980"));
        assert!(!same("task 1 s1", "task 2 s1"));
        assert!(!same("12 is", "13 is"));
        assert!(!same("2 sheep", "3 sheep"));
    }

    #[test]
    fn a_rate_keeps_what_it_counts() {
        assert!(same("1.2 GiB/s", "980 MiB/s"));
        assert!(same("12 k/s", "9 /s"));
        assert!(!same("12 calls/s", "12 forks/s"));
    }

    #[test]
    fn a_number_after_the_sign_may_change_and_no_other() {
        assert!(same("balance ≈ -13 after ≈ 1 of 9", "balance ≈ 8 after ≈ 20 of 9"));
        assert!(!same("≈ 1 of 9", "≈ 1 of 8"));
        assert!(!same("balance ≈ 0", "balance 0"));
        assert!(same("on CPUs ≈ 0-1, 40 %", "on CPUs ≈ 0,2-3, 40 %"));
        assert!(same("≈ 12,345 times", "≈ 1 times"));
        assert!(same("≈ 3.97 ms", "≈ 12 µs"));
        assert!(same("adopted by ≈ \"systemd\"", "adopted by ≈ \"init\""));
        assert!(!same("≈ \"systemd\" one", "≈ \"systemd\" two"));
        assert!(!same("adopted by \"systemd\"", "adopted by \"init\""));
    }

    #[test]
    fn a_bar_keeps_its_label_and_its_width() {
        assert!(same("word ██░░ |", "word ░▒▓█ |"));
        assert!(!same("word ██░░", "word ██░"));
        assert!(!same("word ██", "work ██"));
    }

    #[test]
    fn spaces_may_change_where_they_touch_what_may_change() {
        assert!(same("a  3.97 ms  b", "a 13.97 ms b"));
        assert!(same("  980 µs", "1.00 ms"));
        assert!(same("pid  99 |", "pid 100 |"));
        assert!(!same("a  b  3 ms", "a b  3 ms"));
        assert!(!same("pid 9: a  b", "pid 9: a b"));
        assert!(!same("  indented", " indented"));
    }
}
