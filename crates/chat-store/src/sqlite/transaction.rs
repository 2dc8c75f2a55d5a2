//! Beginning and ending a transaction, with statements that are prepared once.
//!
//! Diesel's transaction manager sends these as text. It is told here what was done without it, so that
//! it still knows that a host's nested transaction is a savepoint.

use std::num::NonZeroU32;

use diesel::connection::{
    AnsiTransactionManager, TransactionDepthChange, TransactionManager, TransactionManagerStatus,
};
use diesel::prelude::*;
use diesel::query_builder::Query;
use diesel::result::{Error, QueryResult};
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use super::statement::statement;

statement!(Begin, "BEGIN");
statement!(BeginImmediate, "BEGIN IMMEDIATE");
statement!(Commit, "COMMIT");
statement!(RollBack, "ROLLBACK");
statement!(DataVersion, "PRAGMA data_version");

impl Query for DataVersion {
    type SqlType = BigInt;
}

/// Begins a snapshot to read in.
pub(super) fn begin_to_read(conn: &mut SqliteConnection) -> QueryResult<()> {
    outside(conn)?;
    Begin.execute(conn)?;
    tell(conn, TransactionDepthChange::IncreaseDepth)
}

/// Begins a transaction that may write. It takes SQLite's write lock at once: taken later, it could
/// fail in the middle.
pub(super) fn begin_to_write(conn: &mut SqliteConnection) -> QueryResult<()> {
    outside(conn)?;
    BeginImmediate.execute(conn)?;
    tell(conn, TransactionDepthChange::IncreaseDepth)
}

/// Commits. After a failure the connection must not be used again.
pub(super) fn commit(conn: &mut SqliteConnection) -> QueryResult<()> {
    let done = Commit.execute(conn);
    ended(conn, done)
}

/// Undoes the transaction. After a failure the connection must not be used again.
pub(super) fn roll_back(conn: &mut SqliteConnection) -> QueryResult<()> {
    let done = RollBack.execute(conn);
    ended(conn, done)
}

/// A number that is another one when another connection has changed the database since this one last
/// asked. It means nothing to any other connection.
pub(super) fn data_version(conn: &mut SqliteConnection) -> QueryResult<i64> {
    DataVersion.get_result(conn)
}

/// Closes nested transactions that a host's code left open, by a panic or by mistake. The savepoint
/// around them then decides over their writes.
pub(super) fn close_nested(conn: &mut SqliteConnection) -> QueryResult<()> {
    while depth(conn)? > 1 {
        AnsiTransactionManager::rollback_transaction(conn)?;
    }
    Ok(())
}

fn depth(conn: &mut SqliteConnection) -> QueryResult<u32> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.map_or(0, NonZeroU32::get))
}

fn outside(conn: &mut SqliteConnection) -> QueryResult<()> {
    match depth(conn)? {
        0 => Ok(()),
        _ => Err(Error::AlreadyInTransaction),
    }
}

/// What follows from the end of a transaction: one that failed leaves open whether there still is one,
/// so that no pool may hand the connection out again.
fn ended(conn: &mut SqliteConnection, done: QueryResult<usize>) -> QueryResult<()> {
    let told = done.and_then(|_| tell(conn, TransactionDepthChange::DecreaseDepth));
    if told.is_err() {
        AnsiTransactionManager::transaction_manager_status_mut(conn).set_in_error();
    }
    told
}

fn tell(conn: &mut SqliteConnection, change: TransactionDepthChange) -> QueryResult<()> {
    match AnsiTransactionManager::transaction_manager_status_mut(conn) {
        TransactionManagerStatus::Valid(status) => status.change_transaction_depth(change),
        TransactionManagerStatus::InError => Err(Error::BrokenTransactionManager),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::connection::SimpleConnection;

    use super::super::connection::Database;
    use super::*;

    fn write(conn: &mut SqliteConnection) -> i64 {
        begin_to_write(conn).unwrap();
        let version = data_version(conn).unwrap();
        conn.batch_execute("INSERT INTO t VALUES (zeroblob(5000))")
            .unwrap();
        commit(conn).unwrap();
        version
    }

    /// What the checkpointer and the writer itself do to the log is no change; only another's commit is.
    #[test]
    fn the_version_is_another_one_after_a_strangers_commit_alone() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database {
            path: dir.path().join("chat.db"),
            busy_timeout: Duration::from_secs(1),
        };
        let mut conn = database.create().unwrap();
        database.set_up_writer(&mut conn).unwrap();
        conn.batch_execute("CREATE TABLE t (n)").unwrap();
        let mut beside = database.writer().unwrap();

        let first = write(&mut conn);
        for mode in ["NOOP", "PASSIVE"] {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            beside.batch_execute(&sql).unwrap();
            assert_eq!(write(&mut conn), first, "{mode} beside");
        }
        for mode in ["RESTART", "TRUNCATE"] {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            conn.batch_execute(&sql).unwrap();
            assert_eq!(write(&mut conn), first, "{mode}");
        }
        write(&mut beside);
        let second = write(&mut conn);
        assert_ne!(second, first);
        assert_eq!(write(&mut conn), second);
    }

    #[test]
    fn the_manager_of_transactions_knows_of_them() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        assert_eq!(depth(&mut conn).unwrap(), 0);
        for end in [commit, roll_back] {
            begin_to_write(&mut conn).unwrap();
            assert_eq!(depth(&mut conn).unwrap(), 1);
            let again = begin_to_read(&mut conn);
            assert!(
                matches!(again, Err(Error::AlreadyInTransaction)),
                "{again:?}"
            );
            conn.transaction(|conn| {
                assert_eq!(depth(conn)?, 2);
                QueryResult::Ok(())
            })
            .unwrap();
            AnsiTransactionManager::begin_transaction(&mut conn).unwrap();
            close_nested(&mut conn).unwrap();
            end(&mut conn).unwrap();
            assert_eq!(depth(&mut conn).unwrap(), 0);
        }
    }

    #[test]
    fn a_connection_whose_transaction_did_not_end_well_is_not_used_again() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        begin_to_read(&mut conn).unwrap();
        conn.batch_execute("ROLLBACK").unwrap();
        assert!(roll_back(&mut conn).is_err());
        assert!(AnsiTransactionManager::is_broken_transaction_manager(
            &mut conn
        ));
    }
}
