//! A host's own tables inside the same transactions.

use chat_domain::ports::{StoreError, UsersRead, Verdict};
use diesel::connection::{Connection, SimpleConnection};
use diesel::prelude::*;

use super::{World, db, native, number};
use crate::harness::{Ended, new_user};

fn host(world: &World) {
    world.execute("CREATE TABLE accounts (name text PRIMARY KEY)");
}

fn accounts(world: &World) -> i64 {
    world.number("SELECT count(*) FROM accounts")
}

#[test]
fn what_the_host_writes_is_committed_with_the_chat() {
    use chat_domain::ports::Users;

    let world = some!(World::new());
    host(&world);
    let store = world.node();
    for verdict in [Verdict::Undo, Verdict::Keep] {
        let ended = native(&store, move |tx| {
            let conn = tx.connection().unwrap();
            conn.batch_execute("INSERT INTO accounts VALUES ('ada')")
                .unwrap();
            tx.insert_user(&new_user("ada")).unwrap();
            verdict
        });
        let (must, count) = match verdict {
            Verdict::Undo => (Ended::Undone, 0),
            Verdict::Keep => (Ended::Committed, 1),
        };
        assert_eq!(ended, must);
        assert_eq!(accounts(&world), count);
        assert_eq!(world.number("SELECT count(*) FROM users"), count);
    }
}

/// PostgreSQL would answer the commit by undoing it, and call that well done.
#[test]
fn a_failure_that_the_host_swallows_is_told() {
    let world = some!(World::new());
    host(&world);
    let store = world.node();
    let ended = native(&store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("INSERT INTO accounts VALUES ('ada')")
            .unwrap();
        assert!(
            conn.batch_execute("INSERT INTO accounts VALUES ('ada')")
                .is_err()
        );
        Verdict::Keep
    });
    assert!(matches!(ended, Ended::Failed(_)), "{ended:?}");
    assert_eq!(accounts(&world), 0);
    db(&store).user("ada");
}

#[test]
fn a_nested_transaction_is_a_savepoint() {
    let world = some!(World::new());
    host(&world);
    let store = world.node();
    let ended = native(&store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("INSERT INTO accounts VALUES ('ada')")
            .unwrap();
        let inner: QueryResult<()> = conn.transaction(|conn| {
            conn.batch_execute("INSERT INTO accounts VALUES ('bob')")?;
            Err(diesel::result::Error::RollbackTransaction)
        });
        assert!(inner.is_err());
        assert_eq!(number(conn, "SELECT count(*) FROM accounts"), 1);
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(accounts(&world), 1);
}

#[test]
fn a_nested_transaction_that_is_left_open_is_undone() {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};

    let world = some!(World::new());
    host(&world);
    let store = world.node();
    let ended = native(&store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("INSERT INTO accounts VALUES ('ada')")
            .unwrap();
        AnsiTransactionManager::begin_transaction(conn).unwrap();
        conn.batch_execute("INSERT INTO accounts VALUES ('bob')")
            .unwrap();
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(accounts(&world), 1);
    assert_eq!(
        world.number("SELECT count(*) FROM accounts WHERE name = 'ada'"),
        1
    );
}

#[test]
fn the_port_says_no_after_a_failure_of_its_own() {
    use chat_domain::ports::Users;

    let world = some!(World::new());
    let store = world.node();
    let ended = native(&store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("DROP TABLE seens").unwrap();
        let user = tx.insert_user(&new_user("ada")).unwrap();
        assert!(tx.users(None, crate::harness::limit(1)).is_ok());
        let message = chat_domain::MessageId::parse(1).unwrap();
        let failed =
            chat_domain::ports::Receipts::insert_seen(tx, message, user.id, crate::harness::at(1));
        assert!(matches!(failed, Err(StoreError::Broken(_))), "{failed:?}");
        assert_eq!(tx.user(user.id).err(), failed.err());
        Verdict::Keep
    });
    assert!(
        matches!(ended, Ended::Failed(StoreError::Broken(_))),
        "{ended:?}"
    );
    assert_eq!(world.number("SELECT count(*) FROM users"), 0);
    assert_eq!(world.number("SELECT count(*) FROM seens"), 0);
}
