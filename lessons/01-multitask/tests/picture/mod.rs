//! Reads the picture that the demo writes, and checks its form.

/// The slices in the first three colours, in pixels from the left edge of their lanes.
pub struct Picture {
    /// The length of a lane.
    pub length: f64,
    /// Left and right edge of each slice of a colour.
    pub tasks: [Vec<(f64, f64)>; 3],
}

/// Reads the SVG and checks that its tags are balanced and that every rectangle
/// lies inside the page.
pub fn read(svg: &str) -> Picture {
    let mut open = Vec::new();
    let mut rects = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed before it was opened");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        if name == "rect" {
            rects.push(tag);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");

    let view = attribute(svg, "viewBox").split(' ').map(|n| n.parse().unwrap());
    let [0.0, 0.0, page_width, page_height] = view.collect::<Vec<f64>>()[..] else {
        panic!("the view box");
    };
    let number = |tag, name| -> f64 { attribute(tag, name).parse().unwrap() };
    for tag in &rects {
        let (x, y) = (number(tag, "x"), number(tag, "y"));
        assert!(x >= 0.0 && x + number(tag, "width") <= page_width, "{tag}");
        assert!(y >= 0.0 && y + number(tag, "height") <= page_height, "{tag}");
    }

    // The legend comes last, and has a piece of each colour.
    let lane = rects.iter().find(|tag| attribute(tag, "class") == "lane").unwrap();
    let left = number(lane, "x");
    let tasks = ["task0", "task1", "task2"].map(|class| {
        let of_task = rects.iter().filter(|tag| attribute(tag, "class") == class);
        let edges = of_task.map(|tag| {
            let start = number(tag, "x") - left;
            (start, start + number(tag, "width"))
        });
        let mut edges: Vec<_> = edges.collect();
        edges.pop();
        edges
    });
    Picture { length: number(lane, "width"), tasks }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let (_, rest) = tag.split_once(&format!(" {name}='")).expect(name);
    rest.split_once('\'').unwrap().0
}
