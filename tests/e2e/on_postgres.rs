//! All the other tests once more, on PostgreSQL.

/// Why tests are not among them, and which.
const LEFT_OUT: [(&str, &[&str]); 7] = [
    ("they have run on it already", &["nodes::", "relocate::"]),
    (
        "they are about the file of the database",
        &[
            "files_check::a_database_that_is_not_there_is_one_sentence_and_code_2",
            "process::a_database_that_can_not_be_written_is_one_sentence",
            "process::a_database_that_is_none_is_one_sentence",
            "process::a_missing_folder_is_one_sentence",
        ],
    ),
    (
        "any number of servers share the database",
        &["process::a_second_process_on_the_same_file_is_one_sentence"],
    ),
    (
        "its own tools back it up",
        &[
            "files_check::a_backup_whose_files_are_all_gone_serves_and_can_be_repaired",
            "files_check::files_that_a_server_uses_are_not_repaired_with_another_database",
            "recount::a_backup_is_restored_after_a_kill",
            "recount::a_backup_is_whole_while_writes_go_on",
        ],
    ),
    (
        "the benchmark starts its servers on SQLite",
        &[
            "bench::a_fixed_rate_is_kept",
            "bench::a_server_that_acknowledges_too_early_gets_no_figures",
            "bench::a_server_whose_counters_are_wrong_gets_no_figures",
            "bench::a_whole_run_measures_every_workload_beside_its_floor",
            "bench::every_number_of_groups_has_members",
            "bench::interrupt::",
            "bench::live::",
            "bench::who_stops_reading_ends_nothing",
        ],
    ),
    (
        "they take a minute, and are about what the node keeps itself",
        &["delivery::stalled::"],
    ),
    (
        "they need no store, or prove something of the tests",
        &[
            "bench::a_server_that_is_not_there_is_told",
            "bench::what_is_no_chat_server_gets_no_figures",
            "browser::",
            "delivery::a_good_server_gives_nothing_to_find",
            "delivery::a_server_that_loses_an_event_for_everybody_is_found_out",
            "delivery::a_server_that_mixes_up_words_is_found_out",
            "delivery::a_server_that_skips_an_event_is_found_out",
            "delivery::a_server_that_skips_what_was_missed_is_found_out",
            "delivery::a_server_that_tells_a_removed_member_is_found_out",
            "delivery::a_server_that_tells_an_event_twice_is_found_out",
            "delivery::checker::",
            "delivery::logged::tests::",
            "deploy::",
            "walls::",
        ],
    ),
];

#[test]
fn the_whole_suite() {
    chat_testing::run_on_postgres(&LEFT_OUT);
}
