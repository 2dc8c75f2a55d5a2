//! Storage of conversations and of who takes part in them.

use super::StoreResult;
use crate::{
    Conversation, ConversationId, ConversationKind, DirectPair, GroupId, Overview, Page, PageLimit,
    Participant, Timestamp, UserId,
};

/// Reading conversations. Those of deleted groups are absent.
pub trait ConversationsRead {
    /// The conversation with this id.
    fn conversation(&mut self, id: ConversationId) -> StoreResult<Option<Conversation>>;

    /// The conversation of two users, once the first message was sent.
    fn direct_conversation(&mut self, pair: DirectPair) -> StoreResult<Option<Conversation>>;

    /// Whose these conversations are, also those of deleted groups; in no order.
    fn kinds_of(
        &mut self,
        ids: &[ConversationId],
    ) -> StoreResult<Vec<(ConversationId, ConversationKind)>>;

    /// The direct conversations that the user takes part in, each with the other user; by conversation id.
    fn directs(&mut self, user: UserId) -> StoreResult<Vec<(ConversationId, UserId)>>;

    /// What the user's conversations look like to it, by id, from the one after `after`: all that it takes part
    /// in, but those of deleted groups.
    fn overviews(
        &mut self,
        user: UserId,
        after: Option<ConversationId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Overview>>;

    /// How far a user has read a conversation; none when it takes no part in it.
    fn participant(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> StoreResult<Option<Participant>>;
}

/// Writing conversations. What is locked stays as it is read until the transaction ends; the order
/// of locks is conversation by id, message, file by id, user by id, blob, participants by user id. A lock
/// never keeps out the check of a foreign key (on PostgreSQL it is FOR NO KEY UPDATE), or a send and a mark
/// by the same user, who come to the conversation's row from two sides, would wait for each other. (A
/// change of a user's names does keep it out there, and so comes last.)
pub trait Conversations: ConversationsRead {
    /// Locks the conversation with this id.
    fn lock_conversation(&mut self, id: ConversationId) -> StoreResult<Option<Conversation>>;

    /// Locks the conversation of a living group.
    fn lock_group_conversation(&mut self, group: GroupId) -> StoreResult<Option<Conversation>>;

    /// Locks the conversation of two living users. If there is none, makes it, with both taking
    /// part from its start.
    fn lock_or_open_direct(&mut self, pair: DirectPair, at: Timestamp)
    -> StoreResult<Conversation>;

    /// Locks how far a user has read a conversation.
    fn lock_participant(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> StoreResult<Option<Participant>>;

    /// Stores a new participant.
    fn insert_participant(&mut self, participant: &Participant) -> StoreResult<()>;

    /// Stores the new state of a locked participant.
    fn update_participant(&mut self, participant: &Participant) -> StoreResult<()>;

    /// Takes a user out of a conversation; what it has seen stays on record.
    fn delete_participant(&mut self, conversation: ConversationId, user: UserId)
    -> StoreResult<()>;
}
