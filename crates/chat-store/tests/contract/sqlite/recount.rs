//! A recount on a real database: a story agrees, and each thing that is broken in it is named.

use std::path::Path;

use chat_domain::ports::Store;
use chat_store::sqlite::{OpenError, recount};
use chat_store::{Recount, RecountError, SqliteOptions};
use diesel::connection::SimpleConnection;
use rstest::rstest;

use super::{World, plans};
use crate::harness::{Logged, new_user};

/// A world with a story in it.
///
/// Conversation 1 is of ada (1) and bob (2): ada sends 1 and 2, bob 3, ada 4 and deletes it. Bob
/// has marked 1 by name, and all up to 2.
///
/// Conversation 2 is of group 1 of ada, bob and cyd (3): ada sends 5 (seq 1), cyd joins, ada sends 6
/// and bob 7. Cyd marks 6 by name and then all up to it, leaves, comes back after 8 (seq 4), and
/// marks 9 by name. Conversation 3 is of group 2, which was deleted.
pub(crate) fn told() -> World {
    let world = World::new();
    let db = world.db();
    let [ada, bob, cyd] = db.users(["ada", "bob", "cyd"]);
    let story = Logged::new(&db);

    let [first, second] = [ada, ada].map(|sender| story.tell(sender, bob));
    story.tell(bob, ada);
    let last = story.tell(ada, bob);
    story.see(bob, &first);
    story.see_up_to(bob, &second);
    story.delete(&last);

    let team = story.group("team", ada);
    story.join(&team, bob);
    story.say(&team, ada);
    story.join(&team, cyd);
    let sixth = story.say(&team, ada);
    story.say(&team, bob);
    story.see(cyd, &sixth);
    story.see_up_to(cyd, &sixth);
    story.leave(&team, cyd);
    story.say(&team, ada);
    story.join(&team, cyd);
    let ninth = story.say(&team, ada);
    story.see(cyd, &ninth);
    story.promote(&team, bob);

    let gone = story.group("gone", ada);
    story.join(&gone, cyd);
    story.say(&gone, ada);
    story.delete_group(&gone);
    world
}

fn try_count(path: &Path) -> Result<Recount, RecountError<OpenError>> {
    plans::scanning(|| recount(&SqliteOptions::new(path), &mut |_, _| {})).0
}

/// Counts anew, which must be possible.
pub(crate) fn count(world: &World) -> Recount {
    try_count(&world.path()).unwrap()
}

