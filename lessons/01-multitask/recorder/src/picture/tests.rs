use common::picture::COLOURS;

use super::*;

#[test]
fn an_axis_has_round_numbers() {
    let of = |ms| ticks(Duration::from_millis(ms)).map(|t| t.as_millis()).collect::<Vec<_>>();
    assert_eq!(of(100), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    assert_eq!(of(20), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    assert_eq!(of(10_000), (0..=10).map(|n| n * 1000).collect::<Vec<_>>());
}

#[test]
fn every_lane_is_drawn_and_the_colours_repeat() {
    let ms = Duration::from_millis;
    let slices = [Slice { start: ms(7), end: ms(9), cpu: 0 }];
    let lane = |colour| Lane { name: "a < b", colour, start: ms(5), slices: &slices };
    let picture = Picture {
        title: "many",
        about: "lanes",
        lanes: (0..COLOURS + 2).map(lane).collect(),
        length: ms(8),
        rules: &[(ms(1), "a rule".to_owned())],
    };
    let drawn = picture.draw();
    // One more of each is in the legend.
    assert_eq!(drawn.matches("class='lane'").count(), COLOURS + 2 + 1);
    assert_eq!(drawn.matches(">a &lt; b</text>").count(), COLOURS + 2);
    assert_eq!(drawn.matches("class='task1'").count(), 3);
    assert_eq!(drawn.matches("class='task2'").count(), 2);
    // A quarter of the lane, from the time at which the task was 2 ms old.
    assert_eq!(drawn.matches("x='286' y='58' width='190'").count(), 1, "{drawn}");
    assert!(drawn.contains(">a rule</text>") && !drawn.contains("class='task5'"));
}
