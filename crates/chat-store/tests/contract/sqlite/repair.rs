//! A repair: what follows without doubt is mended, the rest is named and left as it is.

use chat_store::sqlite::{OpenError, repair};
use chat_store::{RecountError, Repair, SqliteOptions, SqliteStore};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;

use super::recount::{break_by, count, lines, told};
use super::{World, plans};
use crate::harness::read;

fn try_mend(world: &World) -> Result<Repair, RecountError<OpenError>> {
    plans::scanning(|| repair(&SqliteOptions::new(world.path()), &mut |_, _| {})).0
}

fn mend(world: &World) -> Repair {
    try_mend(world).unwrap()
}

/// Everything that a repair can mend, broken at once.
const DAMAGE: &str = "
    UPDATE conversations SET last_seq = last_seq + 3;
    UPDATE groups SET member_count = 7;
    UPDATE participants SET cleared = -cleared - 1, seen_through = 77;
    UPDATE seens SET seen_at = 1;
    UPDATE seen_ranges SET seen_at = 1;
    UPDATE event_log SET position = 1;";

#[test]
fn every_counter_and_every_time_of_a_mark_is_mended() {
    let world = told();
    let unseen = |world: &World| [1, 2, 3].map(|id| world.db().unseen(user(id)));
    let before = unseen(&world);
    assert_eq!(before, [2, 4, 0]);
    world.store.close();
    break_by(&world, DAMAGE);
    let done = mend(&world);
    // Three last_seq, two member_count, five of each participant's two, four and two times, the head.
    assert_eq!(done.before.found, 3 + 2 + 2 * 5 + 4 + 2 + 1);
    assert_eq!(done.mended.differences, done.before.differences);
    assert_eq!(done.mended.count, done.before.found);
    assert_eq!(lines(&done.after), [""; 0]);
    assert!(count(&world).agrees());

    let again = SqliteStore::open(&SqliteOptions::new(world.path())).unwrap();
    let after = [1, 2, 3].map(|id| read(&again, move |tx| tx.unseen(user(id))).unwrap().total());
    assert_eq!(after, before);
}

fn user(id: i64) -> chat_domain::UserId {
    chat_domain::UserId::parse(id).unwrap()
}

#[test]
fn the_head_of_an_empty_log_is_mended() {
    let world = World::new();
    world.store.close();
    break_by(&world, "UPDATE event_log SET position = 5");
    let done = mend(&world);
    assert_eq!(lines(&done.before), ["the log: its head is 5, must be 0"]);
    assert!(done.after.agrees() && count(&world).agrees());
}

#[test]
fn a_head_is_lowered_where_no_event_was_lost() {
    let world = told();
    world.store.close();
    break_by(&world, "UPDATE event_log SET position = 90");
    let done = mend(&world);
    assert_eq!(lines(&done.before), ["the log: its head is 90, must be 27"]);
    assert!(done.after.agrees() && count(&world).agrees());
}

#[test]
fn without_the_row_of_the_log_the_table_is_named() {
    let world = told();
    world.store.close();
    break_by(&world, "DELETE FROM event_log");
    let error = try_mend(&world).unwrap_err().to_string();
    assert!(error.contains("the table event_log has no row"), "{error}");
}

#[test]
fn more_is_mended_than_is_kept_for_the_report() {
    let world = told();
    world.store.close();
    break_by(
        &world,
        "WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 300)
         INSERT INTO conversations (id, low_user_id, high_user_id, last_seq, created_at)
         SELECT n, n, n + 1, 5, 1 FROM n;
         INSERT INTO participants SELECT low_user_id, id, 0, 0, 0 FROM conversations WHERE id > 9;
         INSERT INTO participants SELECT high_user_id, id, 0, 0, 0 FROM conversations WHERE id > 9;",
    );
    let done = mend(&world);
    assert_eq!(
        (done.before.found, done.before.differences.len()),
        (291, 100)
    );
    assert_eq!(
        (done.mended.count, done.mended.differences.len()),
        (291, 100)
    );
    assert!(done.after.agrees());
}

