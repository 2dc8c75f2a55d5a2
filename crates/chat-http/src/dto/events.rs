//! What happens, on the wire: one shape for every way of reading it.

use chat_domain::{
    ConversationId, FoundMessage, MessageId, Presence, Recipient, Timestamp, Tombstone, Typing,
    UserId,
};
use chat_service::{Event, EventData};
use serde::Serialize;
use utoipa::ToSchema;

use super::groups::GroupJson;
use super::members::MembershipJson;
use super::messages::MessageJson;
use super::users::FoundUserJson;
use crate::openapi::{EphemeralKindName, EventKindName, Id, MessageKindName};
use crate::time::WireTime;

/// Something that has happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventJson<'a> {
    /// Whoever goes on from here is given what comes after this event.
    cursor: String,
    #[schema(value_type = EventKindName)]
    kind: &'static str,
    at: WireTime,
    /// In which conversation; absent if it concerns a user alone.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<i64>,
    data: EventDataJson<'a>,
}

/// What an event is about, in the state of when it was read; which of these it is follows from `kind`.
#[derive(Serialize, ToSchema)]
#[schema(as = EventData)]
#[serde(untagged)]
pub(crate) enum EventDataJson<'a> {
    /// Of `message.created`.
    Message(MessageJson<'a>),
    /// Of `message.created`, if it was deleted by now.
    Tombstone(TombstoneJson),
    /// Of `message.deleted`.
    DeletedMessage(DeletedMessageJson),
    /// Of `message.seen`.
    Seen(MessageSeenJson),
    /// Of `group.created`, `group.updated` and `group.deleted`.
    Group(GroupJson<'a>),
    /// Of `member.added`, `member.role_changed` and `member.removed`.
    Membership(MembershipJson),
    /// Of `user.updated` and `user.deleted`.
    User(FoundUserJson<'a>),
}

/// What is left of a message that was deleted after it was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Tombstone)]
pub(crate) struct TombstoneJson {
    #[schema(value_type = Id)]
    id: i64,
    #[schema(value_type = Id)]
    conversation_id: i64,
    #[schema(value_type = Id)]
    seq: i64,
    #[schema(value_type = Id)]
    sender_id: i64,
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_id: Option<i64>,
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    #[schema(value_type = MessageKindName)]
    r#type: &'static str,
    created_at: WireTime,
    updated_at: WireTime,
    /// Always true.
    deleted: bool,
}

/// A message that was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedMessage)]
pub(crate) struct DeletedMessageJson {
    #[schema(value_type = Id)]
    id: i64,
    #[schema(value_type = Id)]
    seq: i64,
    #[schema(value_type = Id)]
    sender_id: i64,
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_id: Option<i64>,
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    /// By whom; absent when the system did.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_by: Option<i64>,
}

/// A message that was seen.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageSeen)]
pub(crate) struct MessageSeenJson {
    #[schema(value_type = Id)]
    message_id: i64,
    #[schema(value_type = Id)]
    user_id: i64,
    seen_at: WireTime,
    /// Whether all before it were marked with it.
    up_to: bool,
}

/// What is stored nowhere: it has no cursor, and comes to who is connected or not at all.
#[derive(Serialize, ToSchema)]
#[schema(as = Ephemeral)]
pub(crate) struct EphemeralJson {
    #[schema(value_type = EphemeralKindName)]
    kind: &'static str,
    /// Where somebody is writing.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<i64>,
    data: EphemeralDataJson,
}

/// Of `typing` or of `presence`.
#[derive(Serialize, ToSchema)]
#[schema(as = EphemeralData)]
#[serde(untagged)]
pub(crate) enum EphemeralDataJson {
    /// Somebody is writing.
    Typing {
        /// Who.
        #[schema(value_type = Id)]
        user_id: i64,
        /// It is over then, unless it comes again.
        expires_at: WireTime,
    },
    /// Somebody has come or gone.
    Presence {
        /// Who.
        #[schema(value_type = Id)]
        user_id: i64,
        /// Whether any connection of it lives.
        online: bool,
        /// When its last connection ended, if none lives.
        #[schema(nullable = false)]
        #[serde(skip_serializing_if = "Option::is_none")]
        last_seen: Option<WireTime>,
    },
}

/// The first of what a stream tells: nothing after the cursor is missed from here on.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyJson {
    /// Always `ready`.
    pub(crate) kind: &'static str,
    /// Where the stream starts.
    pub(crate) cursor: String,
}

impl<'a> From<&'a Event> for EventJson<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            cursor: event.cursor.to_string(),
            kind: event.name(),
            at: WireTime(event.at),
            conversation_id: event.conversation_id.map(ConversationId::get),
            data: (&event.data).into(),
        }
    }
}

