//! What is found in a conversation, and what of it is mended.

mod case;

use self::case::{Case, group};

#[test]
fn an_empty_conversation_agrees() {
    Case::direct(&[])
        .with(1, [0, 0, 0])
        .with(2, [0, 0, 0])
        .gives(&[]);
}

#[test]
fn own_deleted_seen_and_ranged_places_are_cleared_and_each_once() {
    // To user 2: 1 is in a range and marked by name, 2 is its own in a range, 3 is deleted in a
    // range, 4 is unseen, 5 is marked by name, 6 is its own, 7 is deleted and marked by name.
    Case::direct(&[1, 2, -1, 1, 1, 2, -1])
        .with(1, [0, 0, 5])
        .with(2, [0, 3, 6])
        .range(2, (1, 3))
        .seen(2, 1)
        .seen(2, 5)
        .seen(2, 7)
        .gives(&[]);
}

#[test]
fn what_was_before_joining_is_cleared_and_marks_there_count_nothing() {
    // User 2 left after 2 with a range to it, came back after 4, and marked 3 and 4 by name.
    Case::group(&[1, 1, 1, 1, 1, 1])
        .with(1, [0, 0, 6])
        .with(2, [4, 4, 4])
        .range(2, (1, 2))
        .seen(2, 3)
        .seen(2, 4)
        .gives(&[]);
}

#[test]
fn marks_of_those_who_left_count_for_nobody() {
    Case::group(&[1, 1])
        .with(1, [0, 0, 2])
        .with(2, [0, 0, 0])
        .range(9, (1, 1))
        .seen(9, 2)
        .gives(&[]);
}

#[test]
fn a_wrong_counter_of_messages_is_named_and_alone() {
    let mut case = Case::direct(&[1, 1]).with(1, [0, 0, 2]).with(2, [0, 0, 0]);
    case.last_seq = 7;
    case.gives(&["conversation 3: last_seq is 7, must be 2"]);
}

#[test]
fn a_place_without_message_is_named_and_unseen_to_nobody() {
    let mut case = Case::direct(&[1, 1, 1, 1])
        .with(1, [0, 0, 4])
        .with(2, [0, 0, 2]);
    case.messages.drain(1..3);
    case.gives(&["conversation 3: places 2 to 3 have no message"]);
}

#[test]
fn a_place_below_the_first_is_named() {
    let mut case = Case::direct(&[1, 1]).with(1, [0, 0, 1]).with(2, [0, 0, 0]);
    case.messages[0].seq = 0;
    case.messages[1].seq = 1;
    case.last_seq = 1;
    case.gives(&["conversation 3: message 10 has seq 0, must be 1 or more"]);
}

#[test]
fn ids_that_do_not_grow_with_their_places_are_named() {
    let mut case = Case::direct(&[1, 1, 1])
        .with(1, [0, 0, 3])
        .with(2, [0, 0, 0]);
    case.messages[1].id = 5;
    case.gives(&["conversation 3: message 5 has no greater id than the one before it"]);
}

#[test]
fn a_wrong_count_of_members_is_named() {
    let mut case = Case::group(&[]).with(1, [0, 0, 0]).with(2, [0, 0, 0]);
    case.kind = group(true, 3);
    case.gives(&["group 5: member_count is 3, must be 2"]);
}

#[test]
fn members_and_participants_are_the_same() {
    Case::group(&[])
        .with(1, [0, 0, 0])
        .with(4, [0, 0, 0])
        .gives(&[
            "conversation 3, user 2: does not take part, and must",
            "conversation 3, user 4: takes part, and must not",
        ]);
}

#[test]
fn a_pair_takes_part_and_nobody_else() {
    let mut case = Case::direct(&[]).with(2, [0, 0, 0]).with(3, [0, 0, 0]);
    case.members.clear();
    case.gives(&[
        "conversation 3, user 1: does not take part, and must",
        "conversation 3, user 3: takes part, and must not",
    ]);
}

#[test]
fn a_deleted_group_has_nobody() {
    let mut case = Case::group(&[]).with(1, [0, 0, 0]);
    case.kind = group(false, 0);
    case.gives(&[
        "group 5: member_count is 0, must be 2",
        "group 5, user 1: is a member of a deleted group",
        "group 5, user 2: is a member of a deleted group",
        "conversation 3, user 1: takes part, and must not",
    ]);
    let mut empty = Case::group(&[1, 2]);
    empty.kind = group(false, 0);
    empty.members.clear();
    empty.gives(&[]);
}

#[test]
fn a_wrong_count_of_cleared_places_is_named() {
    Case::direct(&[1, 2, 1])
        .with(1, [0, 0, 1])
        .with(2, [0, 0, 1])
        .gives(&["conversation 3, user 1: cleared is 1, must be 2"]);
}

#[test]
fn seen_through_is_where_the_ranges_since_joining_end() {
    Case::group(&[1, 1, 1, 1])
        .with(1, [0, 0, 4])
        .with(2, [1, 2, 4])
        .range(2, (2, 3))
        .range(2, (4, 4))
        .gives(&["conversation 3, user 2: seen_through is 2, must be 4"]);
    Case::group(&[1, 1])
        .with(1, [0, 0, 2])
        .with(2, [1, 2, 1])
        .gives(&["conversation 3, user 2: seen_through is 2, must be 1"]);
}

