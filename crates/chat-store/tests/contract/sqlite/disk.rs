//! The disk: without room what can't be stored is refused whole; with room the log is moved on.

use chat_domain::ports::{StoreError, StoreResult, Verdict, WriteTx};
use diesel::connection::SimpleConnection;

use super::World;
use super::native::native;
use crate::harness::{Ended, begin, limit, new_user};

/// Lets the database grow no more, as long as the writer keeps its connection.
fn fill(world: &World) {
    let ended = native(&world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("PRAGMA max_page_count = 1").unwrap();
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
}

/// More than there is room for.
fn much(tx: &mut dyn WriteTx) -> StoreResult<()> {
    (0..1_000).try_for_each(|n| tx.insert_user(&new_user(&format!("user{n}"))).map(drop))
}

fn is_unavailable(ended: &Ended) -> bool {
    matches!(ended, Ended::Failed(StoreError::Unavailable(_)))
}

#[test]
fn a_full_disk_fails_the_whole_batch_and_the_store_goes_on() {
    let world = World::new();
    let db = world.db();
    db.user("before");
    fill(&world);
    let hold = world.hold_writer();
    let small = begin(&*world.store, |tx| tx.insert_user(&new_user("small"))).unwrap();
    let large = begin(&*world.store, much).unwrap();
    drop(hold);
    let (small, large) = (small.ended(), large.ended());
    assert!(is_unavailable(&small), "{small:?}");
    assert!(is_unavailable(&large), "{large:?}");

    db.user("after");
    let names: Vec<_> = db
        .read(|tx| tx.users(None, limit(9)))
        .items
        .into_iter()
        .map(|user| user.username.into_string())
        .collect();
    assert_eq!(names, ["before", "after"]);
}

#[test]
fn what_a_job_found_in_a_failed_batch_is_not_told() {
    let world = World::new();
    fill(&world);
    let hold = world.hold_writer();
    let first = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    // It finds the name taken, by a user who is gone with the batch.
    let twin = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    let large = begin(&*world.store, much).unwrap();
    drop(hold);
    for job in [first, twin] {
        let ended = job.ended();
        assert!(is_unavailable(&ended), "{ended:?}");
    }
    assert!(is_unavailable(&large.ended()));
    world.db().user("ada");
}

#[test]
fn a_job_that_swallows_a_fatal_error_fails_still() {
    let world = World::new();
    let db = world.db();
    for batched in [false, true] {
        fill(&world);
        let hold = batched.then(|| world.hold_writer());
        let job = begin(&*world.store, |tx| {
            let failed = much(tx);
            assert!(
                matches!(failed, Err(StoreError::Unavailable(_))),
                "{failed:?}"
            );
            // In a transaction that may be gone nothing more is written, and nothing read.
            assert_eq!(tx.insert_user(&new_user("late")).map(drop), failed);
            assert_eq!(tx.users(None, limit(9)).map(drop), failed);
            Ok(())
        })
        .unwrap();
        drop(hold);
        let ended = job.ended();
        assert!(is_unavailable(&ended), "{ended:?}");
        assert!(db.read(|tx| tx.users(None, limit(9))).items.is_empty());
    }
}

#[test]
fn jobs_behind_a_failed_batch_are_done() {
    let world = World::new();
    fill(&world);
    let hold = world.hold_writer();
    let large = begin(&*world.store, much).unwrap();
    let behind = begin(&*world.store, |tx| tx.insert_user(&new_user("behind"))).unwrap();
    drop(hold);
    assert!(is_unavailable(&large.ended()));
    assert_eq!(behind.ended(), Ended::Committed);
}

#[test]
fn a_database_locked_by_a_stranger_is_unavailable_until_it_is_free() {
    let world = World::with(|options| options.busy_timeout(std::time::Duration::from_millis(50)));
    let mut stranger = world.stranger();
    stranger.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = world.db().try_write(|tx| tx.insert_user(&new_user("ada")));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    stranger.batch_execute("ROLLBACK").unwrap();
    world.db().user("ada");
}

#[test]
fn commits_are_moved_into_the_database_while_it_is_open() {
    let world = World::new();
    let db = world.db();
    let [ada, bob] = db.users(["ada", "bob"]);
    let text = "x".repeat(16_384);
    for _ in 0..400 {
        db.tell(ada, bob, &text);
    }
    let size = || std::fs::metadata(world.path()).unwrap().len();
    let begun = std::time::Instant::now();
    while size() < 2 << 20 {
        assert!(begun.elapsed().as_secs() < 20, "{} bytes", size());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
