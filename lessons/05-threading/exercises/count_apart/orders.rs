//! What must hold in every order.

use std::array;
use std::sync::{Arc, Barrier};

use harness::unseen::{AtomicUsize, SeqCst, thread_number};
use harness::{Scenario, shared_steps};

use super::program::count;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "there are four items, and two parts", run: || alone(4, 2) },
    Scenario { name: "there are five items, and two parts", run: || alone(5, 2) },
    Scenario { name: "there are five items, and three parts", run: || alone(5, 3) },
    Scenario { name: "there is one item, and two parts", run: || alone(1, 2) },
    Scenario { name: "there are no items, and two parts", run: || alone(0, 2) },
    Scenario { name: "there are three items, and one part", run: || alone(3, 1) },
    Scenario {
        name: "there are two parts of two items, and two threads look at items at the same time",
        run: two_meet,
    },
    Scenario {
        name: "there are three parts of one item, and two threads look at items at the same time",
        run: first_and_last_meet,
    },
    Scenario { name: "there are a few items, and then more", run: more },
];

/// More threads than any scenario has.
const MAX_THREADS: usize = 64;

/// An item can be cloned, but no program needs to.
struct Item {
    number: usize,
    seen: Arc<Seen>,
}

/// What happens to the items. To count it is no step.
struct Seen {
    clones: AtomicUsize,
    /// How many items each thread has looked at, by its number.
    looks: [AtomicUsize; MAX_THREADS],
    meeting: Option<Meeting>,
}

/// Where two threads wait until both look at an item, and for which items.
type Meeting = (Barrier, fn(usize) -> bool);

impl Clone for Item {
    fn clone(&self) -> Item {
        self.seen.clones.fetch_add(1, SeqCst);
        Item { number: self.number, seen: Arc::clone(&self.seen) }
    }
}

/// Every item but the second one is wanted.
fn is_wanted(item: &Item) -> bool {
    item.seen.looks[thread_number()].fetch_add(1, SeqCst);
    if let Some((meeting, is_met)) = &item.seen.meeting
        && is_met(item.number)
    {
        meeting.wait();
    }
    item.number != 1
}

fn alone(many: usize, parts: usize) {
    check(many, parts, None);
}

fn two_meet() {
    let judges_barrier = Barrier::new(2);
    check(4, 2, Some((judges_barrier, |_| true)));
}

/// Of three threads the first one and the last one: for all three there are too many orders.
fn first_and_last_meet() {
    let judges_barrier = Barrier::new(2);
    check(3, 3, Some((judges_barrier, |number| number != 1)));
}

fn check(many: usize, parts: usize, meeting: Option<Meeting>) {
    let looks = array::from_fn(|_| AtomicUsize::new(0));
    let seen = Arc::new(Seen { clones: AtomicUsize::new(0), looks, meeting });
    let items: Vec<_> = (0..many).map(|number| Item { number, seen: Arc::clone(&seen) }).collect();
    let counted = count(&items, parts, is_wanted);

    let expected = many - usize::from(many > 1);
    assert!(counted == expected, "the count is {counted}, and not {expected}");
    assert!(seen.clones.load(SeqCst) == 0, "items are cloned: can the threads borrow them?");
    let of_threads = seen.looks.iter().map(|looks| looks.load(SeqCst)).filter(|looks| *looks > 0);
    let of_threads: Vec<usize> = of_threads.collect();
    let looks: usize = of_threads.iter().sum();
    assert!(looks == many, "`is_wanted` is called {looks} times for {many} items");
    let threads = of_threads.len();
    assert!(threads <= parts, "{threads} threads look at items, and there are {parts} parts");
    let most = of_threads.into_iter().max().unwrap_or(0);
    assert!(
        most <= many.div_ceil(parts),
        "one thread looks at {most} of the {many} items, and there are {parts} parts"
    );
}

/// What the threads share is used as often for many items as for few. What only one of them uses
/// may be a lock or an atomic, too.
fn more() {
    let [few, many] = [2, 40].map(|many| {
        let before = shared_steps();
        alone(many, 2);
        shared_steps() - before
    });
    assert!(
        many < few + 5,
        "the threads share something that they use for each item: can each count for itself?"
    );
}
