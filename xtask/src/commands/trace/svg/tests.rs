use super::words::width;
use super::*;

fn event(id: i32, process: i32, text: &str) -> Event {
    Event {
        at: Duration::from_millis(1),
        took: None,
        id,
        process,
        name: format!("task {id}"),
        group: Group::Print,
        call: None,
        arguments: Vec::new(),
        result: None,
        child: None,
        zombie: None,
        end: None,
        text: text.to_owned(),
    }
}

fn fork(parent: i32, child: i32) -> Event {
    Event { group: Group::Fork, child: Some(child), ..event(parent, parent, "fork") }
}

fn ended(id: i32, end: End) -> Event {
    Event { group: Group::Exit, end: Some(end), ..event(id, id, "ended") }
}

fn picture(events: &[Event]) -> String {
    let mut picture = Picture::default();
    events.iter().for_each(|event| picture.add(event));
    let drawn = picture.draw();
    well_formed(&drawn);
    inside(&drawn);
    drawn
}

/// Every tag has its end, attributes are in quotes, and `&` begins an entity.
fn well_formed(drawn: &str) {
    let mut open = Vec::new();
    let mut rest = drawn;
    while let Some((text, tag)) = rest.split_once('<') {
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{text}");
        let (tag, after) = tag.split_once('>').expect("a tag has an end");
        assert_eq!(tag.matches('\'').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().expect("a tag has a name")),
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(rest, "\n");
    for entity in drawn.split('&').skip(1) {
        let (name, _) = entity.split_once(';').expect("an entity has an end");
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "{name}");
    }
    assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'));
}

/// Every place that the picture names is in it.
fn inside(drawn: &str) {
    let (_, size) = drawn.split_once("viewBox='0 0 ").unwrap();
    let (size, _) = size.split_once('\'').unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
    let within = |number: &str, most: f64| {
        let number: f64 = number.parse().unwrap();
        assert!((0.0..=most).contains(&number), "{number} is not in 0..={most}");
    };
    for (names, most) in [([" x='", " cx='"], width), ([" y='", " cy='"], height)] {
        for name in names {
            for value in drawn.split(name).skip(1) {
                within(value.split('\'').next().unwrap(), most);
            }
        }
    }
    for path in drawn.split(" d='").skip(1) {
        let path = path.split('\'').next().unwrap();
        for step in path
            .split_inclusive(|c: char| "MHLQ".contains(c))
            .zip(path.split(|c: char| "MHLQ".contains(c)).skip(1))
        {
            let numbers: Vec<&str> = step.1.split_whitespace().collect();
            match step.0.chars().last() {
                Some('M' | 'L' | 'Q') => numbers.chunks(2).for_each(|point| {
                    within(point[0], width);
                    within(point[1], height);
                }),
                Some('H') => within(numbers[0], width),
                other => panic!("{other:?} in {path}"),
            }
        }
    }
}

#[test]
fn without_events_it_is_a_picture_all_the_same() {
    picture(&[]);
}

#[test]
fn texts_and_names_are_escaped() {
    let mut hostile = event(1, 1, "<script>'&amp;\"\u{1b}[31m\0\u{ffff}");
    hostile.name = "</title>\u{7}&".to_owned();
    let drawn = picture(&[hostile]);
    assert!(drawn.contains(">&lt;script&gt;&#39;&amp;amp;&quot;\u{fffd}[31m\u{fffd}\u{fffd}<"));
    assert!(drawn.contains("&lt;/title&gt;\u{fffd}&amp;"));
}

#[test]
fn a_child_branches_off_and_a_thread_in_dashes() {
    let process = picture(&[fork(1, 2), event(2, 2, "fork → 0")]);
    assert!(!process.contains("class='line task1 thread'"));
    let thread = picture(&[fork(1, 2), event(2, 1, "starts")]);
    assert!(thread.contains("class='line task1 thread'"));
    assert!(thread.contains(">tid 2<") && thread.contains(">pid 1<"));
    // No birth: no branch.
    assert!(!picture(&[event(1, 1, "a"), event(2, 2, "b")]).contains('Q'));
}

