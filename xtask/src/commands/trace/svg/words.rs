//! Text that fits.

/// As much of a text as fits into `room` pixels, in letters of `size` pixels.
pub fn shortened(text: &str, room: f64, size: f64) -> String {
    let width = |text: &str| size * text.chars().map(width).sum::<f64>();
    if width(text) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while width(&short) + size > room && short.pop().is_some() {}
    short + "…"
}

/// The width of a character, as a part of the font's size, in a wide font.
pub fn width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '\'' | '(' | ')' | '|' => 0.41,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '→' => 0.98,
        'A'..='Z' | '<' | '>' | '=' | '+' | '_' => 0.84,
        '\0'..='\u{7f}' => 0.64,
        '\u{80}'..='\u{10ff}' => 0.8,
        _ => 1.1,
    }
}
