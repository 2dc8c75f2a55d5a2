//! Rows as they are counted: narrow ones, of which there are many.

use chat_domain::EventKind;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::{Place, Queried};
use crate::recount::conversation::{Conversation, Kind};
use crate::recount::log::{conversations, messages};

/// Rows of tables among those of the log, told apart from events by numbers that are no event's.
pub(crate) mod table_rows {
    /// A conversation, or a message.
    pub(crate) const THING: i32 = -3;
    /// A member of a group.
    pub(crate) const MEMBER: i32 = -2;
    /// A message marked by name.
    pub(crate) const SEEN: i32 = -1;
    /// A message with which a range ends.
    pub(crate) const RANGE: i32 = 0;
}

/// A conversation with its counters.
#[derive(Queryable)]
pub(crate) struct CountedRow {
    pub(crate) id: i64,
    group_id: Option<i64>,
    low_user_id: Option<i64>,
    high_user_id: Option<i64>,
    last_seq: i64,
    deleted_at: Option<i64>,
    member_count: Option<i64>,
}

impl TryFrom<CountedRow> for Conversation {
    type Error = super::QueryError;

    fn try_from(row: CountedRow) -> Queried<Self> {
        let place = Place::row("conversations", row.id);
        let kind = match (row.group_id, row.low_user_id, row.high_user_id) {
            (Some(id), None, None) => Kind::Group {
                id,
                living: row.deleted_at.is_none(),
                member_count: place.required("group_id", row.member_count)?,
            },
            (None, Some(low), Some(high)) => Kind::Direct { low, high },
            _ => return Err(place.broken("group_id", "must stand in place of two users")),
        };
        Ok(Self {
            id: row.id,
            kind,
            last_seq: row.last_seq,
        })
    }
}

/// What stands about a conversation, in the tables or in the log.
#[derive(QueryableByName)]
pub(crate) struct ConversationEntryRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) position: i64,
    #[diesel(sql_type = Integer)]
    what: i32,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    role: Option<String>,
    /// Of a conversation 0 when it is direct, 1 of a living group, 2 of a deleted one; of a member
    /// its `joined_seq`, of a message its `seq`.
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

impl ConversationEntryRow {
    pub(crate) fn entry(self) -> Queried<conversations::Entry> {
        use conversations::{Entry, Kind};

        let user = self.user_id;
        Ok(match self.what {
            table_rows::THING => Entry::Conversation(match self.number {
                Some(0) => Kind::Direct,
                Some(1) => Kind::LivingGroup,
                _ => Kind::DeletedGroup,
            }),
            table_rows::MEMBER => Entry::Member {
                user,
                role: self.role.unwrap_or_default(),
                joined_seq: self.number,
            },
            kind => match event(self.position, kind)? {
                EventKind::MessageCreated => Entry::Sent { seq: self.number },
                EventKind::GroupCreated => Entry::GroupCreated,
                EventKind::GroupDeleted => Entry::GroupDeleted,
                EventKind::MemberAdded => Entry::Added {
                    user,
                    role: self.role,
                },
                EventKind::MemberRoleChanged => Entry::RoleChanged {
                    user,
                    role: self.role,
                },
                EventKind::MemberRemoved => Entry::Removed { user },
                _ => return Err(unexpected(self.position)),
            },
        })
    }
}

/// What stands about a message, in the tables or in the log.
#[derive(QueryableByName)]
pub(crate) struct MessageEntryRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) message_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) position: i64,
    #[diesel(sql_type = Integer)]
    what: i32,
    #[diesel(sql_type = BigInt)]
    conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    /// Of a message 1 while it lives; of a range its `to_seq`.
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl MessageEntryRow {
    pub(crate) fn entry(&self) -> Queried<messages::Entry> {
        use messages::{Entry, Event};

        let (conversation, user, at) = (self.conversation_id, self.user_id, self.at);
        Ok(match self.what {
            table_rows::THING => Entry::Message {
                conversation,
                living: self.number == 1,
            },
            table_rows::SEEN => Entry::Seen { user, at },
            table_rows::RANGE => Entry::Range {
                conversation,
                user,
                to_seq: self.number,
                at,
            },
            kind => Entry::Event {
                conversation,
                event: match event(self.position, kind)? {
                    EventKind::MessageCreated => Event::Created,
                    EventKind::MessageDeleted => Event::Deleted,
                    EventKind::MessageSeen => Event::Seen { user, at },
                    EventKind::MessageSeenUpTo => Event::SeenUpTo { user, at },
                    _ => return Err(unexpected(self.position)),
                },
            },
        })
    }
}

fn event(position: i64, kind: i32) -> Queried<EventKind> {
    Place::row("events", position).read("kind", kind, EventKind::try_from)
}

/// The queries ask for the kinds that are known here.
fn unexpected(position: i64) -> super::QueryError {
    Place::row("events", position).broken("kind", "was not asked for")
}
