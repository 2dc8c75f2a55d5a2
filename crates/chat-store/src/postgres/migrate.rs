//! Bringing a database to the schema of this version.

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Server;
use super::open::one_line;
use super::{OpenError, PostgresOptions};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The advisory lock that nodes take their turns by.
const LOCK: i64 = 0x6368_6174_6d69_6772;

/// Migrates the database without opening a store on it, and says which migrations were run; none when
/// it was up to date. Of several at once, one does it and the others wait.
///
/// # Errors
/// As for [`PostgresStore::open`](crate::PostgresStore::open).
pub fn migrate(options: &PostgresOptions) -> Result<Vec<String>, OpenError> {
    let mut conn = Server::new(options).open()?;
    run_pending(&mut conn)
}

/// The same for one who is alone with the database.
#[cfg(feature = "sqlite")]
pub(super) fn migrate_alone(options: &PostgresOptions) -> Result<Vec<String>, OpenError> {
    let mut conn = Server::alone(options).open()?;
    run_pending(&mut conn)
}

fn run_pending(conn: &mut PgConnection) -> Result<Vec<String>, OpenError> {
    // A migration may take long, and whoever waits for it as well. The lock ends with the connection.
    let alone =
        format!("SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock({LOCK})");
    conn.batch_execute(&alone).map_err(|e| failed(&e))?;
    refuse_newer(&applied(conn).map_err(|e| failed(&e))?)?;
    refuse_half_moved(conn)?;
    let run = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| failed(&error))?
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(run)
}

fn failed(error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Migration(one_line(&error.to_string()))
}

/// The versions of the migrations that the database has, oldest first.
fn applied(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    let any: bool = diesel::select(sql::<Bool>(
        "to_regclass('__diesel_schema_migrations') IS NOT NULL",
    ))
    .get_result(conn)?;
    if !any {
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

/// Refuses a database that is being moved into: what it has is not all.
fn refuse_half_moved(conn: &mut PgConnection) -> Result<(), OpenError> {
    let moving: bool = diesel::select(sql::<Bool>("to_regclass('chat_move') IS NOT NULL"))
        .get_result(conn)
        .map_err(|e| OpenError::Database(one_line(&e.to_string())))?;
    if moving {
        return Err(OpenError::HalfMoved);
    }
    Ok(())
}

/// Refuses a database that is not all there, or whose schema is not the one of this version, for what
/// must not migrate it.
pub(super) fn refuse_other(conn: &mut PgConnection) -> Result<(), OpenError> {
    refuse_half_moved(conn)?;
    refuse_other_schema(conn)
}

/// Refuses a database whose schema is not the one of this version.
pub(super) fn refuse_other_schema(conn: &mut PgConnection) -> Result<(), OpenError> {
    let applied = applied(conn).map_err(|e| OpenError::Database(one_line(&e.to_string())))?;
    refuse_newer(&applied)?;
    match known()?
        .into_iter()
        .find(|version| !applied.contains(version))
    {
        None => Ok(()),
        Some(version) => Err(OpenError::Older { version }),
    }
}

/// The versions of the migrations of this program, oldest first.
fn known() -> Result<Vec<String>, OpenError> {
    let known: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| failed(&error))?;
    let mut versions: Vec<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort_unstable();
    Ok(versions)
}
