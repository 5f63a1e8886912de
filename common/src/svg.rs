//! Pictures for light and dark pages: the frame, the colours, and text as XML has
//! it.

/// How many colours there are for tasks and lines: the classes `task0`, `task1`, …
pub const COLOURS: usize = 5;

/// librsvg knows no variables in style sheets, so each colour stands twice.
const STYLE: &str = "
  text { font: 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  rect, circle { fill: currentColor } path { fill: none; stroke: currentColor }
  .page { fill: #ffffff; stroke: #d1d9e0 } .title { font-size: 19px; font-weight: 600 }
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

/// A picture of so many pixels with a title; `about` says in words what it shows,
/// `style` adds to the style sheet, `drawn` is what is drawn.
///
/// A shape has the colour of its class: `task0` and so on, `rule` for what
/// explains, `lane` and `guide` for what lies behind.
pub fn page(
    (width, height): (f64, f64),
    title: &str,
    about: &str,
    style: &str,
    drawn: &str,
) -> String {
    let (title, about) = (escaped(title), escaped(about));
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

/// Text as XML has it, which knows no control characters at all.
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
