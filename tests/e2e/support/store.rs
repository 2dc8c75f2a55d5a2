//! The database from outside: to see that nothing was changed, or to change it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Where a database is.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A URL.
    Postgres(String),
}

/// A plain connection, which knows nothing of ours.
#[derive(diesel::MultiConnection)]
enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Changes the database behind the server's back.
pub(crate) fn execute(database: &Database, statement: &str) {
    connect(database)
        .batch_execute(statement)
        .expect("it is done");
}

/// The same, whatever refers to what is changed.
pub(crate) fn execute_unchecked(database: &Database, statement: &str) {
    let unchecked = match database {
        Database::Sqlite(_) => "PRAGMA foreign_keys = OFF",
        Database::Postgres(_) => "SET session_replication_role = replica",
    };
    execute(database, &format!("{unchecked}; {statement}"));
}

fn connect(database: &Database) -> Stranger {
    match database {
        Database::Sqlite(file) => {
            let path = file.display().to_string();
            let mut connection = SqliteConnection::establish(&path).expect("the database opens");
            // A sweep of the server's may be writing.
            let patient = connection.batch_execute("PRAGMA busy_timeout = 10000");
            patient.expect("a setting");
            Stranger::Sqlite(connection)
        }
        Database::Postgres(url) => {
            let connection = PgConnection::establish(url).expect("the database opens");
            Stranger::Postgres(connection)
        }
    }
}

/// Bytes, as SQL has them there.
pub(crate) fn hex_bytes(database: &Database, hex: &str) -> String {
    match database {
        Database::Sqlite(_) => format!("x'{hex}'"),
        Database::Postgres(_) => format!("decode('{hex}', 'hex')"),
    }
}

/// Every row that `query` gives as `line`.
pub(crate) fn lines(database: &Database, query: &str) -> Vec<String> {
    read(&mut connect(database), query)
}

fn read(connection: &mut Stranger, query: &str) -> Vec<String> {
    let found = diesel::sql_query(query).load::<Line>(connection);
    let found = found.unwrap_or_else(|error| panic!("{error}: {query}"));
    found.into_iter().map(|row| row.line).collect()
}

/// One row of a query, as text.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The keys of all blobs, by their ids.
pub(crate) fn blob_keys(database: &Database) -> Vec<String> {
    let hex = match database {
        Database::Sqlite(_) => "lower(hex(hash))",
        Database::Postgres(_) => "encode(hash, 'hex')",
    };
    let query = format!("SELECT {hex} || '-' || id AS line FROM blobs ORDER BY id");
    lines(database, &query)
}

/// Waits until every event has its place in the log, which on PostgreSQL comes after the commit. There must
/// be a server.
pub(crate) fn settle(database: &Database) {
    let Database::Postgres(_) = database else {
        return;
    };
    let mut connection = connect(database);
    let begun = Instant::now();
    while !read(
        &mut connection,
        "SELECT 'one' AS line FROM event_outbox LIMIT 1",
    )
    .is_empty()
    {
        assert!(begun.elapsed() < Duration::from_secs(20), "events wait");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every row of every table as text: equal before and after means that nothing was written.
pub(crate) fn digest(database: &Database) -> Vec<String> {
    settle(database);
    let mut connection = connect(database);
    let tables = match database {
        Database::Sqlite(_) => {
            "SELECT name AS line FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        }
        Database::Postgres(_) => {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
    };
    let mut rows = Vec::new();
    for table in read(&mut connection, tables) {
        let row = match database {
            Database::Sqlite(_) => {
                let columns = format!(
                    "SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"
                );
                read(&mut connection, &columns).join(" || ',' || ")
            }
            Database::Postgres(_) => format!("\"{table}\"::text"),
        };
        let query = format!("SELECT '{table}: ' || {row} AS line FROM \"{table}\" ORDER BY line");
        rows.extend(read(&mut connection, &query));
    }
    rows
}
