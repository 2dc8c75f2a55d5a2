//! How far the log has come, written down once for all jobs of a batch.

use diesel::dsl::max;
use diesel::prelude::*;

use super::Conn;
use super::queries::{one, prepared::update};
use crate::rows::Queried;
use crate::schema::{event_log, events};

/// Writes down how far the log has come.
pub(super) fn write_head(conn: &mut Conn) -> Queried<()> {
    let latest = events::table
        .select(max(events::position))
        .get_result::<Option<i64>>(conn)?;
    let Some(latest) = latest else {
        return Ok(());
    };
    let head = event_log::id.eq(1);
    let changed = update(event_log::table, head, event_log::position.eq(latest)).execute(conn)?;
    one(changed, "the head of the log")
}
