//! `schedule`: its counts, and any order that is asked for.

use testing::random::Random;
use testing::test;

use crate::simulated::{drawn, simulate};
use crate::{demo, success, wrong_usage};

fn run(arguments: &[&str]) -> String {
    success(demo(&[&["schedule"], arguments].concat()).output().expect("it runs"))
}

/// Every order of four steps of each of two threads.
fn every_order() -> impl Iterator<Item = Vec<usize>> {
    let orders = (0..1_u32 << 8).filter(|bits| bits.count_ones() == 4);
    orders.map(|bits| (0..8).map(|step| 1 + (bits >> step & 1) as usize).collect())
}

#[test]
fn each_balance_comes_out_as_often_as_by_hand() {
    let text = run(&[]);
    let balances: Vec<_> = every_order().map(|order| simulate(&order).1).collect();
    assert_eq!(balances.len(), 70);
    let wrong = balances.iter().filter(|&&balance| balance != 0).count();
    assert!(text.contains(&format!("every order: 70 tried, {wrong} went wrong")), "{text}");
    for balance in &balances {
        let orders = balances.iter().filter(|&other| other == balance).count();
        let line = format!("  the balance is {balance:>3} after {orders:>4}");
        assert!(text.lines().any(|found| found == line), "{line:?} in {text}");
    }
    assert!(text.contains("with the lock, every order: 2 tried, 0 went wrong"), "{text}");
}

#[test]
fn twice_as_often_is_twice_as_many_steps() {
    let mut random = Random::new(2);
    for _ in 0..5 {
        let mut order = [[1; 8], [2; 8]].concat();
        random.shuffle(&mut order);
        let text = order.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let shown = run(&["--times", "2", "--replay", &text]);
        let (told, balance) = simulate(&order);
        let steps: Vec<_> = order.iter().copied().zip(told).collect();
        assert_eq!(drawn(&shown), steps, "{text}");
        let end = format!("the balance is {balance}");
        assert!(shown.lines().last().unwrap_or_default().starts_with(&end), "{text}: {shown}");
    }
}

#[test]
fn an_order_has_no_more_steps_than_the_threads() {
    let error = wrong_usage(&["schedule", "--replay", "1x5"]);
    assert!(error.contains("step 5 cannot be one of thread 1: it has ended"), "{error}");
    assert_eq!(drawn(&run(&["--times", "2", "--replay", "1x8"])).len(), 8);
    let error = wrong_usage(&["schedule", "--times", "2", "--replay", "1x9"]);
    assert!(error.contains("step 9 cannot be one of thread 1: it has ended"), "{error}");
}

#[test]
fn with_the_lock_the_other_thread_has_to_wait() {
    let error = wrong_usage(&["schedule", "--lock", "--replay", "1x2,2"]);
    assert!(error.contains("step 3 cannot be one of thread 2"), "{error}");
    assert!(error.contains("it waits for the lock mutex, which t1 has"), "{error}");
    let text = run(&["--lock", "--replay", "2x6,1x6"]);
    assert!(text.ends_with("the balance is 0\n"), "{text}");
}

#[test]
fn what_is_no_schedule_is_wrong_usage() {
    assert!(wrong_usage(&["schedule", "--replay", "1y2"]).contains("'1y2'"));
    assert!(wrong_usage(&["schedule", "--times", "3"]).contains("from 1 to 2"));
}

#[test]
fn an_order_is_shown_as_by_hand() {
    let mut random = Random::new(1);
    for case in 0..30 {
        let mut order = [1, 1, 1, 1, 2, 2, 2, 2];
        random.shuffle(&mut order);
        let length = case % 9;
        let order = &order[..length];
        let text = order.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let shown = run(&["--replay", &text]);
        let (told, balance) = simulate(order);
        let steps: Vec<_> = order.iter().copied().zip(told).collect();
        assert_eq!(drawn(&shown), steps, "{text}");
        let end = if length == 8 {
            format!("the balance is {balance}")
        } else {
            "not at the end".to_owned()
        };
        let last = shown.lines().last().unwrap_or_default();
        assert!(last.starts_with(&end), "{text}: {shown}");
    }
}
