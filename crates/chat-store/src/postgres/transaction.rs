//! Beginning and ending a transaction. Diesel's manager of transactions is told of each, so that a
//! host's nested transaction is a savepoint.

use std::num::NonZeroU32;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

/// Begins a transaction in which each statement sees what was committed before it.
pub(super) fn begin_to_write(conn: &mut PgConnection) -> QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(
        conn,
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    )
}

/// Begins a transaction of one moment, which is that of its first query.
pub(super) fn begin_to_read(conn: &mut PgConnection) -> QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(
        conn,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )
}

pub(super) fn commit(conn: &mut PgConnection) -> QueryResult<()> {
    AnsiTransactionManager::commit_transaction(conn)
}

pub(super) fn roll_back(conn: &mut PgConnection) -> QueryResult<()> {
    AnsiTransactionManager::rollback_transaction(conn)
}

/// Fails unless the transaction goes on: PostgreSQL answers the COMMIT of one that has failed by
/// rolling it back, and calls that well done.
pub(super) fn assert_sound(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("SELECT 1")
}

/// Closes nested transactions that a host's code left open, by a panic or by mistake.
pub(super) fn close_nested(conn: &mut PgConnection) -> QueryResult<()> {
    while depth(conn)? > 1 {
        AnsiTransactionManager::rollback_transaction(conn)?;
    }
    Ok(())
}

fn depth(conn: &mut PgConnection) -> QueryResult<u32> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.map_or(0, NonZeroU32::get))
}
