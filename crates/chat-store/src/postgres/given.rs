//! What PostgreSQL has given: ids of rows, and positions of events.

use diesel::prelude::*;

use super::Conn;
use crate::schema::event_log;

/// Runs an INSERT of one row, and gives the id that the row was given, which stands in the column `$id`;
/// none if a trigger has dropped the row.
macro_rules! inserted {
    ($conn:expr, $insert:expr, $id:expr) => {
        $insert.returning($id).get_result::<i64>($conn).optional()?
    };
}

pub(super) use inserted;

/// The last position that an event was given, 0 before the first. The head of the log gives them.
pub(super) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    event_log::table
        .find(1)
        .select(event_log::position)
        .get_result(conn)
}

#[cfg(feature = "sqlite")]
pub(super) use moving::{go_on_after, has_table, last_of};

/// What was given, from where a move takes it and to where it brings it.
#[cfg(feature = "sqlite")]
mod moving {
    use diesel::dsl::sql;
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Bool, Text};

    use super::Conn;

    /// The last id that the sequence of this table has given, 0 before the first.
    pub(in super::super) fn last_of(conn: &mut Conn, table: &str) -> QueryResult<i64> {
        let last = sql::<BigInt>("coalesce(pg_sequence_last_value(pg_get_serial_sequence(");
        diesel::select(last.bind::<Text, _>(table).sql(", 'id')::regclass), 0)")).get_result(conn)
    }

    /// Lets a table go on after this id. No rollback takes that back.
    pub(in super::super) fn go_on_after(
        conn: &mut Conn,
        table: &str,
        last: i64,
    ) -> QueryResult<()> {
        // The head of the log gives the positions.
        if table == "events" {
            return Ok(());
        }
        diesel::sql_query(
            "SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2, 1), $2 > 0)",
        )
        .bind::<Text, _>(table)
        .bind::<BigInt, _>(last)
        .execute(conn)
        .map(drop)
    }

    /// Whether there is a table of this name.
    pub(in super::super) fn has_table(conn: &mut Conn, name: &str) -> QueryResult<bool> {
        let there = sql::<Bool>("to_regclass(");
        diesel::select(there.bind::<Text, _>(name).sql(") IS NOT NULL")).get_result(conn)
    }
}
