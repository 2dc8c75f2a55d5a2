//! Live delivery: every reader is given what it may see of the log, in order, once, from where it was.
//!
//! A [`Reader`] reads the log from its cursor to the end, by [pages](page). Then it joins those that the
//! [follower](follower) hands every new entry to, by an [index](index) of who is connected where. When
//! it is too slow for that, its [queue](queue) is given up, and it reads the log again: at its own pace, and at no
//! cost to anybody else. So there is one order and one truth, the log's, whichever way it comes.

mod budget;
mod bus;
mod event;
mod follower;
mod hub;
mod hydrate;
mod index;
mod page;
mod presence;
mod queue;
mod reader;
mod recent;
mod retention;
mod round;
mod subscription;
mod sync;
mod typing;

use crate::ServiceError;

pub use bus::LocalBus;
pub use event::{Event, EventData, Membership, Notice};
pub(crate) use hub::Hub;
pub use page::EventPage;
pub use reader::Reader;
pub use sync::Synced;

/// The most bytes of events that wait for the readers of a node; beyond that, whoever is behind reads the log.
const MOST_WAITING_IN_ALL: usize = 16 * 1024 * 1024;

/// Why a reader is given nothing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The service is being stopped; another node, or this one later, goes on from the reader's cursor.
    #[error("the service is being stopped")]
    Stopping,
    /// The reader's user was deleted.
    #[error("the user was deleted")]
    ActorGone,
    /// What was to be read can't be: the store failed, or the cursor is older than what the log still has.
    #[error(transparent)]
    Failed(ServiceError),
}

impl From<ServiceError> for Ended {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::UnknownActor(_) => Self::ActorGone,
            other => Self::Failed(other),
        }
    }
}
