//! Rows of `conversations` and `participants`.

use chat_domain::{
    Conversation, ConversationId, ConversationKind, DirectPair, GroupId, Participant, Seq, UserId,
};
use diesel::prelude::*;

use super::{Place, QueryError};
use crate::schema::{conversations, participants};

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
pub(crate) struct ConversationRow {
    id: i64,
    group_id: Option<i64>,
    low_user_id: Option<i64>,
    high_user_id: Option<i64>,
    last_seq: i64,
}

impl TryFrom<ConversationRow> for Conversation {
    type Error = QueryError;

    fn try_from(row: ConversationRow) -> Result<Self, QueryError> {
        let place = Place::row("conversations", row.id);
        let kind = match (row.group_id, row.low_user_id, row.high_user_id) {
            (Some(group), None, None) => {
                ConversationKind::Group(place.read("group_id", group, GroupId::parse)?)
            }
            (None, Some(low), Some(high)) => {
                let low = place.read("low_user_id", low, UserId::parse)?;
                let high = place.read("high_user_id", high, UserId::parse)?;
                let pair = place.read("high_user_id", high, |h| DirectPair::parse(low, h))?;
                ConversationKind::Direct(pair)
            }
            _ => return Err(place.broken("group_id", "must stand in place of two users")),
        };
        Ok(Self {
            id: place.read("id", row.id, ConversationId::parse)?,
            kind,
            last_seq: place.read("last_seq", row.last_seq, Seq::parse)?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = participants)]
pub(crate) struct ParticipantRow {
    user_id: i64,
    conversation_id: i64,
    joined_seq: i64,
    seen_through: i64,
    cleared: i64,
}

impl TryFrom<ParticipantRow> for Participant {
    type Error = QueryError;

    fn try_from(row: ParticipantRow) -> Result<Self, QueryError> {
        let place = Place::pair("participants", row.user_id, row.conversation_id);
        Ok(Self {
            user_id: place.read("user_id", row.user_id, UserId::parse)?,
            conversation_id: place.read(
                "conversation_id",
                row.conversation_id,
                ConversationId::parse,
            )?,
            joined_seq: place.read("joined_seq", row.joined_seq, Seq::parse)?,
            seen_through: place.read("seen_through", row.seen_through, Seq::parse)?,
            cleared: row.cleared,
        })
    }
}
