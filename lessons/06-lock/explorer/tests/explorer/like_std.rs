//! The same source with std's types and with the explorer's: it compiles with both, and comes
//! to the same results. In every order there is one.

mod explored;
mod real;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex};

use explorer::{Explorer, Orders};

fn assert_same(real: fn() -> String, explored: fn() -> String) {
    let results = Arc::new(StdMutex::new(BTreeSet::new()));
    let seen = Arc::clone(&results);
    let program = explorer::main(move || {
        let result = explored();
        seen.lock().expect("no panic").insert(result);
    });
    let report = Explorer::default().explore(Orders::Distinct, program);
    assert!(report.is_exhaustive() && report.failures == 0, "{report} {:?}", report.simplest);
    let results = results.lock().expect("no panic").clone();
    assert_eq!(results, BTreeSet::from([real()]));
}

macro_rules! same {
    ($($program:ident;)*) => { $(
        #[test]
        fn $program() {
            assert_same(real::source::$program, explored::source::$program);
        }
    )* };
}

same! {
    a_panic_poisons_a_lock;
    a_panic_poisons_a_lock_of_readers_and_writers;
    try_lock_finds_a_lock_taken;
    readers_are_inside_together;
    a_thread_waits_while_a_condition_holds;
    the_time_of_a_wait_is_over;
    a_channel_ends_with_its_senders;
    what_cannot_be_sent_comes_back;
    a_channel_has_room_for_one;
    items_are_handed_over;
    a_receiver_does_not_wait_for_ever;
    one_of_those_at_a_barrier_is_the_leader;
    it_is_done_once;
    a_value_is_made_once;
    what_panics_is_not_done;
    a_thread_is_unparked;
    scoped_threads_borrow;
    a_scoped_thread_panics;
    a_thread_panics;
    threads_have_names;
    numbers_are_changed_in_one_step;
    small_numbers_wrap_around;
    numbers_are_changed_by_a_function;
    a_thread_spins;
    a_thread_spins_at_a_lock;
    values_are_taken_out;
}
