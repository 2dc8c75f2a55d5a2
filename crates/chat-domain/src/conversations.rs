//! Conversations: two users, or the members of a group, with one order of messages each.

use crate::{ConversationId, Fault, GroupId, Invalid, Seq, UserId};

/// Two different users, in no order: the key of their direct conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

impl DirectPair {
    /// The pair of `one` and `other`; [`Fault::Conflict`] if they are the same user.
    pub fn parse(one: UserId, other: UserId) -> Result<Self, Invalid> {
        if one == other {
            return Err(Invalid::new(Fault::Conflict, "must be another user"));
        }
        Ok(Self {
            low: one.min(other),
            high: one.max(other),
        })
    }

    /// The user with the smaller id.
    pub const fn low(self) -> UserId {
        self.low
    }

    /// The user with the greater id.
    pub const fn high(self) -> UserId {
        self.high
    }
}

/// Whose conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// Of two users.
    Direct(DirectPair),
    /// Of a group's members.
    Group(GroupId),
}

/// A living conversation: one whose group, if it is a group's, has not been deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Whose it is.
    pub kind: ConversationKind,
    /// The place of its latest message, deleted ones included.
    pub last_seq: Seq,
}

/// One user's reading of one conversation. What is unseen is `last_seq - cleared`, so that a send
/// touches no row of any reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The user.
    pub user_id: UserId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The conversation's `last_seq` when the user joined: nothing up to here was ever unseen.
    pub joined_seq: Seq,
    /// Everything up to here counts as seen, by joining or by an `up_to`.
    pub seen_through: Seq,
    /// Of the places 1 to the conversation's `last_seq`, how many are not unseen: those from before
    /// joining, of own messages, of seen and of deleted ones. Unseen is `last_seq - cleared`.
    pub cleared: i64,
}

impl Participant {
    /// A user who joins when the conversation stands at `last_seq`.
    pub const fn joining(conversation_id: ConversationId, user_id: UserId, last_seq: Seq) -> Self {
        Self {
            user_id,
            conversation_id,
            joined_seq: last_seq,
            seen_through: last_seq,
            cleared: last_seq.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_no_order_and_two_users() {
        let [a, b] = [3, 7].map(|id| UserId::parse(id).unwrap());
        assert_eq!(DirectPair::parse(a, b), DirectPair::parse(b, a));
        assert_eq!(DirectPair::parse(a, a).unwrap_err().fault, Fault::Conflict);
    }
}
