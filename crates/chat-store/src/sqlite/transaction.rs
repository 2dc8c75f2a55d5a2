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