/// The differences that a recount names.
pub(crate) fn lines(recount: &Recount) -> Vec<String> {
    assert_eq!(recount.found, recount.differences.len() as u64);
    recount
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Breaks something, as only a stranger can.
pub(crate) fn break_by(world: &World, damage: &str) {
    let mut stranger = world.stranger();
    stranger.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
    stranger.batch_execute(damage).unwrap();
}

#[test]
fn a_story_agrees_beside_its_open_store() {
    let world = told();
    let counted = count(&world);
    assert_eq!(lines(&counted), [""; 0]);
    assert!(counted.agrees());
    let Recount {
        conversations,
        messages,
        participants,
        seens,
        ranges,
        events,
        ..
    } = counted;
    assert_eq!((conversations, messages, participants), (3, 10, 5));
    assert_eq!((seens, ranges, events), (4, 2, 27));
}

#[test]
fn an_empty_database_agrees() {
    assert_eq!(count(&World::new()), Recount::default());
}

#[test]
fn a_closed_database_is_counted_too() {
    let world = told();
    world.store.close();
    assert!(count(&world).agrees());
    // And opened after that.
    assert!(chat_store::SqliteStore::open(&SqliteOptions::new(world.path())).is_ok());
}

#[test]
fn it_is_true_of_the_moment_at_which_it_began() {
    let world = told();
    let db = world.db();
    let [ada, bob] = [1, 2].map(|id| chat_domain::UserId::parse(id).unwrap());
    let mut told = Vec::new();
    let (counted, _) = plans::scanning(|| {
        recount(&SqliteOptions::new(world.path()), &mut |done, total| {
            if told.is_empty() {
                Logged::new(&db).tell(ada, bob);
                break_by(&world, "UPDATE groups SET member_count = 9 WHERE id = 1");
            }
            told.push((done, total));
        })
    });
    let counted = counted.unwrap();
    assert_eq!((lines(&counted), counted.messages), (vec![], 10));
    let later = count(&world);
    assert_eq!((later.found, later.messages), (1, 11));
    let total = told[0].1;
    assert_eq!((told[0], told.last()), ((0, total), Some(&(total, total))));
    assert!(told.is_sorted(), "{told:?}");
}

#[rstest]
#[case::last_seq(
    "UPDATE conversations SET last_seq = 9 WHERE id = 2",
    &["conversation 2: last_seq is 9, must be 5"]
)]
#[case::deleted_member(
    "UPDATE users SET deleted_at = 9 WHERE id = 3",
    &["group 1, user 3: a deleted user is a member"]
)]
#[case::avatar_of_no_file(
    "UPDATE users SET avatar_file_id = 99 WHERE id = 3",
    &["user 3: its avatar is file 99, and user and file must both live"]
)]
#[case::avatar_of_a_deleted_file(
    "INSERT INTO files (id, url, created_at, updated_at, deleted_at) VALUES (5, '', 0, 0, 1);
     UPDATE users SET avatar_file_id = 5 WHERE id = 3",
    &["user 3: its avatar is file 5, and user and file must both live"]
)]
#[case::member_count(
    "UPDATE groups SET member_count = 4 WHERE id = 1",
    &["group 1: member_count is 4, must be 3"]
)]
#[case::cleared(
    "UPDATE participants SET cleared = 4 WHERE conversation_id = 2 AND user_id = 3",
    &["conversation 2, user 3: cleared is 4, must be 5"]
)]
#[case::seen_through(
    "UPDATE participants SET seen_through = 3 WHERE conversation_id = 1 AND user_id = 2",
    &["conversation 1, user 2: seen_through is 3, must be 2"]
)]
#[case::joined(
    "UPDATE participants SET joined_seq = 2 WHERE conversation_id = 2 AND user_id = 3",
    &["conversation 2, user 3: joined_seq is 2, must be 4"]
)]
#[case::joined_a_pair(
    "UPDATE participants SET joined_seq = 2 WHERE conversation_id = 1 AND user_id = 2",
    &["conversation 1, user 2: joined_seq is 2, must be 0"]
)]
#[case::head(
    "UPDATE event_log SET position = 5",
    &["the log: its head is 5, must be 27"]
)]
#[case::place(
    "UPDATE messages SET seq = 6 WHERE id = 9; UPDATE conversations SET last_seq = 6 WHERE id = 2;
     UPDATE participants SET cleared = cleared + 1 WHERE conversation_id = 2",
    &["conversation 2: places 5 to 5 have no message"]
)]
#[case::order_of_ids(
    "UPDATE messages SET seq = -1 WHERE id = 5; UPDATE messages SET seq = 1 WHERE id = 7;
     UPDATE messages SET seq = 3 WHERE id = 5",
    &[
        "event 13: place 2 of conversation 2 was logged after place 3",
        "event 14: place 1 of conversation 2 was logged after place 3",
        "conversation 2: message 6 has no greater id than the one before it",
        "conversation 2: message 5 has no greater id than the one before it",
    ]
)]
#[case::deleted(
    "UPDATE messages SET deleted_at = 1 WHERE id = 8",
    &[
        "message 8: 0 events say that it was deleted, must be 1",
        "conversation 2, user 2: cleared is 1, must be 2",
    ]
)]
#[case::undeleted(
    "UPDATE messages SET deleted_at = NULL WHERE id = 4",
    &[
        "message 4: 1 events say that it was deleted, must be 0",
        "conversation 1, user 2: cleared is 4, must be 3",
    ]
)]
#[case::member_gone(
    "DELETE FROM group_members WHERE user_id = 3; UPDATE groups SET member_count = 2 WHERE id = 1",
    &[
        "conversation 2, user 3: is no member of its group, must be member by the log",
        "conversation 2, user 3: takes part, and must not",
    ]
)]
#[case::participant_gone(
    "DELETE FROM participants WHERE conversation_id = 2 AND user_id = 2",
    &["conversation 2, user 2: does not take part, and must"]
)]
#[case::role(
    "UPDATE group_members SET role = 'member' WHERE user_id = 2",
    &["conversation 2, user 2: is member of its group, must be admin by the log"]
)]
#[case::deleted_group_with_a_member(
    "INSERT INTO group_members VALUES (2, 3, 'member', 1, 1)",
    &[
        "group 2: member_count is 0, must be 1",
        "group 2, user 3: is a member of a deleted group",
    ]
)]
#[case::undeleted_group(
    "UPDATE groups SET deleted_at = NULL WHERE id = 2",
    &[
        "conversation 3: 1 events say that its group was deleted, must be 0",
        "conversation 3, user 1: is no member of its group, must be owner by the log",
        "conversation 3, user 3: is no member of its group, must be member by the log",
    ]
)]
#[case::no_conversation(
    "INSERT INTO groups (name, name_key, created_at, updated_at) VALUES ('x', 'x', 1, 1)",
    &["group 3: it has no conversation"]
)]
#[case::mark_of_nothing(
    "INSERT INTO seens VALUES (99, 1, 1)",
    &["message 99, user 1: is marked as seen, and does not exist"]
)]
#[case::mark_by_the_sender(
    "INSERT INTO seens VALUES (3, 2, 1)",
    &[
        "message 3, user 2: is marked as seen, and no event says so",
        "message 3, user 2: is marked as seen by its sender",
    ]
)]
#[case::mark_gone(
    "DELETE FROM seens WHERE message_id = 9",
    &[
        "message 9, user 3: is marked as seen by event 21, and no row says so",
        "conversation 2, user 3: cleared is 5, must be 4",
    ]
)]
#[case::time_of_a_mark(
    "UPDATE seens SET seen_at = 1 WHERE message_id = 9",
    &["message 9, user 3: seen_at is 1, must be 120 by the log"]
)]
#[case::time_of_a_range(
    "UPDATE seen_ranges SET seen_at = 1 WHERE user_id = 3",
    &["conversation 2, user 3: seen_at of the range to 2 is 1, must be 115 by the log"]
)]
#[case::range_too_long(
    "UPDATE seen_ranges SET to_seq = 6 WHERE user_id = 3",
    &[
        "message 6, user 3: is marked with all before it by event 16, and no range ends there",
        "conversation 2, user 3: the range 2 to 6 ends after the last message, 5",
        "conversation 2, user 3: seen_through is 4, must be 6",
    ]
)]
#[case::range_gone(
    "DELETE FROM seen_ranges WHERE user_id = 2",
    &[
        "message 2, user 2: is marked with all before it by event 6, and no range ends there",
        "conversation 1, user 2: seen_through is 2, must be 0",
    ]
)]
#[case::ranges_overlap(
    "INSERT INTO seen_ranges VALUES (3, 2, 3, 2, 1)",
    &[
        "conversation 2, user 3: the range to 3 is marked, and no event says so",
        "conversation 2, user 3: the range 2 to 3 overlaps the one before it",
    ]
)]
#[case::event_gone(
    "DELETE FROM events WHERE position = 2",
    &[
        "the log: positions 2 to 2 have no event",
        "message 2: 0 events say that it was sent, must be 1",
    ]
)]
#[case::event_below_the_first_position(
    "UPDATE events SET position = -5 WHERE position = 1",
    &[
        "event -5: its position must be 1 or more",
        "the log: positions 1 to 1 have no event",
    ]
)]
#[case::event_of_nothing(
    "UPDATE events SET message_id = 99 WHERE position = 2",
    &[
        "message 2: 0 events say that it was sent, must be 1",
        "event 2: tells of message 99, which does not exist",
    ]
)]
#[case::event_elsewhere(
    "UPDATE events SET conversation_id = 2 WHERE position = 7",
    &["event 7: is in conversation 2, must be in 1 as message 4 is"]
)]
#[case::conversation_of_nothing(
    "UPDATE events SET conversation_id = 99 WHERE kind = 22",
    &[
        "conversation 3: 0 events say that its group was deleted, must be 1",
        "the log: tells of conversation 99, which does not exist",
    ]
)]
#[case::order_of_the_log(
    "UPDATE events SET position = 99 WHERE position = 2; UPDATE events SET position = 2 WHERE position = 1;
     UPDATE events SET position = 1 WHERE position = 99",
    &["event 2: place 1 of conversation 1 was logged after place 2"]
)]
fn what_is_broken_is_named_and_nothing_else(#[case] damage: &str, #[case] expected: &[&str]) {
    let world = told();
    break_by(&world, damage);
    assert_eq!(lines(&count(&world)), expected);
}

