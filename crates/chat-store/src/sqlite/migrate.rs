//! Bringing a database to the schema of this version.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Database;
use super::lock::FileLock;
use super::{OpenError, SqliteOptions};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Migrates the database without opening a store on it, and says which migrations were run; none when
/// it was up to date.
///
/// # Errors
/// As for [`SqliteStore::open`](crate::SqliteStore::open).
pub fn migrate(options: &SqliteOptions) -> Result<Vec<String>, OpenError> {
    let _lock = FileLock::take(&options.path)?;
    let database = Database {
        path: options.path.clone(),
        busy_timeout: options.busy_timeout,
    };
    open_migrated(&database).map(|(_, run)| run)
}

/// The writing connection to the database in the schema of this version, and the migrations run.
pub(super) fn open_migrated(
    database: &Database,
) -> Result<(SqliteConnection, Vec<String>), OpenError> {
    let path = &database.path;
    let mut conn = database
        .create()
        .map_err(|error| OpenError::from_text(path, error.to_string()))?;
    // Before anything is written, even the journal's mode: a newer database stays as it is.
    let applied =
        applied(&mut conn).map_err(|error| OpenError::from_text(path, error.to_string()))?;
    refuse_newer(&applied)?;
    if half_moved(&mut conn).map_err(|error| OpenError::from_text(path, error.to_string()))? {
        return Err(OpenError::HalfMoved);
    }
    database
        .set_up_writer(&mut conn)
        .map_err(|error| OpenError::from_text(path, error.to_string()))?;
    let run = run_pending(&mut conn)?;
    // SQLite opens a file that it can't write for reading, and says so at the first write only, not
    // even when a transaction for writing begins.
    conn.batch_execute("BEGIN; UPDATE event_log SET position = position; ROLLBACK")
        .map_err(|error| OpenError::from_text(path, error.to_string()))?;
    Ok((conn, run))
}

/// Runs what is missing. Foreign keys are off meanwhile, or no later migration could rebuild a table
/// that others refer to; inside a migration's own transaction they can't be turned off. That every
/// reference holds is checked at the end.
fn run_pending(conn: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Migration(error.to_string());
    conn.batch_execute("PRAGMA foreign_keys = OFF")
        .map_err(|error| failed(&error))?;
    let run: Vec<String> = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| failed(&error))?
        .iter()
        .map(ToString::to_string)
        .collect();
    if !run.is_empty() {
        let broken: i64 = diesel::select(sql::<BigInt>(
            "(SELECT count(*) FROM pragma_foreign_key_check)",
        ))
        .get_result(conn)
        .map_err(|error| failed(&error))?;
        if broken > 0 {
            return Err(failed(&format!("{broken} references lead nowhere")));
        }
    }
    conn.batch_execute("PRAGMA foreign_keys = ON")
        .map_err(|error| failed(&error))?;
    Ok(run)
}

/// The versions of the migrations that the database has, oldest first.
fn applied(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let tables: i64 = diesel::select(sql::<BigInt>(
        "(SELECT count(*) FROM sqlite_schema WHERE name = '__diesel_schema_migrations')",
    ))
    .get_result(conn)?;
    if tables == 0 {
        return Ok(Vec::new());
    }
    diesel::select(sql::<Text>(
        "version FROM __diesel_schema_migrations ORDER BY version",
    ))
    .load(conn)
}

fn refuse_newer(applied: &[String]) -> Result<(), OpenError> {
    let known = known()?;
    match applied.iter().find(|version| !known.contains(version)) {
        None => Ok(()),
        Some(version) => Err(OpenError::Newer {
            version: version.clone(),
        }),
    }
}

/// Whether the database is being moved into: what it has is not all then.
fn half_moved(conn: &mut SqliteConnection) -> QueryResult<bool> {
    let notes: i64 = diesel::select(sql::<BigInt>(
        "(SELECT count(*) FROM sqlite_schema WHERE name = 'chat_move')",
    ))
    .get_result(conn)?;
    Ok(notes > 0)
}

/// Refuses a database that is not all there, or whose schema is not the one of this version, for what
/// must not migrate it.
pub(super) fn refuse_other(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let applied = refuse_foreign(conn, path)?;
    refuse_older(&applied)
}

/// Refuses a database whose schema is not the one of this version, for what moves into it.
#[cfg(feature = "postgres")]
pub(super) fn refuse_other_schema(
    conn: &mut SqliteConnection,
    path: &Path,
) -> Result<(), OpenError> {
    let applied = applied(conn).map_err(|e| OpenError::from_text(path, e.to_string()))?;
    refuse_newer(&applied)?;
    refuse_older(&applied)
}

fn refuse_older(applied: &[String]) -> Result<(), OpenError> {
    match known()?
        .into_iter()
        .find(|version| !applied.contains(version))
    {
        None => Ok(()),
        Some(version) => Err(OpenError::Older { version }),
    }
}

/// Refuses a database of a newer version, one without any migration, and one that is not all there;
/// gives the migrations that were run.
pub(super) fn refuse_foreign(
    conn: &mut SqliteConnection,
    path: &Path,
) -> Result<Vec<String>, OpenError> {
    let unreadable =
        |e: diesel::result::Error| OpenError::from_text_of_reading(path, e.to_string());
    let applied = applied(conn).map_err(unreadable)?;
    refuse_newer(&applied)?;
    if half_moved(conn).map_err(unreadable)? {
        return Err(OpenError::HalfMoved);
    }
    match (applied.is_empty(), known()?.into_iter().next()) {
        (true, Some(version)) => Err(OpenError::Older { version }),
        _ => Ok(applied),
    }
}

/// The versions of the migrations of this program, oldest first.
fn known() -> Result<Vec<String>, OpenError> {
    let known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS
        .migrations()
        .map_err(|error| OpenError::Migration(error.to_string()))?;
    let mut versions: Vec<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort_unstable();
    Ok(versions)
}
