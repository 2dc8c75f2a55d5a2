//! Storage of read receipts and unseen counts.

use super::StoreResult;
use crate::{
    ConversationId, Message, MessageId, Page, PageLimit, Receipt, SeenRange, Seq, Timestamp,
    Unseen, UserId,
};

/// Reading receipts.
pub trait ReceiptsRead {
    /// When the user first saw the message: marked by name, else within a range.
    fn seen_at(&mut self, message: &Message, user: UserId) -> StoreResult<Option<Timestamp>>;

    /// Who has seen the message, by user id, from the one after `after`; never its sender.
    fn receipts(
        &mut self,
        message: &Message,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Receipt>>;

    /// What the user has not seen, at a cost that grows with its conversations alone.
    fn unseen(&mut self, user: UserId) -> StoreResult<Unseen>;
}

/// Writing receipts. The reader's participant is locked before.
pub trait Receipts: ReceiptsRead {
    /// Marks one message as seen by name.
    fn insert_seen(&mut self, message: MessageId, user: UserId, at: Timestamp) -> StoreResult<()>;

    /// Marks a range of places as seen; it overlaps no other of the same user.
    fn insert_seen_range(&mut self, range: &SeenRange) -> StoreResult<()>;

    /// How many messages with `after < seq <= through` are neither deleted, nor the user's own, nor
    /// marked by name.
    fn count_unmarked(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        after: Seq,
        through: Seq,
    ) -> StoreResult<i64>;

    /// The same from `after` to the conversation's end, which comes first: both as of one moment.
    fn count_unmarked_tail(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        after: Seq,
    ) -> StoreResult<(Seq, i64)>;
}
