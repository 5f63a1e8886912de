//! Long lines on a terminal.

/// How far the lines after the first are indented.
const INDENT: &str = "    ";

/// Text in lines of at most `room` characters; all but the first are indented. Broken at
/// spaces, and where there are none, in the middle.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        let mut word = word;
        while line.chars().count() + word.trim_end().chars().count() > room {
            // A long word begins on this line, if it would not fit on the next either.
            if word.trim_end().chars().count() > room - INDENT.len() {
                let space = room.saturating_sub(line.chars().count());
                let cut = word.char_indices().nth(space).map_or(word.len(), |(at, _)| at);
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
        assert_eq!(wrapped("a b", 30), ["a b"]);
        assert_eq!(wrapped("one two three", 10), ["one two", "    three"]);
    }
}
