//! The savepoint of one job within a batch.
//!
//! Diesel's own nested transaction rolls back to its savepoint without releasing it, so they would
//! pile up over a batch.

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;

use super::statement::statement;

statement!(Take, "SAVEPOINT chat_job");
statement!(Release, "RELEASE chat_job");
statement!(RollBack, "ROLLBACK TO chat_job");

/// Marks where the job's writes begin.
pub(super) fn take(conn: &mut SqliteConnection) -> QueryResult<()> {
    Take.execute(conn).map(drop)
}

/// Makes the job's writes part of the batch.
pub(super) fn release(conn: &mut SqliteConnection) -> QueryResult<()> {
    Release.execute(conn).map(drop)
}

/// Undoes the job's writes, and nothing else of the batch.
pub(super) fn undo(conn: &mut SqliteConnection) -> QueryResult<()> {
    RollBack.execute(conn)?;
    release(conn)
}
