//! The positions that SQLite has given to events. It remembers the last one beside the table
//! (AUTOINCREMENT), also when that event is no longer there.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Conn;

/// The last position that an event was given, 0 before the first.
pub(super) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    diesel::select(sql::<BigInt>(
        "coalesce((SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = 'events'), 0)",
    ))
    .get_result(conn)
}
