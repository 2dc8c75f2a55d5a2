//! Storage of messages.

use super::StoreResult;
use crate::{FoundMessage, Message, MessageId, NewMessage, Timeline, Timestamp};

/// Reading messages. Deleted ones are absent unless said otherwise.
pub trait MessagesRead {
    /// The message with this id; also in a deleted group, whose conversation is then absent.
    fn message(&mut self, id: MessageId) -> StoreResult<Option<Message>>;

    /// The messages with these ids, or what is left of them; in no order. Those of a deleted group count as
    /// deleted.
    fn found_messages(&mut self, ids: &[MessageId]) -> StoreResult<Vec<FoundMessage>>;

    /// Whether a message with this id, deleted or not, stands in the timeline.
    fn timeline_contains(&mut self, timeline: Timeline, id: MessageId) -> StoreResult<bool>;

    /// At most `take` messages older than `below` (from the newest when none), newest first, after
    /// skipping `skip`.
    fn messages_older(
        &mut self,
        timeline: Timeline,
        below: Option<MessageId>,
        skip: i64,
        take: i64,
    ) -> StoreResult<Vec<Message>>;

    /// At most `take` messages newer than `above` (from the oldest when none), oldest first.
    fn messages_newer(
        &mut self,
        timeline: Timeline,
        above: Option<MessageId>,
        take: i64,
    ) -> StoreResult<Vec<Message>>;
}

/// Writing messages.
pub trait Messages: MessagesRead {
    /// Stores a message as the next of its locked conversation: gives it the next `seq` and an id,
    /// and clears it for its sender, who takes part in the conversation. Writes the same few rows
    /// whatever the number of participants.
    fn append_message(&mut self, message: &NewMessage) -> StoreResult<Message>;

    /// Locks the message with this id against deletion alone: any number may hold it so at a time.
    fn hold_message(&mut self, id: MessageId) -> StoreResult<Option<Message>>;

    /// Locks the message with this id against everybody.
    fn lock_message(&mut self, id: MessageId) -> StoreResult<Option<Message>>;

    /// Deletes a locked message: its content and file are erased, its `seq` stays used, and it is
    /// cleared for everybody to whom it was unseen.
    fn delete_message(&mut self, message: &Message, at: Timestamp) -> StoreResult<()>;
}
