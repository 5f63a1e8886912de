//! The pool, on real processes. The workers of a pool are the same program started
//! again: this one. So it has a `main` of its own, which runs the tests one by one.

mod deaths;
mod ends;
mod hostile;
mod misuse;
mod programs;
mod results;
mod tasks;
mod types;

use testing::harness;

fn main() {
    programs::be_started();
    ends::be_started();
    harness::run(&[
        ("results_come_in_the_order_of_the_arguments", &results::in_order),
        ("any_chunk_size_gives_the_same", &results::any_chunk_size_gives_the_same),
        ("imap_takes_arguments_as_results_are_taken", &results::imap_takes_arguments_lazily),
        ("imap_unordered_gives_each_once", &results::imap_unordered_gives_each_once),
        ("imap_unordered_gives_what_is_there", &results::unordered_gives_what_is_there),
        ("large_arguments_and_results_do_not_block_each_other", &results::large),
        ("results_that_are_taken_do_not_pile_up", &results::do_not_pile_up),
        ("a_worker_does_not_keep_the_memory_of_large_values", &results::large_values_are_let_go),
        ("a_panic_is_an_error_of_its_task_only", &results::a_panic_is_an_error),
        ("what_cannot_be_read_is_an_error_of_its_task_only", &types::unreadable),
        ("values_of_any_size_come_back", &types::of_any_size),
        ("what_is_nested_too_deeply_is_an_error_of_its_task_only", &types::deeply_nested),
        ("a_panic_in_a_conversion_is_an_error_of_its_task_only", &types::panic_in_a_conversion),
        ("a_value_that_is_slow_to_read_holds_up_nobody", &types::slow_to_read),
        ("panics_of_threads_and_of_c_are_printed", &programs::panics_are_seen),
        ("no_task_is_held_up_behind_a_long_one", &results::not_held_up),
        ("a_death_costs_the_task_that_ran", &deaths::a_death_costs_the_task_that_ran),
        ("no_task_behind_it_is_lost_or_run_twice", &deaths::none_is_lost_or_run_twice),
        ("a_repeatable_task_is_run_again", &deaths::a_repeatable_task_is_run_again),
        ("a_task_that_kills_every_worker_is_given_up", &deaths::it_is_given_up),
        ("idle_workers_may_be_killed", &deaths::idle_workers_may_be_killed),
        ("all_workers_may_be_killed_at_once", &deaths::all_at_once),
        ("a_worker_killed_while_it_sends_costs_one_result", &deaths::while_it_sends),
        ("a_thousand_random_kills", &deaths::a_thousand_random_kills),
        ("deaths_that_others_reap_cost_only_the_task_that_ran", &programs::unknown_deaths),
        ("a_worker_that_cannot_be_replaced_costs_no_other_task", &programs::not_replaced),
        (
            "where_no_process_can_be_started_the_workers_that_are_left_go_on",
            &programs::no_processes,
        ),
        ("useless_workers_do_not_end_a_pool_that_has_another_one", &programs::useless),
        ("workers_that_end_at_their_start_end_the_pool_soon", &hostile::none_becomes_ready),
        ("idle_workers_may_be_killed_again_and_again", &hostile::killed_again_and_again),
        ("many_pools_one_after_the_other_leave_nothing", &hostile::one_after_the_other),
        ("a_limit_for_descriptors_below_those_that_are_open", &hostile::a_limit_below_what_is_open),
        ("a_worker_that_closes_its_socket_is_killed", &programs::closed_socket),
        ("a_worker_that_writes_nonsense_is_killed", &programs::scribbled),
        ("a_closed_pool_takes_nothing_and_can_be_joined", &ends::closed),
        ("imap_goes_on_in_a_closed_pool", &ends::imap_closed),
        ("imap_on_a_terminated_pool_ends_with_an_error", &ends::imap_terminated),
        ("a_pool_can_be_terminated_while_others_wait", &ends::terminated_meanwhile),
        ("terminate_prints_nothing", &programs::terminate_is_silent),
        ("a_pool_that_is_not_closed_cannot_be_joined", &ends::not_closed),
        ("a_terminated_pool_ends_at_once", &ends::terminated),
        ("a_dropped_pool_leaves_nothing", &ends::dropped),
        ("workers_end_with_their_parent", &ends::workers_end_with_their_parent),
        ("workers_are_replaced_when_the_file_of_the_program_is_gone", &ends::the_file_is_gone),
        ("ctrl_c_ends_everything", &ends::ctrl_c_ends_everything),
        ("ctrl_c_ends_what_tasks_have_started", &programs::ctrl_c_reaches_what_tasks_started),
        ("workers_and_parent_agree_on_the_functions", &programs::agreement),
        ("a_task_cannot_make_a_pool", &programs::nested),
        ("a_limit_for_files_is_a_clear_error", &programs::file_size_limit),
        ("functions_have_different_names_and_are_known", &ends::functions_are_known),
        (
            "a_process_that_a_task_forks_does_not_go_on_as_the_worker",
            &misuse::a_copy_of_a_worker_ends,
        ),
        ("a_worker_whose_socket_is_replaced_is_replaced", &misuse::a_socket_is_replaced),
        ("a_task_may_become_another_program", &misuse::exec),
        ("what_a_task_changes_in_its_worker_harms_no_other", &misuse::what_a_task_changes),
        ("a_task_that_uses_up_its_stack_or_memory_costs_only_itself", &misuse::use_up),
        ("a_worker_that_lies_about_what_it_has_read_costs_no_other_task", &misuse::a_worker_lies),
        ("a_task_cannot_truncate_what_its_worker_shares", &misuse::shared_memory_stays),
        ("an_imap_that_was_forgotten_does_not_hold_up_join", &misuse::a_forgotten_imap),
        ("workers_end_well_while_a_forked_process_has_their_sockets", &misuse::workers_end_well),
        ("a_pool_in_a_forked_process_refuses_everything", &misuse::a_copy_of_the_program),
        ("a_pool_that_cannot_be_started_leaves_nothing", &misuse::a_pool_that_cannot_be_started),
        ("a_program_without_standard_streams_has_a_pool", &misuse::no_standard_streams),
        ("a_panic_in_an_iterator_or_beside_a_pool_harms_nothing", &misuse::unwinding),
        ("stopped_workers_can_be_terminated", &misuse::stopped),
        (
            "a_pool_whose_workers_may_not_be_killed_can_be_terminated",
            &misuse::terminated_as_another_user,
        ),
        ("a_pool_can_be_closed_while_others_map", &misuse::closed_meanwhile),
    ]);
}