#[test]
fn many_differences_are_counted_and_the_first_are_kept() {
    let world = told();
    let rows = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 250)
                INSERT INTO seens SELECT 1000 + n, 1, 1 FROM n";
    break_by(&world, rows);
    let counted = count(&world);
    assert_eq!((counted.found, counted.differences.len()), (250, 100));
    assert!(!counted.agrees());
}

fn refusal(path: &Path) -> OpenError {
    match try_count(path) {
        Err(RecountError::Open(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_database_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&dir.path().join("chat.db"));
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn another_file_is_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    std::fs::write(&path, "Dear diary, ".repeat(1_000)).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error}");
}

#[rstest]
#[case::older("DELETE FROM __diesel_schema_migrations", "migrate")]
#[case::newer(
    "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')",
    "newer"
)]
fn another_schema_is_told_and_left_alone(#[case] change: &str, #[case] advice: &str) {
    let world = World::new();
    world.store.close();
    break_by(&world, change);
    let before = std::fs::read(world.path()).unwrap();
    let error = refusal(&world.path()).to_string();
    assert!(error.contains(advice), "{error}");
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}

#[test]
fn it_writes_nothing_and_stops_no_writer() {
    let world = told();
    break_by(&world, "UPDATE groups SET member_count = 9 WHERE id = 1");
    let before = std::fs::read(world.path()).unwrap();
    assert!(!count(&world).agrees());
    assert!(!count(&world).agrees());
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
    let store: &dyn Store = &*world.store;
    assert!(crate::harness::write(store, |tx| tx.insert_user(&new_user("eve"))).is_ok());
}
