//! Reads a line of output as tokens, which separate what may differ from run to
//! run from what may not.

use std::ops::Range;

use super::phrases::{
    ACTORS, ADDRESSED, BEGINS, BOUNDS, ENDED_AFTER, ENDED_BEFORE, FULL, IDS, NUMBERED_ACTOR, Sort,
    TIMES,
};

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
    /// A number, or a text in quotes, printed after `≈`, and what the number counts if it
    /// is a duration or a rate.
    Approximate(Option<Box<Token>>),
    /// A bar or a line drawn with block characters.
    Bar {
        /// How many characters it has.
        width: usize,
        /// Whether it is as full as the percentage after it says.
        is_as_full_as_said: bool,
    },
}

/// How many percent the fullness of a bar may be from what is said: its characters are few,
/// and each has few shades.
const BAR_TOLERANCE: f64 = 20.0;

/// Who writes that a process has ended, where the line does not name them: whoever
/// waited for it.
const WAITER: &str = "the one who waits";

/// A line of output as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line as it is written.
    pub text: &'a str,
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

impl<'a> Line<'a> {
    /// Reads a line.
    pub fn read(text: &'a str) -> Line<'a> {
        let mut line = Line { text, shape: Vec::new(), ids: Vec::new() };
        let mut literal = 0; // the start of the text that is not in a token yet
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            if let Some(length) = escape_code(&text[at..]) {
                at += length;
                continue;
            }
            let token = if may_start_token(next) { token_at(text, at) } else { None };
            let Some((token, length)) = token else {
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

    /// The process or thread that wrote the line: the first one that it names, unless
    /// the line is addressed to that one or says that it has ended; or else the actor
    /// whose name starts the line. A line of a record is about the first one.
    pub fn actor(&self) -> Option<&str> {
        if let (Some(_), Some(first)) = (self.at(), self.processes().next()) {
            return Some(&first.value);
        }
        let writes = |id: &&Id| !self.has_ended(id) && !self.is_addressed_to(id);
        if let Some(id) = self.processes().find(writes) {
            return Some(&id.value);
        }
        let start = self.text.trim_start();
        let (name, _) = start.split_once(':').unwrap_or_default();
        let is_numbered = name.rsplit_once(NUMBERED_ACTOR).is_some_and(|(word, number)| {
            span(word, char::is_alphabetic) == word.len() && number.parse::<u32>().is_ok()
        });
        let named = Some(name).filter(|name| is_numbered || ACTORS.contains(name));
        let waiter = || self.ended().next().map(|_| WAITER);
        let addressee = || self.processes().next().map(|id| id.value.as_str());
        named.or_else(waiter).or_else(addressee)
    }

    /// The processes and threads that have ended, as the line says.
    pub fn ended(&self) -> impl Iterator<Item = &str> {
        self.processes().filter(|id| self.has_ended(id)).map(|id| id.value.as_str())
    }

    /// The processes and threads that begin, as a line of a record says.
    pub fn begun(&self) -> impl Iterator<Item = &str> {
        let begins = |id: &&Id| {
            let before = &self.text[..id.place.start];
            self.at().is_some() && BEGINS.iter().any(|phrase| before.ends_with(phrase))
        };
        self.processes().filter(begins).map(|id| id.value.as_str())
    }

    /// When it happened, in nanoseconds, if it is a line of a record: it starts with the
    /// time and the process or thread.
    pub fn at(&self) -> Option<f64> {
        let mut words = self.text.split_whitespace();
        let (number, unit, who) = (words.next()?, words.next()?, words.next()?);
        let (_, nanoseconds) = TIMES.iter().find(|(name, _)| *name == unit)?;
        let is_record = self.shape.first() == Some(&Token::Time) && matches!(who, "pid" | "tid");
        Some(is_record.then(|| number.parse::<f64>().ok())?? * nanoseconds)
    }

    fn processes(&self) -> impl Iterator<Item = &Id> {
        self.ids.iter().filter(|id| id.sort == Sort::Process)
    }

    fn has_ended(&self, id: &Id) -> bool {
        let (before, after) = (&self.text[..id.place.start], &self.text[id.place.end..]);
        ENDED_BEFORE.iter().any(|phrase| before.ends_with(phrase))
            || ENDED_AFTER.iter().any(|phrase| after.starts_with(phrase))
    }

    fn is_addressed_to(&self, id: &Id) -> bool {
        let mut words = self.text[..id.place.start].split_whitespace().rev();
        // The last word is `pid` or `tid`.
        words.nth(1).is_some_and(|word| ADDRESSED.contains(&word))
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.shape.push(Token::Text(text.to_owned()));
        }
    }

    /// Shortens each run of spaces that touches something that may differ: columns are
    /// padded to the width of their contents, so its length may differ too.
    fn fold_spaces(&mut self) {
        let varies = |token: &Token| !matches!(token, Token::Text(_) | Token::Bar { .. });
        let varies: Vec<bool> = self.shape.iter().map(varies).collect();
        let last = self.shape.len().saturating_sub(1);
        for (index, token) in self.shape.iter_mut().enumerate() {
            let Token::Text(text) = token else { continue };
            let after_one = index > 0 && varies[index - 1];
            let before_one = index < last && varies[index + 1];
            let words = text.trim_matches(' ');
            if words.is_empty() && (after_one || before_one) && index < last {
                *text = if index == 0 { String::new() } else { " ".to_owned() };
                continue;
            }
            if after_one && text.starts_with(' ') && !words.is_empty() {
                *text = format!(" {}", text.trim_start_matches(' '));
            }
            if before_one && text.ends_with(' ') {
                *text = format!("{} ", text.trim_end_matches(' '));
            }
        }
        self.shape.retain(|token| !matches!(token, Token::Text(text) if text.is_empty()));
    }
}

/// Whether a token that is not plain text may start with this character.
fn may_start_token(c: char) -> bool {
    matches!(c, '0'..='9' | '-' | '+' | '≈') || is_block(c)
}

/// The token that starts at byte `at` and its length, unless it is plain text.
fn token_at(text: &str, at: usize) -> Option<(Token, usize)> {
    let (before, rest) = (without_escape_codes(&text[..at]), &text[at..]);
    if let length @ 1.. = span(rest, is_block) {
        let bar = &rest[..length];
        let width = bar.chars().count();
        let said = percentage_in(&rest[length..]);
        let is_as_full_as_said = said
            .zip(fullness(bar))
            .is_some_and(|(said, full)| (said - 100.0 * full).abs() <= BAR_TOLERANCE);
        return Some((Token::Bar { width, is_as_full_as_said }, length));
    }
    if let Some(after_sign) = rest.strip_prefix('≈')
        && sort(before).is_none_or(|sort| sort == Sort::Address)
    {
        let start = rest.len() - after_sign.trim_start_matches(' ').len();
        if let Some(quoted) = rest[start..].strip_prefix('"') {
            return Some((Token::Approximate(None), start + quoted.find('"')? + 2));
        }
        let end = start + list_length(&rest[start..])?;
        let (counted, unit) = measure(&rest[end..]).unzip();
        if counted.is_some() && rest[start..].starts_with('-') {
            return None; // no time is negative, and no rate
        }
        return Some((Token::Approximate(counted.map(Box::new)), end + unit.unwrap_or(0)));
    }
    if before.ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c)) {
        return None;
    }
    if let Some(digits) = rest.strip_prefix("0x") {
        let hex = span(digits, |c| c.is_ascii_hexdigit());
        let is_null = digits[..hex].bytes().all(|digit| digit == b'0');
        let is_id = !is_null && sort(before) == Some(Sort::Address);
        return is_id.then_some((Token::Id(Sort::Address), 2 + hex));
    }
    let length = number_length(rest)?;
    let (number, after) = rest.split_at(length);
    // An id after `≈` takes part in the renaming, even where it is one that is fixed
    // elsewhere: an orphan may be adopted by process 1.
    let (before, is_measured) = match before.trim_end_matches(' ').strip_suffix('≈') {
        Some(before) => (before, true),
        // `kill` takes the id of a process group with a minus sign.
        None => (of_group(before).unwrap_or(before), false),
    };
    let is_id = number.bytes().all(|byte| byte.is_ascii_digit())
        && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && !counts_of_several(after);
    if let Some(sort) = sort(before).filter(|sort| is_id && *sort != Sort::Address) {
        let is_fixed = match sort {
            // Standard input, output and error.
            Sort::Descriptor => matches!(number, "0" | "1" | "2"),
            _ => matches!(number, "0" | "1") && !is_measured,
        };
        return (!is_fixed).then_some((Token::Id(sort), length));
    }
    let (token, unit) = measure(after)?;
    let may_differ = (token != Token::Time || is_measured_time(number)) && !states_bound(before);
    may_differ.then_some((token, length + unit))
}

