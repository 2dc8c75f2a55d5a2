//! A histogram that any thread adds to, for two atomic adds.

use std::sync::atomic::{AtomicU64, Ordering};

use chat_domain::ports::Histogram;

/// Microseconds of a commit: an fsync takes 50 of a fast disk and thousands of a slow one.
pub(crate) const MICROSECONDS: &[u64] = &[
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000,
];

/// Counts values by their size. They are whole numbers of a small unit; what is read from it is in a
/// greater one.
pub(crate) struct Recorder {
    /// The greatest value of each range, ascending.
    greatest: &'static [u64],
    /// One for each range, and one for what is above all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    /// How many of the small unit are one of the greater.
    in_one: u32,
}

impl Recorder {
    pub(crate) fn new(greatest: &'static [u64], in_one: u32) -> Self {
        Self {
            greatest,
            counts: (0..=greatest.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            in_one,
        }
    }

    pub(crate) fn add(&self, value: u64) {
        let range = self.greatest.partition_point(|&greatest| greatest < value);
        self.counts[range].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was added until now. The sum may be of a moment later than the counts.
    pub(crate) fn read(&self) -> Histogram {
        let mut counts: Vec<u64> = self.counts.iter().map(load).collect();
        let above = counts.pop().unwrap_or_default();
        let greatest = self.greatest.iter().map(|&value| self.in_great(value));
        Histogram {
            ranges: greatest.zip(counts).collect(),
            above,
            sum: self.in_great(load(&self.sum)),
        }
    }

    /// A number of the small unit, in the greater.
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, which is 285 years of microseconds"
    )]
    fn in_great(&self, small: u64) -> f64 {
        small as f64 / f64::from(self.in_one)
    }
}

fn load(atomic: &AtomicU64) -> u64 {
    atomic.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_into_the_first_range_that_is_not_too_small() {
        let recorder = Recorder::new(&[100, 2_500], 1_000);
        for value in [0, 99, 100, 101, 2_500, 2_501, 1_000_000] {
            recorder.add(value);
        }
        let read = recorder.read();
        assert_eq!(read.ranges, [(0.1, 3), (2.5, 2)]);
        assert_eq!((read.above, read.sum), (2, 1_005.301));
    }
}
