//! Storage of the log.

use super::StoreResult;
use crate::{ConversationId, LogState, LoggedEvent, NewEvent, Stay, Timestamp, UserId};

/// Reading the log.
///
/// What this node has said to be committed is in the log for whoever asks for it first in its transaction by
/// [`log_state`](Self::log_state) or [`events`](Self::events): if it has to, the store waits for it.
pub trait EventsRead {
    /// Which log it is, and how far it has come.
    fn log_state(&mut self) -> StoreResult<LogState>;

    /// At most `take` entries with positions above `after`, in order.
    fn events(&mut self, after: i64, take: i64) -> StoreResult<Vec<LoggedEvent>>;

    /// The same of what is in the log by now, without waiting for anything; and how far it has come. For who
    /// follows the log and is told when it grows.
    fn events_by_now(&mut self, after: i64, take: i64)
    -> StoreResult<(LogState, Vec<LoggedEvent>)>;

    /// At most `take` entries of these conversations, and of none (those about a user alone), with positions
    /// above `after` and up to `through`, in order. Its cost grows with the number of conversations and with
    /// what is found, and not with what else is in the log.
    fn events_of(
        &mut self,
        conversations: &[ConversationId],
        after: i64,
        through: i64,
        take: i64,
    ) -> StoreResult<Vec<LoggedEvent>>;

    /// The earliest entry of this conversation that the log still has.
    fn first_event_of(&mut self, conversation: ConversationId) -> StoreResult<Option<LoggedEvent>>;

    /// The user's stays in groups that began up to the position `through`, by their beginning, as the log tells
    /// them up to there: what comes later is left out, and not what the tables say.
    fn stays(&mut self, user: UserId, through: i64) -> StoreResult<Vec<Stay>>;
}

/// Writing the log.
pub trait Events: EventsRead {
    /// Appends an entry, committed together with the change that it tells of.
    fn append_event(&mut self, event: &NewEvent) -> StoreResult<()>;

    /// Goes on over about `most` of the oldest entries from before `before`, and says over how many: they are
    /// removed, but for those of [membership](crate::EventKind::is_of_membership). It ends at the first that
    /// is not old enough. [`LogState::forgotten`] says how far it has come.
    fn forget_events(&mut self, before: Timestamp, most: i64) -> StoreResult<usize>;
}