#[test]
fn what_is_in_doubt_is_left_as_it_is() {
    let world = told();
    world.store.close();
    // Nobody can say whether the log is right about where cyd joined, or the participant's row.
    break_by(
        &world,
        "UPDATE participants SET joined_seq = 1 WHERE conversation_id = 2 AND user_id = 3;
         UPDATE groups SET member_count = 1 WHERE id = 1;",
    );
    let done = mend(&world);
    let doubt = "conversation 2, user 3: joined_seq is 1, must be 4";
    assert_eq!(
        lines(&done.before),
        [doubt, "group 1: member_count is 1, must be 3"]
    );
    assert_eq!(lines(&done.after), [doubt]);
}

/// Everything that a repair can change, and what that is counted from.
fn stored(world: &World) -> String {
    let lists = [
        "SELECT 'head ' || position FROM event_log",
        "SELECT group_concat('event ' || position) FROM events",
        "SELECT group_concat('conversation ' || id || ': ' || last_seq) FROM conversations",
        "SELECT group_concat('group ' || id || ': ' || member_count) FROM groups",
        "SELECT group_concat('message ' || id || ': ' || seq) FROM messages",
        "SELECT group_concat('member ' || group_id || ' ' || user_id) FROM group_members",
        "SELECT group_concat('reader ' || conversation_id || ' ' || user_id || ': ' || joined_seq
             || ' ' || seen_through || ' ' || cleared) FROM participants",
        "SELECT group_concat('seen ' || message_id || ' ' || user_id || ': ' || seen_at) FROM seens",
        "SELECT group_concat('range ' || conversation_id || ' ' || user_id || ': ' || from_seq
             || ' ' || to_seq || ' ' || seen_at) FROM seen_ranges",
    ];
    let row = lists.map(|list| format!("coalesce(({list}), '')"));
    diesel::select(sql::<Text>(&row.join(" || x'0A' || ")))
        .get_result(&mut world.stranger())
        .unwrap()
}

/// A counter in the conversation of ada and bob, and one in that of their group.
const OF_TWO: (&str, &str) = (
    "UPDATE conversations SET last_seq = 1 WHERE id = 1",
    "conversation 1: last_seq is 1, must be 4",
);
const OF_GROUP: (&str, &str) = (
    "UPDATE participants SET cleared = 1 WHERE conversation_id = 2 AND user_id = 1",
    "conversation 2, user 1: cleared is 1, must be 4",
);

