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

#[cfg(feature = "postgres")]
pub(super) use moving::{go_on_after, has_table, last_of};

/// What was given, from where a move takes it and to where it brings it.
#[cfg(feature = "postgres")]
mod moving {
    use diesel::sql_types::{BigInt, Text};

    use super::{Conn, QueryResult, RunQueryDsl, sql};

    /// The last id that SQLite remembers to have given to a row of this table, 0 before the first.
    pub(in super::super) fn last_of(conn: &mut Conn, table: &str) -> QueryResult<i64> {
        let last = sql::<BigInt>(
            "coalesce((SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = ",
        );
        diesel::select(last.bind::<Text, _>(table).sql("), 0)")).get_result(conn)
    }

    /// Lets a table go on after this id, or the log after this position.
    pub(in super::super) fn go_on_after(
        conn: &mut Conn,
        table: &str,
        last: i64,
    ) -> QueryResult<()> {
        // Of these SQLite remembers nothing: it goes on from the rows.
        if table == "idempotency_keys" {
            return Ok(());
        }
        // The table has no key.
        diesel::sql_query("DELETE FROM sqlite_sequence WHERE name = ?")
            .bind::<Text, _>(table)
            .execute(conn)?;
        diesel::sql_query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)")
            .bind::<Text, _>(table)
            .bind::<BigInt, _>(last)
            .execute(conn)
            .map(drop)
    }

    /// Whether there is a table of this name.
    pub(in super::super) fn has_table(conn: &mut Conn, name: &str) -> QueryResult<bool> {
        let tables: i64 = diesel::select(
            sql::<BigInt>("(SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ")
                .bind::<Text, _>(name)
                .sql(")"),
        )
        .get_result(conn)?;
        Ok(tables > 0)
    }
}
