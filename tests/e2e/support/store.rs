//! The database file from outside: to see that nothing was changed, or to change it.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Changes the database behind the server's back.
pub(crate) fn execute(database: &Path, statement: &str) {
    connect(database)
        .batch_execute(statement)
        .expect("it is done");
}

fn connect(database: &Path) -> SqliteConnection {
    let path = database.display().to_string();
    let mut connection = SqliteConnection::establish(&path).expect("the database opens");
    // A sweep of the server's may be writing.
    let patient = connection.batch_execute("PRAGMA busy_timeout = 10000");
    patient.expect("a setting");
    connection
}

/// Every row that `query` gives as `line`.
pub(crate) fn lines(database: &Path, query: &str) -> Vec<String> {
    let found = diesel::sql_query(query).load::<Line>(&mut connect(database));
    let found = found.unwrap_or_else(|error| panic!("{error}: {query}"));
    found.into_iter().map(|row| row.line).collect()
}

/// One row of a query, as text.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every row of every table as text: equal before and after means that nothing was written.
pub(crate) fn digest(database: &Path) -> Vec<String> {
    let mut connection = connect(database);
    let tables: Vec<String> = diesel::select(sql::<Text>(
        "name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
    ))
    .load(&mut connection)
    .expect("the tables");
    let mut rows = Vec::new();
    for table in tables {
        let columns: Vec<String> = diesel::select(sql::<Text>(&format!(
            "'quote(\"' || name || '\")' FROM pragma_table_info('{table}')"
        )))
        .load(&mut connection)
        .expect("the columns");
        let row = columns.join(" || ',' || ");
        let found: Vec<String> = diesel::select(sql::<Text>(&format!(
            "'{table}: ' || {row} AS line FROM \"{table}\" ORDER BY line"
        )))
        .load(&mut connection)
        .expect("the rows");
        rows.extend(found);
    }
    rows
}
