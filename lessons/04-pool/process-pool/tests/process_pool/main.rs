//! The pool, on real processes. The workers of a pool are the same program started
//! again: this one. So it has a `main` of its own, which runs the tests one by one.

mod deaths;
mod ends;
mod results;
mod tasks;

use process_pool::work_if_worker;
use testing::harness;

fn main() {
    // One test leaves this out.
    if std::env::var_os(ends::FORGETFUL).is_none() {
        work_if_worker(tasks::TASKS);
    }
    // Programs that tests start, to be killed.
    ends::be_started();
    harness::run(&[
        ("results_come_in_the_order_of_the_arguments", &results::in_order),
        ("any_chunk_size_gives_the_same", &results::any_chunk_size_gives_the_same),
        ("imap_takes_arguments_as_results_are_taken", &results::imap_takes_arguments_lazily),
        ("imap_unordered_gives_each_once", &results::imap_unordered_gives_each_once),
        ("imap_unordered_gives_what_is_there", &results::unordered_gives_what_is_there),
        ("large_arguments_and_results_do_not_block_each_other", &results::large),
        ("results_that_are_taken_do_not_pile_up", &results::do_not_pile_up),
        ("a_panic_is_an_error_of_its_task_only", &results::a_panic_is_an_error),
        ("what_cannot_be_read_is_an_error_of_its_task_only", &results::unreadable),
        ("no_task_is_held_up_behind_a_long_one", &results::not_held_up),
        ("a_death_costs_the_task_that_ran", &deaths::a_death_costs_the_task_that_ran),
        ("no_task_behind_it_is_lost_or_run_twice", &deaths::none_is_lost_or_run_twice),
        ("a_repeatable_task_is_run_again", &deaths::a_repeatable_task_is_run_again),
        ("a_task_that_kills_every_worker_is_given_up", &deaths::it_is_given_up),
        ("idle_workers_may_be_killed", &deaths::idle_workers_may_be_killed),
        ("all_workers_may_be_killed_at_once", &deaths::all_at_once),
        ("a_worker_killed_while_it_sends_costs_one_result", &deaths::while_it_sends),
        ("a_thousand_random_kills", &deaths::a_thousand_random_kills),
        ("a_closed_pool_takes_nothing_and_can_be_joined", &ends::closed),
        ("imap_on_a_closed_pool_ends_with_an_error", &ends::imap_closed),
        ("a_pool_that_is_not_closed_cannot_be_joined", &ends::not_closed),
        ("a_terminated_pool_ends_at_once", &ends::terminated),
        ("a_dropped_pool_leaves_nothing", &ends::dropped),
        ("workers_end_with_their_parent", &ends::workers_end_with_their_parent),
        ("workers_are_replaced_when_the_file_of_the_program_is_gone", &ends::the_file_is_gone),
        ("ctrl_c_ends_everything", &ends::ctrl_c_ends_everything),
        ("workers_that_do_not_become_workers_are_given_up", &ends::forgetful),
        ("functions_have_different_names_and_are_known", &ends::functions_are_known),
    ]);
}
