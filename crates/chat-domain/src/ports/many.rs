//! Storage of many sends in one transaction.

use super::{Conversations, Events, Members, Messages, StoreResult, Users};
use crate::{ConversationId, ConversationKind, GroupId, Message, NewEvent, NewMessage, UserId};

/// What the nouns' own traits do for one, done for many. Each answers in the order of what it was given,
/// and comes to what the one does for each in that order.
///
/// The defaults do just that. A store to which every statement is a journey needs few for all of them.
pub trait Many: Users + Members + Conversations + Messages + Events {
    /// Locks those of these conversations that nobody else has locked just now, and waits for none; one
    /// that is not there, or that another has locked, is absent. Of a group that was deleted it may be
    /// given or not: what is read after it, in a statement of its own, says what is so.
    fn lock_free_conversations(
        &mut self,
        of: &[ConversationKind],
    ) -> StoreResult<Vec<Option<ConversationId>>> {
        let lock = |kind: &ConversationKind| {
            let locked = match *kind {
                ConversationKind::Group(group) => self.lock_group_conversation(group)?,
                ConversationKind::Direct(pair) => match self.direct_conversation(pair)? {
                    Some(conversation) => self.lock_conversation(conversation.id)?,
                    None => None,
                },
            };
            Ok(locked.map(|conversation| conversation.id))
        };
        of.iter().map(lock).collect()
    }

    /// Whether each is a member of the group beside it. A member means that both are living.
    fn are_members(&mut self, of: &[(GroupId, UserId)]) -> StoreResult<Vec<bool>> {
        let role = |&(group, user): &(GroupId, UserId)| Ok(self.role(group, user)?.is_some());
        of.iter().map(role).collect()
    }

    /// Whether a living user has each id.
    fn users_exist(&mut self, ids: &[UserId]) -> StoreResult<Vec<bool>> {
        ids.iter().map(|id| self.user_exists(*id)).collect()
    }

    /// Stores messages of locked conversations. Those of one conversation get places and ids in the
    /// order in which they are given.
    fn append_messages(&mut self, messages: &[NewMessage]) -> StoreResult<Vec<Message>> {
        let append = |message| self.append_message(message);
        messages.iter().map(append).collect()
    }

    /// Appends entries, in this order as far as they are of one conversation.
    fn append_events(&mut self, events: &[NewEvent]) -> StoreResult<()> {
        events.iter().try_for_each(|event| self.append_event(event))
    }
}
