//! The marks of a picture, and what they mean.

use xtask::record::End;

use super::LEFT;

/// A dot; a bar where the task exits; a cross where it is killed.
pub fn mark(colour: usize, x: f64, y: f64, end: Option<End>) -> String {
    let path = match end {
        None => {
            return format!("<circle class='task{colour}' cx='{x:.1}' cy='{y:.1}' r='5'/>\n");
        }
        Some(End::Killed(_)) => {
            format!("M{:.1} {:.1}l12 12m0 -12l-12 12", x - 6.0, y - 6.0)
        }
        Some(End::Exited(_) | End::Replaced) => format!("M{:.1} {y:.1}h18", x - 9.0),
    };
    format!("<path class='end task{colour}' d='{path}'/>\n")
}

/// What the lines and marks mean.
pub fn legend(y: f64) -> String {
    let line = |x: f64, style: &str| format!("<path class='{style}' d='M{x} {y}h28'/>\n");
    let rule = "line rule";
    let signs: [(&str, &dyn Fn(f64) -> String); 5] = [
        ("new process", &|x| line(x, rule)),
        ("new thread", &|x| line(x, "line thread rule")),
        ("waits", &|x| line(x, rule) + &line(x, "wait rule")),
        ("exits", &|x| mark_of_legend(x + 14.0, y, End::Exited(0))),
        ("is killed", &|x| mark_of_legend(x + 14.0, y, End::Killed(9))),
    ];
    let mut drawn = String::new();
    for (number, (words, sign)) in signs.into_iter().enumerate() {
        let x = LEFT + 150.0 * number as f64;
        drawn += &sign(x);
        drawn += &format!("<text class='faint' x='{}' y='{}'>{words}</text>\n", x + 36.0, y + 5.0);
    }
    drawn
}

fn mark_of_legend(x: f64, y: f64, end: End) -> String {
    mark(0, x, y, Some(end)).replace("task0", "rule")
}
