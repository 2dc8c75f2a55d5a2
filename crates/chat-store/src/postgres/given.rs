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
