//! Each function against its definition, counted instant by instant, on many
//! small random recordings.

use testing::random::Random;

use super::*;

/// The time that the random recordings fill, in nanoseconds.
const TIME: u64 = 60;

fn slices(random: &mut Random) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut time = random.below(20);
    loop {
        let end = time + 1 + random.below(12);
        if end > TIME {
            return slices;
        }
        slices.push(slice(time, end, random.below(4) as usize));
        time = end + random.below(12);
    }
}

fn slice(start: u64, end: u64, cpu: usize) -> Slice {
    Slice { start: Duration::from_nanos(start), end: Duration::from_nanos(end), cpu }
}

fn nanos(count: usize) -> Duration {
    Duration::from_nanos(count as u64)
}

fn runs_at(slices: &[Slice], instant: u64) -> bool {
    let instant = Duration::from_nanos(instant);
    slices.iter().any(|slice| slice.start <= instant && instant < slice.end)
}

#[test]
fn overlap_is_the_number_of_instants_at_which_both_run() {
    let mut random = Random::new(1);
    for _ in 0..2000 {
        let (a, b) = (slices(&mut random), slices(&mut random));
        let both = (0..TIME).filter(|&t| runs_at(&a, t) && runs_at(&b, t)).count();
        assert_eq!(overlap(&a, &b), nanos(both), "{a:?} {b:?}");
        assert_eq!(overlap(&b, &a), nanos(both), "{a:?} {b:?}");
        assert_eq!(overlap_of_any(&[&a, &[], &b]), nanos(both), "{a:?} {b:?}");
    }
}

#[test]
fn most_at_once_is_the_largest_number_at_any_instant() {
    let mut random = Random::new(2);
    for _ in 0..2000 {
        let tasks: Vec<_> = (0..random.below(5)).map(|_| slices(&mut random)).collect();
        let tasks: Vec<&[Slice]> = tasks.iter().map(Vec::as_slice).collect();
        let at = |t| tasks.iter().filter(|task| runs_at(task, t)).count();
        assert_eq!(most_at_once(&tasks), (0..TIME).map(at).max().unwrap(), "{tasks:?}");
    }
}

#[test]
fn tasks_that_take_turns_do_not_overlap() {
    let (a, b) = ([slice(0, 10, 0), slice(20, 30, 0)], [slice(10, 20, 0), slice(30, 40, 0)]);
    assert_eq!(overlap(&a, &b), Duration::ZERO);
    assert_eq!(most_at_once(&[&a, &b]), 1);
}

#[test]
fn share_and_columns_count_the_instants() {
    let mut random = Random::new(3);
    for _ in 0..2000 {
        let task = slices(&mut random);
        let counted = |from, to| (from..to).filter(|&t| runs_at(&task, t)).count() as f64;
        let (start, end) = (nanos(0), nanos(TIME as usize));
        assert!((share(&task, start, end) - counted(0, TIME) / TIME as f64).abs() < 1e-9);
        for width in [1, 2, 3, 20, TIME] {
            let column = TIME / width;
            let expected = (0..width).map(|i| counted(i * column, (i + 1) * column));
            let found = columns(&task, start, end, width as usize);
            assert_eq!(found.len(), width as usize);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected / column as f64).abs() < 1e-9, "{task:?}");
            }
        }
    }
}

#[test]
fn the_median_has_as_many_shorter_as_longer() {
    assert_eq!(median(&[]), Duration::ZERO);
    assert_eq!(median(&[slice(0, 2, 0), slice(3, 7, 0)]), nanos(3));
    let mut random = Random::new(4);
    for _ in 0..2000 {
        let task = slices(&mut random);
        let middle = median(&task);
        let count = |side: fn(&Duration, &Duration) -> bool| {
            task.iter().filter(|s| side(&(s.end - s.start), &middle)).count()
        };
        assert!(count(Duration::lt) <= task.len() / 2, "{task:?}");
        assert!(count(Duration::gt) <= task.len() / 2, "{task:?}");
    }
}

#[test]
fn an_interrupt_does_not_end_a_slice_but_another_task_does() {
    let us = |start: u64, end: u64, cpu| slice(start * 1000, end * 1000, cpu);
    let task = [us(0, 50, 0), us(60, 100, 0), us(200, 300, 0), us(301, 400, 1), us(501, 600, 1)];
    let joined = vec![us(0, 300, 0), us(301, 400, 1), us(501, 600, 1)];
    assert_eq!(of_tasks(&[&task])[0], joined);
    // Another task in the first pause: on that CPU it counts, on another it does not.
    assert_eq!(of_tasks(&[&task, &[us(52, 58, 1)]])[0], joined);
    let parted = vec![us(0, 50, 0), us(60, 300, 0), us(301, 400, 1), us(501, 600, 1)];
    assert_eq!(
        of_tasks(&[&task, &[us(1, 2, 3), us(52, 58, 0)]]),
        [parted, vec![us(1, 2, 3), us(52, 58, 0)]]
    );
}

#[test]
fn slices_overlap_only_where_stretches_do() {
    let mut random = Random::new(5);
    for _ in 0..2000 {
        let on_one_cpu = |stretches: Vec<Slice>| -> Vec<Slice> {
            stretches.into_iter().map(|stretch| Slice { cpu: 0, ..stretch }).collect()
        };
        let (a, b) = (on_one_cpu(slices(&mut random)), on_one_cpu(slices(&mut random)));
        let [x, y] = &of_tasks(&[&a, &b])[..] else { panic!("two tasks") };
        assert!(x.len() <= a.len() && y.len() <= b.len());
        assert_eq!(overlap(x, y).is_zero(), overlap(&a, &b).is_zero(), "{a:?} {b:?}");
    }
}

#[test]
fn cpus_are_listed_once() {
    assert_eq!(cpus(&[]), []);
    assert_eq!(cpus(&[slice(0, 1, 7), slice(1, 2, 0), slice(2, 3, 7)]), [0, 7]);
}
