//! A repair: what follows without doubt is mended, the rest is named and left as it is.

use chat_store::{Difference, OpenError, RecountError, Repair, SqliteOptions, SqliteStore, repair};

use super::recount::{break_by, count, lines, told};
use super::{World, plans};
use crate::harness::read;

fn try_mend(world: &World) -> Result<Repair, RecountError> {
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
    let found = &done.before.differences;
    assert!(found.iter().all(Difference::is_mendable));
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
