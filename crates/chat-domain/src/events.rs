//! The log: one narrow row for every change in a conversation or a group, in the order of the changes.

use crate::{Actor, ConversationId, LogId, MessageId, Role, Timestamp, UserId};

/// What happened. The numbers are stored, so they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum EventKind {
    /// A message was sent.
    MessageCreated = 1,
    /// A message was deleted.
    MessageDeleted = 3,
    /// One message was marked as seen by `user_id`.
    MessageSeen = 4,
    /// All messages up to this one were marked as seen by `user_id`.
    MessageSeenUpTo = 5,
    /// A group was created.
    GroupCreated = 20,
    /// One of a group's own fields changed: its name.
    GroupUpdated = 21,
    /// A group was deleted.
    GroupDeleted = 22,
    /// `user_id` became a member.
    MemberAdded = 40,
    /// The role of `user_id` changed.
    MemberRoleChanged = 41,
    /// `user_id` is no longer a member.
    MemberRemoved = 42,
    /// Fields of `user_id` changed; in no conversation.
    UserUpdated = 60,
    /// `user_id` was deleted; in no conversation. It has left its groups before.
    UserDeleted = 61,
}

/// A stored number that names no event kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event kind {0} is unknown")]
pub struct UnknownEventKind(pub i32);

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::MessageCreated,
        Self::MessageDeleted,
        Self::MessageSeen,
        Self::MessageSeenUpTo,
        Self::GroupCreated,
        Self::GroupUpdated,
        Self::GroupDeleted,
        Self::MemberAdded,
        Self::MemberRoleChanged,
        Self::MemberRemoved,
        Self::UserUpdated,
        Self::UserDeleted,
    ];

    /// The number that is stored.
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// Whether it says who was a member of a group and when: by these it is told who may see what else
    /// happened there, so they are never forgotten.
    pub const fn is_of_membership(self) -> bool {
        matches!(
            self,
            Self::GroupCreated | Self::GroupDeleted | Self::MemberAdded | Self::MemberRemoved
        )
    }
}

impl TryFrom<i32> for EventKind {
    type Error = UnknownEventKind;

    fn try_from(code: i32) -> Result<Self, UnknownEventKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == code)
            .ok_or(UnknownEventKind(code))
    }
}

/// An entry for the log: references only, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// Where; nowhere if it concerns a user alone.
    pub conversation_id: Option<ConversationId>,
    /// To which message, if it was one.
    pub message_id: Option<MessageId>,
    /// To which user, or by which reader.
    pub user_id: Option<UserId>,
    /// The member's role from now on, or until it was removed; its row may be gone when this is read.
    pub role: Option<Role>,
    /// Who did it; none when the system did.
    pub actor_id: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

impl NewEvent {
    /// Something that `actor` did in a conversation, about nothing else yet.
    pub const fn new(
        kind: EventKind,
        conversation: ConversationId,
        actor: Actor,
        at: Timestamp,
    ) -> Self {
        Self {
            kind,
            conversation_id: Some(conversation),
            message_id: None,
            user_id: None,
            role: None,
            actor_id: actor.user(),
            at,
        }
    }

    /// Something that `actor` did to a user, which stands in no conversation.
    pub const fn of_user(kind: EventKind, user: UserId, actor: Actor, at: Timestamp) -> Self {
        Self {
            kind,
            conversation_id: None,
            message_id: None,
            user_id: Some(user),
            role: None,
            actor_id: actor.user(),
            at,
        }
    }
}

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its place in the log: 1 and up, growing, in the order of commits.
    pub position: i64,
    /// What happened.
    pub event: NewEvent,
}

/// Which log it is, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// Which log.
    pub id: LogId,
    /// The position of its latest entry; 0 when it has none.
    pub position: i64,
    /// Up to here entries may have been forgotten; 0 when all are there.
    pub forgotten: i64,
}

/// A time in which a user was a member of a group, as the log tells it: it sees what happened in the group's
/// conversation from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The group's conversation.
    pub conversation_id: ConversationId,
    /// The position of the event by which it came: that it was added, or that it made the group.
    pub from: i64,
    /// The position of the last event that it sees: that it was removed, or that the group was deleted.
    /// None while it is a member.
    pub to: Option<i64>,
}

impl Stay {
    /// Whether the user sees what stands at `position` of the log in this conversation.
    pub fn covers(&self, position: i64) -> bool {
        self.from <= position && self.to.is_none_or(|to| position <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_kinds_are_one_to_one() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::try_from(kind.code()), Ok(kind));
        }
        assert_eq!(EventKind::try_from(0), Err(UnknownEventKind(0)));
    }
}