/// Whether the number after this text is a bound, which was given.
fn states_bound(before: &str) -> bool {
    let words = before.trim_end_matches(' ').to_lowercase();
    BOUNDS.iter().any(|bound| match words.strip_suffix(bound) {
        Some(rest) => !rest.ends_with(char::is_alphanumeric),
        None => false,
    })
}

/// The length of the code for a terminal that starts here: `ESC[1m`.
fn escape_code(text: &str) -> Option<usize> {
    let code = text.strip_prefix("\x1b[")?;
    // ECMA-48: parameters, and a last character.
    let parameters = span(code, |c| (' '..='?').contains(&c));
    let is_complete = code[parameters..].starts_with(|c| ('@'..='~').contains(&c));
    is_complete.then_some("\x1b[".len() + parameters + 1)
}

/// The text without the codes for a terminal at its end: the last character of such a code is a
/// letter, but not part of a word.
fn without_escape_codes(mut text: &str) -> &str {
    while let Some(start) = text.rfind('\x1b')
        && escape_code(&text[start..]) == Some(text.len() - start)
    {
        text = &text[..start];
    }
    text
}

/// The text before the minus sign of a process group's id.
fn of_group(before: &str) -> Option<&str> {
    before.strip_suffix('-').filter(|before| sort(before) == Some(Sort::Process))
}