#[rstest]
#[case::the_last_message_is_lost(
    "DELETE FROM messages WHERE id = 9",
    OF_TWO,
    "conversation 2: last_seq is 5, must be 4"
)]
#[case::the_last_message_and_its_events_are_lost(
    "DELETE FROM seens WHERE message_id = 9; DELETE FROM events WHERE message_id = 9;
     DELETE FROM messages WHERE id = 9",
    OF_TWO,
    "conversation 2: last_seq is 5, must be 4"
)]
#[case::a_range_is_lost(
    "DELETE FROM seen_ranges WHERE user_id = 2",
    OF_GROUP,
    "conversation 1, user 2: seen_through is 2, must be 0"
)]
#[case::a_mark_by_name_is_lost(
    "DELETE FROM seens WHERE message_id = 9",
    OF_TWO,
    "conversation 2, user 3: cleared is 5, must be 4"
)]
#[case::a_mark_is_made_up(
    "INSERT INTO seens VALUES (7, 1, 1)",
    OF_TWO,
    "conversation 2, user 1: cleared is 4, must be 5"
)]
#[case::a_range_ends_beyond_the_messages(
    "UPDATE seen_ranges SET to_seq = 1000 WHERE user_id = 2",
    OF_GROUP,
    "conversation 1, user 2: seen_through is 2, must be 1000"
)]
#[case::a_range_begins_too_late(
    "UPDATE seen_ranges SET from_seq = 2 WHERE user_id = 2;
     DELETE FROM seens WHERE message_id = 1; DELETE FROM events WHERE position = 5",
    OF_GROUP,
    "conversation 1, user 2: cleared is 4, must be 3"
)]
#[case::the_last_events_are_lost(
    "DELETE FROM events WHERE position > 24",
    OF_TWO,
    "the log: its head is 27, must be 24"
)]
#[case::a_place_is_impossible(
    "UPDATE messages SET seq = 9223372036854775807 WHERE id = 9",
    OF_TWO,
    "conversation 2: last_seq is 5, must be 9223372036854775807"
)]
#[case::a_place_is_the_lowest_of_all(
    "UPDATE messages SET seq = -9223372036854775808 WHERE id = 9",
    OF_TWO,
    "conversation 2: last_seq is 5, must be 4"
)]
#[case::the_event_of_a_first_mark_is_lost(
    "DELETE FROM events WHERE position = 15",
    OF_TWO,
    "message 6, user 3: seen_at is 114, must be 115 by the log"
)]
#[case::a_message_was_moved(
    "UPDATE messages SET conversation_id = 3, seq = 2 WHERE id = 9",
    OF_TWO,
    "conversation 3: last_seq is 1, must be 2"
)]
#[case::a_message_lives_by_the_log(
    "UPDATE messages SET deleted_at = 1 WHERE id = 8",
    OF_TWO,
    "conversation 2, user 2: cleared is 1, must be 2"
)]
#[case::a_member_is_lost(
    "DELETE FROM group_members WHERE group_id = 1 AND user_id = 3",
    OF_TWO,
    "group 1: member_count is 3, must be 2"
)]
fn what_was_counted_from_something_in_doubt_is_left_as_it_is(
    #[case] damage: &str,
    #[case] (other, of_other): (&str, &str),
    #[case] in_doubt: &str,
) {
    let world = told();
    world.store.close();
    break_by(&world, damage);
    let before = stored(&world);
    // What has nothing to do with it is mended.
    break_by(&world, other);
    let done = mend(&world);
    assert_eq!(stored(&world), before);
    let mut left = lines(&done.before);
    left.retain(|line| line != of_other);
    assert_eq!(left.len() + 1, done.before.differences.len());
    assert!(left.iter().any(|line| line == in_doubt), "{left:#?}");
    assert_eq!(lines(&done.after), left);
    let mended = &done.mended.differences;
    assert_eq!(
        (mended.len(), mended[0].to_string().as_str()),
        (1, of_other)
    );
}

#[test]
fn where_all_agrees_nothing_is_written() {
    let world = told();
    world.store.close();
    let before = std::fs::read(world.path()).unwrap();
    let done = mend(&world);
    assert!(done.before.agrees() && done.after.agrees());
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}

#[test]
fn an_open_store_keeps_a_repair_away() {
    let world = told();
    break_by(&world, DAMAGE);
    let Err(RecountError::Open(error)) = try_mend(&world) else {
        panic!("it was mended under an open store");
    };
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(!count(&world).agrees());
}

#[test]
fn a_missing_database_is_neither_made_nor_locked() {
    let dir = tempfile::tempdir().unwrap();
    let missing = repair(
        &SqliteOptions::new(dir.path().join("chat.db")),
        &mut |_, _| {},
    );
    assert!(matches!(
        missing,
        Err(RecountError::Open(OpenError::Missing { .. }))
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn another_schema_is_not_mended() {
    let world = told();
    world.store.close();
    break_by(
        &world,
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001');
         UPDATE event_log SET position = 1;",
    );
    let before = std::fs::read(world.path()).unwrap();
    assert!(matches!(
        try_mend(&world),
        Err(RecountError::Open(OpenError::Newer { .. }))
    ));
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}
