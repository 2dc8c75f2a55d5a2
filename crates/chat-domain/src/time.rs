//! Points in time as they are stored.

use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time so much later; the latest there is, if that would be after it.
    #[must_use]
    pub fn later_by(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The time so much earlier; the earliest there is, if that would be before it.
    #[must_use]
    pub fn earlier_by(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_has_an_end() {
        let at = Timestamp::from_micros(1);
        assert_eq!(at.later_by(Duration::from_secs(5)).as_micros(), 5_000_001);
        assert_eq!(at.later_by(Duration::MAX).as_micros(), i64::MAX);
    }

    #[test]
    fn earlier_has_an_end() {
        let at = Timestamp::from_micros(5_000_001);
        assert_eq!(at.earlier_by(Duration::from_secs(5)).as_micros(), 1);
        let first = Timestamp::from_micros(i64::MIN);
        assert_eq!(
            at.earlier_by(Duration::MAX).earlier_by(Duration::MAX),
            first
        );
    }
}