/// How full a bar is, from 0 to 1. `None` if it has other characters than those of the
/// lessons' bars.
fn fullness(bar: &str) -> Option<f64> {
    let cells = bar.chars().map(|cell| FULL.iter().find(|(each, _)| *each == cell));
    let cells: Option<Vec<f64>> = cells.map(|cell| Some(cell?.1)).collect();
    let cells = cells?;
    Some(cells.iter().sum::<f64>() / cells.len() as f64)
}

/// The percentage that follows a bar. One before it may be of something else: of the time that
/// three tasks got together, where the bar has all of the time, in which others ran, too.
fn percentage_in(after: &str) -> Option<f64> {
    let text = after.split_once('%')?.0.trim_end_matches(' ');
    let start = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    text[start..].parse().ok()
}

/// Whether this follows a number that counts: `2 of 4`.
fn counts_of_several(after: &str) -> bool {
    let total = after.strip_prefix(" of ");
    total.is_some_and(|total| total.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a number before a unit of time was measured: those have decimals or three
/// digits (`1.20 s`, `980 µs`), and are not negative. A round one (`5 s`) was given.
fn is_measured_time(number: &str) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    number.starts_with(|c: char| c.is_ascii_digit()) && (number.contains('.') || digits >= 3)
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
    let is_time = TIMES.iter().any(|(unit, _)| *unit == name);
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

/// The length of a number with separators, of a list of CPUs as the kernel writes it, of
/// a time of day, or of a number in hexadecimal: `12,345`, `0-3,5`, `12:34:56`, `0x7f`.
fn list_length(text: &str) -> Option<usize> {
    if let Some(digits) = text.strip_prefix("0x") {
        let hex = span(digits, |c| c.is_ascii_hexdigit());
        return (hex > 0).then_some(2 + hex);
    }
    let mut end = number_length(text)?;
    while let Some(more) = text[end..].strip_prefix([',', '-', ':']) {
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
        assert_eq!(ids("Run task 3 (pid 671)... pid=672 tid: 673"), ["671", "672", "673"]);
        assert_eq!(
            ids("on port 8080, 127.0.0.1:80, fd 3, at 0x7ffd12"),
            ["8080", "80", "3", "0x7ffd12"]
        );
        assert_eq!(ids("thread 'a' (28087) panicked at src/main.rs:3:5:"), ["28087"]);
        assert_eq!(ids("kill pid -12: done, PID=-13"), ["12", "13"]);
        assert_eq!(ids("my parent is ≈ 1 (≈ \"sh\"), pid ≈   12"), ["1", "12"]);
        // Somebody else's, of which nothing is known: two of them may be one or not.
        assert!(ids("≈ 30 % of a CPU  process ≈   12  ≈ \"sh\"").is_empty());
        assert_eq!(ids("/proc/671/status, /proc/1/status"), ["671"]);
        for no_id in [
            "task 12",
            "exit status 12",
            "signal 15",
            "pid 0",
            "pid 1",
            "pid -1",
            "fd -12",
            "pid - 12",
            "pid 12x",
            "pid",
            "12 pids",
            "API (12)",
            "address 12",
            "at 12",
            "pid 0x12",
            "mask 0xff",
            "at 0x0",
            "address 0x000",
            "fd 2",
            "Each worker will process 10 tasks.",
            "process 2 of 4 is ready",
            "pid 2 of 4",
            "I could port 3 programs",
            "descriptor 3",
            "the parents are 12",
        ] {
            assert_eq!(ids(no_id), Vec::<String>::new(), "{no_id}");
        }
    }

    #[test]
    fn a_line_is_written_by_the_process_that_it_names() {
        let actor = |text| Line::read(text).actor().map(str::to_owned);
        assert_eq!(actor("fd 3: pid 12 and pid 13").as_deref(), Some("12"));
        assert_eq!(actor("  main: fd 3").as_deref(), Some("main"));
        assert_eq!(actor("main: pid 12 is over").as_deref(), Some("12"));
        assert_eq!(actor("the main: task 3"), None);
        assert_eq!(actor("  worker-1: task 3: done").as_deref(), Some("worker-1"));
        assert_eq!(actor("worker-12: pid 11 starts").as_deref(), Some("11"));
        for nobody in
            ["worker: a", "worker-: a", "worker-a: b", "a worker-1: b", "worker-1 says", "10-1: b"]
        {
            assert_eq!(actor(nobody), None, "{nobody}");
        }
        assert_eq!(actor("to pid 11 from pid 10").as_deref(), Some("10"));
        assert_eq!(actor("a letter to pid 11").as_deref(), Some("11"));
        assert_eq!(actor("Process to read: pid 11").as_deref(), Some("11"));
        assert_eq!(actor("I (10) waited for pid 11: exit status: 0").as_deref(), Some("10"));
        assert_eq!(actor("main: pid 11 has ended").as_deref(), Some("main"));
        assert_eq!(actor("child (pid 11) has ended, says pid 10").as_deref(), Some("10"));
        assert_eq!(actor("child (pid 11) has ended: exit status: 0").as_deref(), Some(WAITER));
        assert_eq!(actor(" 1.02 ms  pid 11: killed by SIGKILL").as_deref(), Some("11"));
    }

    #[test]
    fn an_end_is_known_by_its_words() {
        let ended = |text| Line::read(text).ended().map(str::to_owned).collect::<Vec<_>>();
        for line in [
            "I (10) waited for pid 11: exit status: 0",
            "pid 10 joined tid 11",
            "child 2 (pid 11) has ended: killed by SIGABRT",
            "pid 11 has ended",
            "parent (pid 10): I kill pid 11: killed by SIGKILL",
            " 1.02 ms  pid 10: wait for pid 11 → pid 11 exited, status 0, after 1.00 ms",
            " 1.02 ms  pid 10: wait for pid 11 → pid 11 was killed by SIGKILL, after 1.00 ms",
        ] {
            assert_eq!(ended(line), ["11"], "{line}");
        }
        for line in
            ["pid 11 ends pid 12", "pid 10: wait for pid 11", "pid 11 was stopped by SIGSTOP"]
        {
            assert_eq!(ended(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn a_record_says_when_and_what_begins() {
        let line = Line::read("  820 µs  pid 10: fork → pid 11");
        assert_eq!(line.at(), Some(820e3));
        assert_eq!(line.begun().collect::<Vec<_>>(), ["11"]);
        let thread = Line::read(" 1.02 ms  pid 10: new thread → tid 11, in the same process");
        assert_eq!(thread.begun().collect::<Vec<_>>(), ["11"]);
        // A person may print the same words later.
        assert_eq!(Line::read("pid 10: fork → pid 11").begun().next(), None);
        assert_eq!(Line::read(" 1.02 ms  for pid 10").at(), None);
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
        assert!(same("a call: 12.0 ns/op", "a call: 1.1 µs/op"));
        assert!(!same("took 980 µs", "took 980"));
        assert!(!same("task 1 s1", "task 2 s1"));
        assert!(!same("12 is", "13 is"));
        assert!(!same("2 sheep", "3 sheep"));
        for (one, other) in [
            ("height 10 h", "height 99 h"),
            ("of 9 values: 3 min, 8 max", "of 9 values: 5 min, 8 max"),
            ("the word has 4 s in it", "the word has 3 s in it"),
            ("took 5.00 ms", "took -5.00 ms"),
            ("slept 1.00 s", "slept 0 s"),
            ("slept 1.00 s", "slept 5 s"),
            ("slept 1.00 s", "slept 500 h"),
            ("10 µs tasks", "20 µs tasks"),
            ("waits 2 seconds", "waits 3 seconds"),
            ("500 m", "501 m"),
        ] {
            assert!(!same(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn a_bound_is_what_it_was() {
        for (page, other) in [
            ("waited at least 1.00 s", "waited at least 0.10 s"),
            ("waited at least 1.00 s", "waited at least 1.00 ms"),
            ("At most 980 µs each", "At most 981 µs each"),
            ("more than  1.20 seconds", "more than  1.30 seconds"),
            ("not less than 2.5 MiB/s", "not less than 2.6 MiB/s"),
            ("up to 1.00 s", "up to 9.00 s"),
        ] {
            assert!(!same(page, other) && same(page, page), "{page} / {other}");
        }
        // Measured, or of another word.
        assert!(same("at most ≈ 2 of them, 1.00 s", "at most ≈ 3 of them, 2.00 s"));
        assert!(same("the group to 1.00 s", "the group to 2.00 s"));
        assert!(same("1.00 s, at least", "2.00 s, at least"));
    }

    #[test]
    fn a_code_for_a_terminal_is_no_part_of_a_word() {
        let (red, off) = ("\x1b[31m", "\x1b[0m");
        assert!(same(&format!("took {red}5.00 ms{off}"), &format!("took {red}12.0 µs{off}")));
        assert!(same(&format!("{off}{red}5.00 ms"), &format!("{off}{red}6.00 ms")));
        assert!(same(&format!("≈ {red}x"), &format!("≈ {red}x")));
        assert_eq!(ids(&format!("pid {red}12{off}, pid 13")), ["12", "13"]);
        assert!(same(&format!("{red}██░░{off}"), &format!("{red}░░██{off}")));
        for (page, other) in [
            // The numbers of a code, and the code itself, come out the same.
            ("\x1b[500s", "\x1b[501s"),
            ("\x1b[1.5s", "\x1b[2.5s"),
            ("\x1b[31m5.00 ms", "\x1b[32m5.00 ms"),
            ("\x1b[31m5 ms", "\x1b[31m6 ms"),
            ("task1\x1b[1m2.00 s", "task1\x1b[1m3.00 s"),
            ("at least \x1b[1m2.00 s", "at least \x1b[1m3.00 s"),
            // Not a code.
            ("\x1b31m5.00 ms", "\x1b31m6.00 ms"),
            ("[31m5.00 ms", "[31m6.00 ms"),
        ] {
            assert!(!same(page, other) && same(page, page), "{page:?} / {other:?}");
        }
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
        assert!(same("at ≈ 12:34:56, mask ≈ 0x7f", "at ≈ 01:00:00, mask ≈ 0xff"));
        assert!(!same("≈ 12: right", "≈ 13: wrong"));
        assert!(same("≈ 3.97 ms", "≈ 12 µs"));
        assert!(!same("≈ 5 ms", "≈ -5 ms") && !same("≈ 12 k/s", "≈ -12 k/s"));
        assert!(!same("≈ 3.97 ms", "3.97 ms"));
        assert!(!same("≈ 3.97 ms", "≈ 3.97 %"));
        assert!(same("adopted by ≈ \"systemd\"", "adopted by ≈ \"init\""));
        assert!(!same("≈ \"systemd\" one", "≈ \"systemd\" two"));
        assert!(!same("adopted by \"systemd\"", "adopted by \"init\""));
    }

    #[test]
    fn a_bar_keeps_its_label_and_its_width() {
        assert!(same("word ██░░ |", "word ░▒▓█ |"));
        assert!(same("word ▁▂▃ 60 %", "word ▇▇▇ 60 %"), "not one of the lessons' bars");
        assert!(!same("word ██░░", "word ██░"));
        assert!(!same("word ██", "work ██"));
    }

    #[test]
    fn a_bar_is_as_full_as_the_percentage_after_it() {
        for (page, right, wrong) in [
            ("done ██████░░░░ 60 %", "done ██░█░█░███ 60 %", "done ░░░░░░░░░░ 60 %"),
            ("a, 10 %  █████  90 %", "a, 10 %  ▓████  90 %", "a, 10 %  █░░░░  90 %"),
            (
                "█████  ≈ 99.5 %  idle ≈ 1 %",
                "█▓▓██  ≈ 93.0 %  idle ≈ 7 %",
                "░░░░█  ≈ 93.0 %  idle ≈ 7 %",
            ),
            ("░░░░ ≈ 0 %", "▒░░░ ≈ 9 %", "░██░ ≈ 9 %"),
        ] {
            assert!(same(page, right) && !same(page, wrong), "{page}");
        }
        assert!(same("got ≈ 60 % ██████░░░░", "got ≈ 62 % ▒░▒░▒░▒░▒░"), "of another time");
    }

    #[test]
    fn spaces_may_change_where_they_touch_what_may_change() {
        assert!(!same("pid 99", "pid 99 "));
        assert!(!same("took 3.97 ms", "took 3.97 ms  "));
        assert!(same("a  3.97 ms  b", "a 13.97 ms b"));
        assert!(same("  980 µs", "1.00 ms"));
        assert!(same("pid  99 |", "pid 100 |"));
        assert!(!same("a  b  3 ms", "a b  3 ms"));
        assert!(!same("pid 9: a  b", "pid 9: a b"));
        assert!(!same("  indented", " indented"));
    }
}
