//! What SQLite has given: ids of rows, and positions of events.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Conn;

/// Runs an INSERT of one row, and gives the id that the row was given, which stands in the column `$id`;
/// none if a trigger has dropped the row.
///
/// Not by RETURNING, for which SQLite makes a table of its own each time, and drops it: that costs more
/// than to ask for the id.
macro_rules! inserted {
    ($conn:expr, $insert:expr, $id:expr) => {{
        // Another backend returns the column.
        let _ = $id;
        match $insert.execute($conn)? {
            // The last id is that of another row then.
            0 => None,
            _ => Some(given::last_id($conn)?),
        }
    }};
}

pub(super) use inserted;

diesel::define_sql_function! {
    /// The id of the row that this connection inserted last.
    fn last_insert_rowid() -> BigInt;
}

/// The id of the row that this connection inserted last.
pub(super) fn last_id(conn: &mut Conn) -> QueryResult<i64> {
    diesel::select(last_insert_rowid()).get_result(conn)
}

/// The last position that an event was given, 0 before the first. SQLite remembers it beside the table
/// (AUTOINCREMENT), also when that event is no longer there.
pub(super) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    diesel::select(sql::<BigInt>(
        "coalesce((SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = 'events'), 0)",
    ))
    .get_result(conn)
}