impl<'a> From<&'a EventData> for EventDataJson<'a> {
    fn from(data: &'a EventData) -> Self {
        match data {
            EventData::MessageCreated(FoundMessage::Living(message)) => {
                Self::Message(message.into())
            }
            EventData::MessageCreated(FoundMessage::Deleted(left)) => Self::Tombstone(left.into()),
            EventData::MessageDeleted { message, by } => {
                Self::DeletedMessage(DeletedMessageJson::of(message, *by))
            }
            EventData::MessageSeen {
                message_id,
                user_id,
                seen_at,
                up_to,
            } => Self::Seen(MessageSeenJson::of(*message_id, *user_id, *seen_at, *up_to)),
            EventData::GroupCreated(group)
            | EventData::GroupUpdated(group)
            | EventData::GroupDeleted(group) => Self::Group(group.into()),
            EventData::MemberAdded(membership)
            | EventData::MemberRoleChanged(membership)
            | EventData::MemberRemoved(membership) => Self::Membership(membership.into()),
            EventData::UserUpdated(user) => Self::User(user.into()),
            EventData::UserDeleted(user) => Self::User(FoundUserJson::Deleted((*user).into())),
        }
    }
}

/// The ids of a receiver and of a group, of which a message has one.
fn ids_of(recipient: Recipient) -> (Option<i64>, Option<i64>) {
    match recipient {
        Recipient::User(user) => (Some(user.get()), None),
        Recipient::Group(group) => (None, Some(group.get())),
    }
}

impl From<&Tombstone> for TombstoneJson {
    fn from(left: &Tombstone) -> Self {
        let (receiver_id, group_id) = ids_of(left.recipient);
        Self {
            id: left.id.get(),
            conversation_id: left.conversation_id.get(),
            seq: left.seq.get(),
            sender_id: left.sender_id.get(),
            receiver_id,
            group_id,
            r#type: left.kind.as_str(),
            created_at: WireTime(left.created_at),
            updated_at: WireTime(left.updated_at),
            deleted: true,
        }
    }
}

impl DeletedMessageJson {
    fn of(left: &Tombstone, by: Option<UserId>) -> Self {
        let (receiver_id, group_id) = ids_of(left.recipient);
        Self {
            id: left.id.get(),
            seq: left.seq.get(),
            sender_id: left.sender_id.get(),
            receiver_id,
            group_id,
            deleted_by: by.map(UserId::get),
        }
    }
}

impl MessageSeenJson {
    fn of(message: MessageId, user: UserId, seen_at: Timestamp, up_to: bool) -> Self {
        Self {
            message_id: message.get(),
            user_id: user.get(),
            seen_at: WireTime(seen_at),
            up_to,
        }
    }
}

impl From<Typing> for EphemeralJson {
    fn from(typing: Typing) -> Self {
        Self {
            kind: "typing",
            conversation_id: Some(typing.conversation_id.get()),
            data: EphemeralDataJson::Typing {
                user_id: typing.user_id.get(),
                expires_at: WireTime(typing.expires_at),
            },
        }
    }
}

impl From<Presence> for EphemeralJson {
    fn from(presence: Presence) -> Self {
        Self {
            kind: "presence",
            conversation_id: None,
            data: EphemeralDataJson::Presence {
                user_id: presence.user_id.get(),
                online: presence.online,
                last_seen: presence.last_seen.map(WireTime),
            },
        }
    }
}

impl EphemeralJson {
    /// What it is.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }
}
