//! A look into the database file from outside, to see that nothing was changed.

use std::path::Path;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Every row of every table as text: equal before and after means that nothing was written.
pub(crate) fn digest(database: &Path) -> Vec<String> {
    let path = database.display().to_string();
    let mut connection = SqliteConnection::establish(&path).expect("the database opens");
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
