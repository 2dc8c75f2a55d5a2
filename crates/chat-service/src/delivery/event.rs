//! An event as readers get it: what the log refers to, read once for all of them.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use chat_domain::{
    ConversationId, Cursor, DeletedUser, FoundMessage, FoundUser, Group, Member, MessageId,
    Presence, Timestamp, Tombstone, Typing, UserId, VisibleUser,
};
use std::sync::Arc;

use super::budget::Room;

/// What a reader is given.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Something that has happened, and stands in the log.
    Event(Arc<Event>),
    /// Somebody is writing; stored nowhere.
    Typing(Typing),
    /// Somebody has come or gone; stored nowhere.
    Presence(Presence),
}

/// Something that has happened. All readers of a node share it, and what a transport has made of it.
pub struct Event {
    /// Whoever has this cursor has seen this event and all before it.
    pub cursor: Cursor,
    /// When it happened.
    pub at: Timestamp,
    /// In which conversation; none if it concerns a user alone.
    pub conversation_id: Option<ConversationId>,
    /// What happened, in the state of when it was read.
    pub data: EventData,
    encoded: [OnceLock<Bytes>; Self::FORMS],
    /// Its part of the memory of what waits to be delivered.
    _room: Option<Room>,
}

/// What happened, with what it happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventData {
    /// A message was sent; by now it may have been deleted.
    MessageCreated(FoundMessage),
    /// A message was deleted.
    MessageDeleted {
        /// What is left of it.
        message: Tombstone,
        /// By whom; none when the system did.
        by: Option<UserId>,
    },
    /// A message was seen.
    MessageSeen {
        /// Which.
        message_id: MessageId,
        /// By whom.
        user_id: UserId,
        /// When it was first.
        seen_at: Timestamp,
        /// Whether all before it were marked with it.
        up_to: bool,
    },
    /// A group was made.
    GroupCreated(Group),
    /// A group's own fields changed.
    GroupUpdated(Group),
    /// A group was deleted; this is what it was last.
    GroupDeleted(Group),
    /// A user became a member.
    MemberAdded(Membership),
    /// A member's role changed.
    MemberRoleChanged(Membership),
    /// A user is no member any more.
    MemberRemoved(Membership),
    /// A user's fields changed.
    UserUpdated(FoundUser<VisibleUser>),
    /// A user was deleted.
    UserDeleted(DeletedUser),
}

/// A member, and who has made it what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The member; one that has gone as it was.
    pub member: Member,
    /// Who did it; none when the system did.
    pub by: Option<UserId>,
}

impl Event {
    /// In how many forms it can be kept encoded.
    pub const FORMS: usize = 2;

    pub(super) fn new(
        cursor: Cursor,
        at: Timestamp,
        conversation_id: Option<ConversationId>,
        data: EventData,
    ) -> Self {
        Self {
            cursor,
            at,
            conversation_id,
            data,
            encoded: [const { OnceLock::new() }; Self::FORMS],
            _room: None,
        }
    }

    pub(super) fn taking(self, room: Room) -> Self {
        Self {
            _room: Some(room),
            ..self
        }
    }

    /// The stable name of what happened, such as `message.created`.
    pub const fn name(&self) -> &'static str {
        match self.data {
            EventData::MessageCreated(_) => "message.created",
            EventData::MessageDeleted { .. } => "message.deleted",
            EventData::MessageSeen { .. } => "message.seen",
            EventData::GroupCreated(_) => "group.created",
            EventData::GroupUpdated(_) => "group.updated",
            EventData::GroupDeleted(_) => "group.deleted",
            EventData::MemberAdded(_) => "member.added",
            EventData::MemberRoleChanged(_) => "member.role_changed",
            EventData::MemberRemoved(_) => "member.removed",
            EventData::UserUpdated(_) => "user.updated",
            EventData::UserDeleted(_) => "user.deleted",
        }
    }

    /// What `encode` makes of it, made once for all readers of this node. `form` says which of the
    /// [`FORMS`](Self::FORMS) it is; what they are is for the transport to say, and beyond them nothing is kept.
    pub fn encoded(&self, form: usize, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        match self.encoded.get(form) {
            Some(kept) => kept.get_or_init(|| encode(self)).clone(),
            None => encode(self),
        }
    }

    /// About how many bytes of memory it takes, encoded too.
    pub(super) fn weight(&self) -> usize {
        /// The fields themselves, in memory and as text.
        const FRAME: usize = 1_024;
        let words = match &self.data {
            EventData::MessageCreated(FoundMessage::Living(message)) => {
                message.content.text().map_or(0, str::len)
            }
            _ => 0,
        };
        // As it is, and in two encodings.
        FRAME + 3 * words
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("position", &self.cursor.position)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
