//! Counting everything anew on a database's file: beside a running server, or with a repair, alone.

use std::fs;
use std::io::ErrorKind;

use diesel::Connection;
use diesel::sqlite::SqliteConnection;

use super::connection::Database;
use super::lock::FileLock;
use super::{OpenError, SqliteOptions, migrate, queries};
use crate::recount::{Recount, RecountError, Repair};
use crate::rows::QueryError;

type Counted<T> = Result<T, RecountError<OpenError>>;

/// Compares every counter, every place and every time of a mark with what the messages, the members
/// and the log say. `progress` hears how many rows of how many are done.
///
/// It only reads, in one transaction, and runs beside an open store: what it says is true of the
/// moment at which it began. While it reads, the write-ahead log of the database can't start anew
/// and grows with what is written.
///
/// # Errors
/// If there is no database, its schema is not that of this version, or it can't be read.
pub fn recount(options: &SqliteOptions, progress: &mut dyn FnMut(u64, u64)) -> Counted<Recount> {
    let database = existing(options).map_err(RecountError::Open)?;
    let mut conn = database
        .reader()
        .map_err(|error| OpenError::from_text_of_reading(&database.path, error.to_string()))
        .map_err(RecountError::Open)?;
    migrate::refuse_other(&mut conn, &database.path).map_err(RecountError::Open)?;
    database
        .set_up_scanner(&mut conn)
        .map_err(QueryError::from)?;
    Ok(conn.transaction(|conn| queries::recount(conn, progress))?)
}

/// Counts like [`recount`], mends what [can be mended](crate::Difference::is_mendable) and was not
/// counted from something in doubt, and counts once more, in one transaction: a repair that breaks off
/// has changed nothing.
///
/// No store may have the database open meanwhile.
///
/// # Errors
/// As for [`recount`]; besides, if another process has the database open, or it can't be written.
pub fn repair(options: &SqliteOptions, progress: &mut dyn FnMut(u64, u64)) -> Counted<Repair> {
    let database = existing(options).map_err(RecountError::Open)?;
    let _lock = FileLock::take(&database.path).map_err(RecountError::Open)?;
    let mut conn = open_alone(&database).map_err(RecountError::Open)?;
    Ok(conn.immediate_transaction(|conn| queries::repair(conn, progress))?)
}

/// The writing connection of a repair. Nothing is written before the schema is known.
fn open_alone(database: &Database) -> Result<SqliteConnection, OpenError> {
    let failed =
        |error: &dyn std::fmt::Display| OpenError::from_text(&database.path, error.to_string());
    let mut conn = database.existing().map_err(|error| failed(&error))?;
    migrate::refuse_other(&mut conn, &database.path)?;
    database
        .set_up_writer(&mut conn)
        .map_err(|error| failed(&error))?;
    Ok(conn)
}

/// The database, which must be there: nothing of this makes one.
pub(super) fn existing(options: &SqliteOptions) -> Result<Database, OpenError> {
    let path = options.path.clone();
    let reason = match fs::metadata(&path) {
        Ok(found) if !found.is_dir() => {
            return Ok(Database {
                path,
                busy_timeout: options.busy_timeout,
            });
        }
        Ok(_) => "it is a directory".to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(OpenError::Missing { path });
        }
        Err(error) => error.to_string(),
    };
    Err(OpenError::Unreadable { path, reason })
}