#[test]
fn a_hole_between_ranges_is_named() {
    Case::group(&[1, 1, 1])
        .with(1, [0, 0, 3])
        .with(2, [0, 3, 2])
        .range(2, (1, 1))
        .range(2, (3, 3))
        .gives(&["conversation 3, user 2: 3 to 3 are marked, and not all from 0 on"]);
}

#[test]
fn ranges_that_overlap_are_named_and_cover_once() {
    Case::group(&[1, 1, 1])
        .with(1, [0, 0, 3])
        .with(2, [0, 3, 3])
        .range(2, (1, 2))
        .range(2, (2, 3))
        .gives(&["conversation 3, user 2: the range 2 to 3 overlaps the one before it"]);
}

#[test]
fn a_range_beyond_the_last_message_is_named() {
    Case::group(&[1])
        .with(1, [0, 0, 1])
        .with(2, [0, 0, 0])
        .range(7, (1, 2))
        .gives(&["conversation 3, user 7: the range 1 to 2 ends after the last message, 1"]);
}

#[test]
fn a_mark_by_the_sender_is_named_and_clears_nothing() {
    Case::direct(&[1, 1])
        .with(1, [0, 0, 2])
        .with(2, [0, 0, 0])
        .seen(1, 2)
        .gives(&["message 20, user 1: is marked as seen by its sender"]);
}

#[test]
fn a_pair_joined_at_the_start() {
    Case::direct(&[1, 1])
        .with(1, [0, 0, 2])
        .with(2, [1, 9, 9])
        .gives(&["conversation 3, user 2: joined_seq is 1, must be 0"]);
}

#[test]
fn nobody_joins_where_there_was_nothing_yet() {
    for is in [-1, 3] {
        let line = format!("conversation 3, user 2: joined_seq is {is}, must lie from 0 to 2");
        Case::group(&[1, 1])
            .with(1, [0, 0, 2])
            .with(2, [is, 9, 9])
            .gives(&[&line]);
    }
}

#[test]
fn of_who_joined_elsewhere_by_the_log_no_count_is_compared() {
    let mut case = Case::group(&[1, 1]).with(1, [0, 0, 2]).with(2, [0, 9, 9]);
    case.doubts.joined(3, 2);
    case.gives(&[]);
}

#[test]
fn where_messages_are_missing_or_out_of_place_no_counter_is_mended() {
    let case = || {
        let mut case = Case::direct(&[1, 1, 1])
            .with(1, [0, 0, 3])
            .with(2, [0, 0, 9]);
        case.last_seq = 3;
        case
    };
    let cleared = "conversation 3, user 2: cleared is 9, must be 0";
    case().gives_and_mends(&[], &[cleared]);
    let mut ids = case();
    ids.messages[1].id = 5;
    let order = "conversation 3: message 5 has no greater id than the one before it";
    ids.gives_and_mends(&[order, cleared], &[]);
    let mut gap = case();
    gap.messages[2].seq = i64::MAX;
    gap.gives_and_mends(
        &[
            "conversation 3: places 3 to 9223372036854775806 have no message",
            "conversation 3: last_seq is 3, must be 9223372036854775807",
            "conversation 3, user 1: cleared is 3, must be 9223372036854775807",
            "conversation 3, user 2: cleared is 9, must be 9223372036854775804",
        ],
        &[],
    );
    let mut told = case();
    told.doubts.conversation(3);
    told.gives_and_mends(&[cleared], &[]);
}

#[test]
fn a_log_that_lacks_events_lowers_no_counter_of_messages() {
    let case = |last_seq| {
        let mut case = Case::direct(&[1, 1]).with(1, [0, 0, 2]).with(2, [0, 0, 0]);
        case.doubts.log();
        case.last_seq = last_seq;
        case
    };
    case(3).gives_and_mends(&["conversation 3: last_seq is 3, must be 2"], &[]);
    case(1).gives_and_mends(&[], &["conversation 3: last_seq is 1, must be 2"]);
}

#[test]
fn of_a_reader_whose_marks_are_in_doubt_nothing_is_mended_and_of_the_other_all() {
    let case = || Case::group(&[1, 1, 1]).with(1, [0, 0, 9]);
    let other = "conversation 3, user 1: cleared is 9, must be 3";
    let overlapping = case().with(2, [0, 1, 9]).range(2, (1, 2)).range(2, (2, 3));
    overlapping.gives_and_mends_one(other);
    let too_long = case().with(2, [0, 1, 9]).range(2, (1, 7));
    too_long.gives_and_mends_one(other);
    let apart = case().with(2, [0, 1, 9]).range(2, (2, 2));
    apart.gives_and_mends_one(other);
    let mut told = case().with(2, [0, 1, 9]);
    told.doubts.reader(3, 2);
    told.gives_and_mends_one(other);
}

#[test]
fn members_that_are_in_doubt_are_not_counted() {
    let case = || {
        let mut case = Case::group(&[]).with(1, [0, 0, 0]);
        case.kind = group(true, 7);
        case
    };
    let wrong = "group 5: member_count is 7, must be 2";
    case().with(2, [0, 0, 0]).gives_and_mends(&[], &[wrong]);
    let gone = "conversation 3, user 2: does not take part, and must";
    case().gives_and_mends(&[wrong, gone], &[]);
    let mut told = case().with(2, [0, 0, 0]);
    told.doubts.members(3);
    told.gives_and_mends(&[wrong], &[]);
}
