//! The ranges that one reader has marked in one conversation.

/// The first and the last place of a range.
pub(crate) type Range = (i64, i64);

/// Ranges in order, merged where they meet, so that what they cover can be asked.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<Range>);

impl Ranges {
    /// Merges ranges in any order. Those that share places with one before them are given back beside.
    pub(super) fn merge(mut ranges: Vec<Range>) -> (Self, Vec<Range>) {
        ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::new();
        let mut overlapping = Vec::new();
        for (from, to) in ranges {
            match merged.last_mut() {
                Some((_, end)) if from <= end.saturating_add(1) => {
                    if from <= *end {
                        overlapping.push((from, to));
                    }
                    *end = to.max(*end);
                }
                _ => merged.push((from, to)),
            }
        }
        (Self(merged), overlapping)
    }

    /// Whether a place is covered.
    pub(super) fn cover(&self, place: i64) -> bool {
        let next = self.0.partition_point(|(_, to)| *to < place);
        self.0.get(next).is_some_and(|(from, _)| *from <= place)
    }

    /// What is covered after a place, in order.
    pub(super) fn after(&self, place: i64) -> impl Iterator<Item = Range> {
        let next = self.0.partition_point(move |(_, to)| *to <= place);
        self.0[next..]
            .iter()
            .map(move |(from, to)| ((*from).max(place + 1), *to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_meet_are_one_and_those_that_overlap_are_told() {
        let (ranges, overlapping) = Ranges::merge(vec![(4, 6), (1, 3), (9, 9), (6, 7)]);
        assert_eq!(ranges.0, [(1, 7), (9, 9)]);
        assert_eq!(overlapping, [(6, 7)]);
    }

    #[test]
    fn a_range_inside_another_ends_nothing_early() {
        let (ranges, overlapping) = Ranges::merge(vec![(1, 9), (2, 3)]);
        assert_eq!(ranges.0, [(1, 9)]);
        assert_eq!(overlapping, [(2, 3)]);
    }

    #[test]
    fn both_ends_of_a_range_are_covered() {
        let (ranges, _) = Ranges::merge(vec![(2, 3), (6, 6)]);
        let covered: Vec<i64> = (0..9).filter(|place| ranges.cover(*place)).collect();
        assert_eq!(covered, [2, 3, 6]);
    }

    #[test]
    fn what_lies_before_a_place_is_cut_off() {
        let (ranges, _) = Ranges::merge(vec![(2, 5), (7, 8)]);
        let after = |place| ranges.after(place).collect::<Vec<_>>();
        assert_eq!(after(0), [(2, 5), (7, 8)]);
        assert_eq!(after(3), [(4, 5), (7, 8)]);
        assert_eq!(after(5), [(7, 8)]);
        assert_eq!(after(8), []);
    }
}
