//! A host's own tables inside the same commits.

use std::sync::mpsc::{Sender, channel};

use chat_domain::ports::{Outcome, StoreError, StoreResult, UsersRead, Verdict};
use chat_store::sqlite::NativeJob;
use chat_store::{SqliteStore, SqliteTx};
use diesel::connection::{Connection, SimpleConnection};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::World;
use crate::harness::{Ended, begin, new_user};

struct Native<F>(F, Sender<Ended>);

impl<F> NativeJob for Native<F>
where
    F: FnMut(&mut SqliteTx<'_>) -> Verdict + Send,
{
    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Verdict {
        (self.0)(tx)
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        self.1.send(outcome.into()).unwrap();
    }
}

/// Breaks a reference in a way that the commit alone looks at: until then all is well.
pub(crate) const BREAK_COMMIT: &str = "PRAGMA defer_foreign_keys = ON;
    INSERT INTO seens (message_id, user_id, seen_at) VALUES (98, 99, 0)";

/// A native write whose commit fails.
pub(crate) fn break_commit(tx: &mut SqliteTx<'_>) -> Verdict {
    let conn = tx.connection().unwrap();
    conn.batch_execute(BREAK_COMMIT).unwrap();
    Verdict::Keep
}

/// Submits a native write.
pub(crate) fn submit(
    store: &SqliteStore,
    work: impl FnMut(&mut SqliteTx<'_>) -> Verdict + Send + 'static,
) -> std::sync::mpsc::Receiver<Ended> {
    let (ended, wait) = channel();
    let accepted = store.submit_native(Box::new(Native(work, ended)));
    assert!(accepted.is_ok());
    wait
}

/// Runs a native write to its end.
pub(crate) fn native(
    store: &SqliteStore,
    work: impl FnMut(&mut SqliteTx<'_>) -> Verdict + Send + 'static,
) -> Ended {
    submit(store, work).recv().unwrap()
}

fn with_notes() -> World {
    let world = World::new();
    let made = native(&world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("CREATE TABLE notes (n INTEGER)")
            .unwrap();
        Verdict::Keep
    });
    assert_eq!(made, Ended::Committed);
    world
}

fn note(conn: &mut SqliteConnection, n: i64) -> QueryResult<()> {
    conn.batch_execute(&format!("INSERT INTO notes VALUES ({n})"))
}

fn notes(world: &World) -> Vec<i64> {
    diesel::select(sql::<BigInt>("n FROM notes ORDER BY n"))
        .load(&mut world.stranger())
        .unwrap()
}

#[test]
fn a_nested_transaction_commits_with_its_job() {
    let world = with_notes();
    let ended = native(&world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.transaction(|conn| note(conn, 1)).unwrap();
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(notes(&world), [1]);
}

#[test]
fn a_nested_transaction_is_undone_with_its_job() {
    let world = with_notes();
    let ended = native(&world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.transaction(|conn| note(conn, 1)).unwrap();
        Verdict::Undo
    });
    assert_eq!(ended, Ended::Undone);
    assert_eq!(notes(&world), [0; 0]);
}

#[test]
fn a_nested_transaction_can_fail_by_itself() {
    let world = with_notes();
    let hold = world.hold_writer();
    let job = submit(&world.store, |tx| {
        let conn = tx.connection().unwrap();
        note(conn, 1).unwrap();
        let failed = conn.transaction::<(), _, _>(|conn| {
            note(conn, 2)?;
            Err(diesel::result::Error::RollbackTransaction)
        });
        assert!(failed.is_err());
        note(conn, 3).unwrap();
        Verdict::Keep
    });
    let neighbour = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    drop(hold);
    assert_eq!(job.recv().unwrap(), Ended::Committed);
    assert_eq!(neighbour.ended(), Ended::Committed);
    assert_eq!(notes(&world), [1, 3]);
}

#[test]
fn native_writes_of_a_batch_are_undone_alone() {
    let world = with_notes();
    let hold = world.hold_writer();
    let jobs: Vec<_> = [(1, Verdict::Keep), (2, Verdict::Undo), (3, Verdict::Keep)]
        .into_iter()
        .map(|(n, verdict)| {
            submit(&world.store, move |tx| {
                note(tx.connection().unwrap(), n).unwrap();
                verdict
            })
        })
        .collect();
    drop(hold);
    let ended: Vec<_> = jobs.iter().map(|job| job.recv().unwrap()).collect();
    assert_eq!(ended, [Ended::Committed, Ended::Undone, Ended::Committed]);
    assert_eq!(notes(&world), [1, 3]);
}

#[test]
fn a_panic_inside_a_nested_transaction_undoes_that_job_alone() {
    let world = with_notes();
    for batched in [false, true] {
        let hold = batched.then(|| world.hold_writer());
        let panicked = submit(&world.store, |tx| {
            let conn = tx.connection().unwrap();
            note(conn, 1).unwrap();
            let _ = conn.transaction::<(), diesel::result::Error, _>(|conn| {
                note(conn, 2)?;
                panic!("on purpose")
            });
            Verdict::Keep
        });
        let next = submit(&world.store, move |tx| {
            let n = if batched { 20 } else { 10 };
            tx.connection()
                .unwrap()
                .transaction(|conn| note(conn, n))
                .unwrap();
            Verdict::Keep
        });
        drop(hold);
        assert_eq!(
            panicked.recv().unwrap(),
            Ended::Failed(StoreError::Panicked)
        );
        assert_eq!(next.recv().unwrap(), Ended::Committed);
    }
    assert_eq!(notes(&world), [10, 20]);
}

#[test]
fn the_ports_and_the_connection_share_the_transaction() {
    let world = with_notes();
    let ended = native(&world.store, |tx| {
        let work = |tx: &mut SqliteTx<'_>| -> StoreResult<()> {
            use chat_domain::ports::Users;
            let ada = tx.insert_user(&new_user("ada"))?;
            note(tx.connection()?, ada.id.get()).unwrap();
            assert!(tx.user_exists(ada.id)?);
            Ok(())
        };
        work(tx).unwrap();
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(notes(&world), [1]);
}

#[test]
fn a_commit_returns_when_the_disk_has_it() {
    let world = World::new();
    let (tell, told) = channel();
    native(&world.store, move |tx| {
        let conn = tx.connection().unwrap();
        let full = diesel::select(sql::<BigInt>("synchronous FROM pragma_synchronous"))
            .get_result::<i64>(conn);
        let mode = diesel::select(sql::<Text>("journal_mode FROM pragma_journal_mode"))
            .get_result::<String>(conn);
        tell.send((full.unwrap(), mode.unwrap())).unwrap();
        Verdict::Undo
    });
    // 2 is FULL: in the mode of the write-ahead log each commit is synced.
    assert_eq!(told.recv().unwrap(), (2, "wal".to_owned()));
}
