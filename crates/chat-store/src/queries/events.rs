//! The port of the log.

use chat_domain::ports::{Events, EventsRead, StoreResult};
use chat_domain::{
    ConversationId, LogId, LogState, LoggedEvent, MessageId, NewEvent, Role, UserId,
};
use diesel::dsl::max;
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, one};
use crate::rows::{EventRow, Queried};
use crate::schema::{event_log, events};

impl EventsRead for Tx<'_> {
    fn log_state(&mut self) -> StoreResult<LogState> {
        self.read(|conn| {
            let (id, position) = event_log::table
                .find(1)
                .select((event_log::log_id, event_log::position))
                .get_result(conn)?;
            Ok(LogState {
                id: LogId::trusted(id),
                position,
            })
        })
    }

    fn events(&mut self, after: i64, take: i64) -> StoreResult<Vec<LoggedEvent>> {
        self.read(|conn| {
            events::table
                .filter(events::position.gt(after))
                .order(events::position)
                .select(EventRow::as_select())
                .cut(0, take)
                .load(conn)?
                .into_iter()
                .map(LoggedEvent::try_from)
                .collect()
        })
    }
}

impl Events for Tx<'_> {
    fn append_event(&mut self, event: &NewEvent) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(events::table)
                .values((
                    events::kind.eq(event.kind.code()),
                    events::conversation_id.eq(event.conversation_id.map(ConversationId::get)),
                    events::message_id.eq(event.message_id.map(MessageId::get)),
                    events::user_id.eq(event.user_id.map(UserId::get)),
                    events::role.eq(event.role.map(Role::as_str)),
                    events::actor_id.eq(event.actor_id.map(UserId::get)),
                    events::at.eq(event.at.as_micros()),
                ))
                .execute(conn)?;
            Ok(())
        })?;
        self.grow_log();
        Ok(())
    }
}

/// Writes down how far the log has come.
pub(in super::super) fn write_head(conn: &mut Conn) -> Queried<()> {
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
