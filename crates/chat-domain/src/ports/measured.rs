//! The port to what an adapter tells about its own work: figures for those who run it.

/// Something that counts its own work.
pub trait Measured: Send + Sync {
    /// Every figure as it stands now, always the same ones. It is asked again and again by a thread
    /// that must not wait, also when the adapter is closed or fails: what there is none of is 0.
    fn measure(&self) -> Vec<Measurement>;
}

/// One figure, with what an operator has to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// In `snake_case`, beginning with whose it is and ending with its unit: `chat_store_wal_bytes`.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub help: &'static str,
    /// The figure.
    pub figure: Figure,
}

/// How a figure moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// It only grows.
    Counter(u64),
    /// It comes and goes.
    Gauge(u64),
    /// Many values, sorted by size.
    Histogram(Histogram),
}

/// How many values fell into each of several ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The greatest value of each range, ascending, with how many fell into it.
    pub ranges: Vec<(f64, u64)>,
    /// How many were greater than the last range.
    pub above: u64,
    /// All values together.
    pub sum: f64,
}

impl Histogram {
    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.above + self.ranges.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// The greatest value of each range, with how many were not greater.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        self.ranges.iter().scan(0, |sum, &(greatest, count)| {
            *sum += count;
            Some((greatest, *sum))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let histogram = Histogram {
            ranges: vec![(1.0, 3), (2.0, 0), (4.0, 2)],
            above: 1,
            sum: 17.0,
        };
        assert_eq!(histogram.count(), 6);
        let cumulative: Vec<_> = histogram.cumulative().collect();
        assert_eq!(cumulative, [(1.0, 3), (2.0, 3), (4.0, 5)]);
    }
}
