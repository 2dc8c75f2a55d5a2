//! Counting everything anew: whether each counter, each place and each time that is stored is what the
//! rows it was derived from say.
//!
//! Nothing here knows a database: rows go in, differences come out. The counts are made from first
//! principles, over the messages themselves, and not by the rules that moved the counters when
//! something happened; a mistake in those shows here.
//!
//! - [`conversation`] counts one conversation: its places, who takes part, what each has not seen.
//! - [`log`] compares the log with the tables. It stands apart because it needs the whole log.
//! - [`Doubts`] are what that leaves open. What is counted from them is told, and never mended.

pub(crate) mod conversation;
mod difference;
mod doubts;
mod error;
mod found;
pub(crate) mod log;
mod meter;
mod places;
mod ranges;

pub use difference::Difference;
pub(crate) use doubts::Doubts;
pub use error::RecountError;
pub(crate) use found::Found;
pub(crate) use meter::Meter;

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recount {
    /// How many conversations there are, those of deleted groups included.
    pub conversations: u64,
    /// How many messages, the deleted ones included.
    pub messages: u64,
    /// How many users take part in a conversation, counted for each conversation.
    pub participants: u64,
    /// How many messages were marked as seen by name.
    pub seens: u64,
    /// How many ranges were marked as seen.
    pub ranges: u64,
    /// How long the log is.
    pub events: u64,
    /// The first [`Recount::KEPT`] differences.
    pub differences: Vec<Difference>,
    /// How many differences there are in all.
    pub found: u64,
}

impl Recount {
    /// At most so many differences are kept, so that no damage makes a report too large for the
    /// memory; all are counted.
    pub const KEPT: usize = 100;

    /// Whether everything is as it must be.
    pub fn agrees(&self) -> bool {
        self.found == 0
    }
}

/// What a repair has mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mended {
    /// The first [`Recount::KEPT`] of these differences.
    pub differences: Vec<Difference>,
    /// How many were mended in all.
    pub count: u64,
}

/// What a repair came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// What was found.
    pub before: Recount,
    /// What of that was mended.
    pub mended: Mended,
    /// What a second count found when that was done.
    pub after: Recount,
}
