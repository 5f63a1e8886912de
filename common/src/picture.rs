//! Pictures as SVG, for light and dark pages.

mod axis;
mod plot;

pub use axis::LogAxis;
pub use plot::Plot;

/// How many colours there are for tasks and lines: the classes `task0`, `task1`, …
pub const COLOURS: usize = 5;

/// librsvg does not support variables in style sheets, so each colour is listed twice.
const STYLE: &str = "
  text { font: 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  rect, circle { fill: currentColor } path { fill: none; stroke: currentColor }
  .page { fill: #ffffff; stroke: #d1d9e0 } .title { font-size: 19px; font-weight: 600 }
  .centred { text-anchor: middle } .right { text-anchor: end }
  .faint { fill: #59636e } .guide { color: #d1d9e0 } .lane { color: #e6eaef } .rule { color: #59636e }
  .task0 { color: #0969da } .task1 { color: #c2560a } .task2 { color: #1a7f37 }
  .task3 { color: #8250df } .task4 { color: #bf3989 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .page { fill: #0d1117; stroke: #3d444d }
    .faint { fill: #9198a1 } .guide { color: #3d444d } .lane { color: #262d36 } .rule { color: #9198a1 }
    .task0 { color: #4c9cff } .task1 { color: #f0883e } .task2 { color: #3fb950 }
    .task3 { color: #ab7df8 } .task4 { color: #db61a2 }
  }
";

/// A place in a picture, in pixels from its left and upper edges.
pub type Point = (f64, f64);

/// What has been drawn so far; what is drawn later covers it.
///
/// A shape has the colour of its class: a task's ([`colour`]), `rule` for what
/// explains, `lane` and `guide` for the background. A text may be `faint`. It begins at
/// its place; of class `centred` it has its middle there, of class `right` its end.
#[derive(Debug, Default)]
pub struct Canvas {
    drawn: String,
}

impl Canvas {
    /// Writes a text.
    pub fn text(&mut self, class: &str, (x, y): Point, text: &str) {
        let (x, y, text) = (rounded(x), rounded(y), escaped(text));
        self.svg(&format!("<text class='{class}' x='{x}' y='{y}'>{text}</text>"));
    }

    /// Draws a straight line.
    pub fn line(&mut self, class: &str, from: Point, to: Point) {
        self.lines(class, &[from, to]);
    }

    /// Draws straight lines from each point to the next.
    pub fn lines(&mut self, class: &str, points: &[Point]) {
        let points: Vec<_> =
            points.iter().map(|&(x, y)| format!("{} {}", rounded(x), rounded(y))).collect();
        self.svg(&format!("<path class='{class}' d='M{}'/>", points.join("L")));
    }

    /// Fills a rectangle, given by two opposite corners. What does not overlap stays so:
    /// the edges are rounded, not the width.
    pub fn rect(&mut self, class: &str, (left, top): Point, (right, bottom): Point) {
        let (x, y) = (rounded(left), rounded(top));
        let (width, height) = (rounded(rounded(right) - x), rounded(rounded(bottom) - y));
        self.svg(&format!(
            "<rect class='{class}' x='{x}' y='{y}' width='{width}' height='{height}'/>"
        ));
    }

    /// Fills a circle.
    pub fn circle(&mut self, class: &str, (x, y): Point, radius: f64) {
        let (x, y) = (rounded(x), rounded(y));
        self.svg(&format!("<circle class='{class}' cx='{x}' cy='{y}' r='{radius}'/>"));
    }

    /// Groups what `draw` draws under a title, which a browser shows under the pointer.
    pub fn group(&mut self, title: &str, draw: impl FnOnce(&mut Self)) {
        self.svg(&format!("<g><title>{}</title>", escaped(title)));
        draw(self);
        self.svg("</g>");
    }

    /// Adds SVG that no other method writes. Texts in it must be [`escaped`].
    pub fn svg(&mut self, element: &str) {
        self.drawn += element;
        self.drawn.push('\n');
    }

    /// The picture in the size given in pixels, with a title; `about` describes it in
    /// words, `style` adds to the style sheet.
    pub fn page(self, (width, height): Point, title: &str, about: &str, style: &str) -> String {
        let (title, about, drawn) = (escaped(title), escaped(about), self.drawn);
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' \
             width='{width}' height='{height}' role='img' aria-labelledby='title about'>\n\
             <title id='title'>{title}</title>\n\
             <desc id='about'>{about}</desc>\n\
             <style>{STYLE}{style}</style>\n\
             <rect class='page' x='0.5' y='0.5' width='{}' height='{}' rx='8'/>\n\
             <text class='title' x='18' y='33'>{title}</text>\n\
             {drawn}</svg>\n",
            width - 1.0,
            height - 1.0,
        )
    }
}

/// The class of the colour with this number. After [`COLOURS`] they repeat.
pub fn colour(number: usize) -> String {
    format!("task{}", number % COLOURS)
}

/// To hundredths of a pixel.
fn rounded(pixels: f64) -> f64 {
    (pixels * 100.0).round() / 100.0
}

/// Text as XML requires it: it allows no control characters.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\'' => escaped += "&#39;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_that_touch_do_not_overlap_when_rounded() {
        let number = |svg: &str, name: &str| -> f64 {
            let (_, rest) = svg.split_once(&format!(" {name}='")).unwrap();
            rest.split_once('\'').unwrap().0.parse().unwrap()
        };
        let rect = |left, right| {
            let mut canvas = Canvas::default();
            canvas.rect("a", (left, left), (right, right));
            canvas.drawn
        };
        for step in 0..300 {
            let edge = 50.0 + f64::from(step) / 300.0;
            let (a, b) = (rect(10.0, edge), rect(edge, 90.0));
            for (place, length) in [("x", "width"), ("y", "height")] {
                let gap = number(&b, place) - number(&a, place) - number(&a, length);
                assert!(gap.abs() < 1e-9, "{edge}: {gap}");
            }
        }
    }
}
