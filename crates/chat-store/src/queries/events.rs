//! The port of the log.

use chat_domain::ports::{Events, EventsRead, StoreResult};
use chat_domain::{
    ConversationId, LogId, LogState, LoggedEvent, MessageId, NewEvent, Role, UserId,
};
use diesel::prelude::*;

use super::prepared::CutDsl;
use super::{Tx, event_intake};
use crate::rows::EventRow;
use crate::schema::{event_log, events};

impl EventsRead for Tx<'_> {
    fn log_state(&mut self) -> StoreResult<LogState> {
        self.catch_up()?;
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
        self.catch_up()?;
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
            diesel::insert_into(event_intake::table)
                .values((
                    event_intake::kind.eq(event.kind.code()),
                    event_intake::conversation_id
                        .eq(event.conversation_id.map(ConversationId::get)),
                    event_intake::message_id.eq(event.message_id.map(MessageId::get)),
                    event_intake::user_id.eq(event.user_id.map(UserId::get)),
                    event_intake::role.eq(event.role.map(Role::as_str)),
                    event_intake::actor_id.eq(event.actor_id.map(UserId::get)),
                    event_intake::at.eq(event.at.as_micros()),
                ))
                .execute(conn)?;
            Ok(())
        })?;
        self.grow_log();
        Ok(())
    }
}
