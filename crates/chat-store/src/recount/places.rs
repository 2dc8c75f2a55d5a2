//! Places of messages, and how many of them lie within a range.

use super::ranges::Range;

/// Places of living messages, ascending.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<i64>);

impl Places {
    /// One more, after all others.
    pub(super) fn push(&mut self, place: i64) {
        self.0.push(place);
    }

    /// How many lie from `from` to `to`, both included.
    pub(super) fn within(&self, (from, to): Range) -> i64 {
        let below = |bound: i64| self.0.partition_point(|place| *place <= bound);
        count(below(to).saturating_sub(below(from - 1)))
    }

    /// How many lie after a place.
    pub(super) fn after(&self, place: i64) -> i64 {
        self.within((place.saturating_add(1), i64::MAX))
    }
}

/// What is counted in memory fits a column.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
