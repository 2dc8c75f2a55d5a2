//! How long requests took, to three digits.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The longest latency that is told apart, in nanoseconds; what took longer counts as this.
const LONGEST: u64 = 60_000_000_000;

/// Recorded in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        // The bounds are right, or no test of this file passes.
        Self(Histogram::new_with_bounds(1_000, LONGEST, 3).unwrap_or_else(|_| unreachable!()))
    }

    pub(crate) fn add(&mut self, taken: Duration) {
        let nanos = u64::try_from(taken.as_nanos()).unwrap_or(LONGEST);
        self.0.saturating_record(nanos);
    }

    pub(crate) fn add_all(&mut self, others: &Self) -> Result<()> {
        Ok(self.0.add(&others.0)?)
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    /// What this share of the requests did not exceed, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        Duration::from_nanos(self.0.value_at_quantile(share)).as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_what_was_added() {
        let mut one = Latencies::new();
        let mut other = Latencies::new();
        for millis in 1..=500 {
            one.add(Duration::from_millis(millis));
            other.add(Duration::from_millis(500 + millis));
        }
        one.add_all(&other).unwrap();
        assert_eq!(one.len(), 1_000);
        for (share, millis) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0)] {
            let told = one.quantile(share);
            assert!((told / millis - 1.0).abs() < 0.002, "{share}: {told}");
        }
    }

    #[test]
    fn what_is_beyond_the_bounds_is_not_lost() {
        let mut latencies = Latencies::new();
        latencies.add(Duration::ZERO);
        latencies.add(Duration::from_secs(3_600));
        assert_eq!(latencies.len(), 2);
        assert!(latencies.quantile(1.0) > 59_000.0);
    }
}
