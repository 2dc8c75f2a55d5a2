//! Rows of `events`.

use chat_domain::{
    ConversationId, EventKind, LoggedEvent, MessageId, NewEvent, Role, Timestamp, UserId,
};
use diesel::prelude::*;

use super::{Place, QueryError};
use crate::schema::events;

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = events)]
pub(crate) struct EventRow {
    pub(crate) position: i64,
    kind: i32,
    conversation_id: Option<i64>,
    message_id: Option<i64>,
    user_id: Option<i64>,
    role: Option<String>,
    actor_id: Option<i64>,
    at: i64,
}

impl TryFrom<EventRow> for LoggedEvent {
    type Error = QueryError;

    fn try_from(row: EventRow) -> Result<Self, QueryError> {
        let place = Place::row("events", row.position);
        Ok(Self {
            position: row.position,
            event: NewEvent {
                kind: place.read("kind", row.kind, EventKind::try_from)?,
                conversation_id: place.read_some(
                    "conversation_id",
                    row.conversation_id,
                    ConversationId::parse,
                )?,
                message_id: place.read_some("message_id", row.message_id, MessageId::parse)?,
                user_id: place.read_some("user_id", row.user_id, UserId::parse)?,
                role: place.read_some("role", row.role, |role| role.parse::<Role>())?,
                actor_id: place.read_some("actor_id", row.actor_id, UserId::parse)?,
                at: Timestamp::from_micros(row.at),
            },
        })
    }
}
