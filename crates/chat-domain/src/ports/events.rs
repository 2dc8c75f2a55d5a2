//! Storage of the log.

use super::StoreResult;
use crate::{LogState, LoggedEvent, NewEvent};

/// Reading the log.
pub trait EventsRead {
    /// Which log it is, and how far it has come.
    fn log_state(&mut self) -> StoreResult<LogState>;

    /// At most `take` entries with positions above `after`, in order.
    fn events(&mut self, after: i64, take: i64) -> StoreResult<Vec<LoggedEvent>>;
}

/// Writing the log.
pub trait Events: EventsRead {
    /// Appends an entry, committed together with the change that it tells of.
    fn append_event(&mut self, event: &NewEvent) -> StoreResult<()>;
}