#[test]
fn a_child_that_is_seen_before_its_fork_has_one_lane() {
    for child in [event(2, 2, "first"), ended(2, End::Exited(0))] {
        let drawn = picture(&[event(1, 1, "a"), child, fork(1, 2)]);
        assert_eq!(drawn.matches("class='id").count(), 2);
        assert_eq!(drawn.matches('Q').count(), 1);
    }
}

#[test]
fn an_id_that_is_used_again_has_a_second_lane() {
    let end = ended(2, End::Exited(0));
    let drawn = picture(&[fork(1, 2), end, fork(1, 2), event(2, 2, "again")]);
    assert_eq!(drawn.matches("class='id").count(), 3);
}

#[test]
fn the_end_is_a_bar_or_a_cross() {
    let bar = picture(&[event(1, 1, "a"), ended(1, End::Exited(7))]);
    assert!(bar.contains("class='end task0'") && bar.contains(">ended, status 7<"));
    let cross = picture(&[event(1, 1, "a"), ended(1, End::Killed(9))]);
    let lines_of = |picture: &str, class: &str| picture.matches(class).count();
    assert_eq!((lines_of(&bar, "'end task0'"), lines_of(&cross, "'end task0'")), (1, 2));
    // In the legend there is a bar and a cross.
    assert_eq!((lines_of(&bar, "'end rule'"), lines_of(&cross, "'end rule'")), (3, 3));
    assert!(!bar.contains("beyond task0") && !cross.contains("beyond task0"));
    assert!(picture(&[event(1, 1, "a")]).contains("beyond task0"));
}

#[test]
fn an_exit_and_its_end_are_one_row_if_nothing_came_in_between() {
    let exit = Event { call: Some("exit_group".into()), ..event(1, 1, "exit") };
    let end = ended(1, End::Exited(0));
    let rows = |events: &[Event]| picture(events).matches("<g>").count();
    assert_eq!(rows(&[exit.clone(), end.clone()]), 1);
    assert_eq!(rows(&[exit, event(2, 2, "b"), end]), 3);
}

#[test]
fn a_wait_reaches_back_to_its_begin() {
    let at = |ms, event| Event { at: Duration::from_millis(ms), ..event };
    let wait = Event { took: Some(Duration::from_millis(25)), ..event(1, 1, "wait") };
    let drawn = picture(&[
        at(10, event(1, 1, "a")),
        at(20, event(2, 2, "b")),
        at(30, event(2, 2, "c")),
        at(40, wait),
    ]);
    // It began between the first row and the second one.
    let (begin, end) = (98.0 + STEP, 98.0 + 3.5 * STEP);
    assert!(drawn.contains(&format!("class='wait task0' d='M143 {begin}L143 {end}'")));
}

#[test]
fn what_is_too_much_is_counted() {
    let mut events: Vec<Event> = (2..=100).map(|child| fork(1, child)).collect();
    events.extend((2..=100).map(|id| event(id, id, "fork → 0")));
    let drawn = picture(&events);
    assert_eq!(drawn.matches("<g>").count(), MOST_ROWS);
    assert_eq!(drawn.matches("class='id").count(), MOST_LANES);
    // 198 events of which 60 are drawn; 100 tasks of which 16 have a lane.
    assert!(drawn.contains("and 138 more events; 84 processes and threads without a lane<"));
    assert!(!picture(&events[..MOST_LANES - 1]).contains("more event"));
}

#[test]
fn a_text_is_cut_where_it_does_not_fit() {
    assert_eq!(shortened("short", 100.0, 14.0), "short");
    for text in ["W".repeat(200), "漢".repeat(200), "i".repeat(200)] {
        let short = shortened(&text, 300.0, 14.0);
        assert!(short.ends_with('…') && short.chars().map(width).sum::<f64>() * 14.0 <= 303.0);
    }
    assert_eq!(shortened("text", 0.0, 14.0), "…");
}
