//! Long lines on a terminal.

/// How far the lines after the first are indented.
const INDENT: &str = "    ";

/// Text in lines of at most `room` columns; all but the first are indented. Broken at
/// spaces, and where there are none, in the middle.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    // Beside the indentation there must be room for one character.
    let room = room.max(INDENT.len() + 2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        let mut word = word;
        while columns(&line) + columns(word.trim_end()) > room {
            // A long word begins on this line, if it would not fit on the next either.
            if columns(word.trim_end()) > room - INDENT.len() {
                let space = room.saturating_sub(columns(&line));
                let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
                let cut = ends.take_while(|end| columns(&word[..*end]) <= space).last();
                let cut = cut.unwrap_or(0);
                line += &word[..cut];
                word = &word[cut..];
            }
            lines.push(std::mem::replace(&mut line, INDENT.to_owned()));
        }
        line += word;
    }
    lines.push(line);
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// How many columns of a terminal a text takes.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Whether a character is two columns wide: those of Chinese, Japanese and Korean, with their
/// punctuation, and pictures.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

/// Whether a character is of Chinese script: a text of these has no spaces.
pub fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_where_a_line_is_wrapped() {
        let text = "pid 1: write \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bb\" to pipe 1, after 3 µs";
        for room in 30..90 {
            let lines = wrapped(text, room);
            assert!(lines.iter().all(|line| line.chars().count() <= room), "{lines:#?}");
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&lines.concat()), bare(text), "{lines:#?}");
        }
        // A character that is two columns wide is not cut into halves.
        assert_eq!(
            wrapped("pid 1: 进程和线程的课程", 13),
            ["pid 1: 进程和", "    线程的课", "    程"]
        );
        assert_eq!(wrapped("进程的课", 1), ["进程的", "    课"]);
        assert_eq!(wrapped("a b", 30), ["a b"]);
        assert_eq!(wrapped("one two three", 10), ["one two", "    three"]);
    }
}
