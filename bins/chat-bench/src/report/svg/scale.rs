//! Where things stand in a picture: the numbers on its axes, and labels that don't overlap.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// What an axis covers, and where it has marks.
pub(super) struct Axis {
    pub(super) range: Range<f64>,
    pub(super) ticks: Vec<f64>,
    logarithmic: bool,
}

impl Axis {
    /// Logarithmic, with a mark at what was measured, as long as the marks are far enough from each
    /// other to be read.
    pub(super) fn of_sizes(mut sizes: Vec<f64>) -> Self {
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let first = sizes.first().copied().unwrap_or(1.0);
        let last = sizes.last().copied().unwrap_or(1.0);
        let span = (last / first).ln();
        let near = |a: f64, b: f64| (b / a).ln() < span / 11.0;
        let mut ticks = vec![first];
        for size in sizes {
            let before = ticks.last().copied().unwrap_or(first);
            // The last is always told, whatever stands close before it.
            if size > before && (size == last || !near(before, size) && !near(size, last)) {
                ticks.push(size);
            }
        }
        // A little space, so that no point lies on the edge; a lone one is in the middle.
        let space = if span > 0.0 { (span / 25.0).exp() } else { 2.0 };
        Self {
            range: first / space..last * space,
            ticks,
            logarithmic: true,
        }
    }

    /// From zero to a round number above the highest cost, in four to seven steps.
    pub(super) fn of_costs(highest: f64) -> Self {
        // Next to nothing is no more than nothing, and has no steps that could be counted.
        let highest = if highest > 1e-6 { highest } else { 1.0 };
        let step = round_step(highest / 6.0);
        let steps = (highest * 1.02 / step).ceil() as u32;
        Self {
            range: 0.0..step * f64::from(steps),
            ticks: (0..=steps).map(|n| step * f64::from(n)).collect(),
            logarithmic: false,
        }
    }

    /// How many decimals its evenly spaced marks have.
    pub(super) fn decimals(&self) -> usize {
        let step = self.ticks.get(1).copied().unwrap_or(1.0);
        let is_whole = |decimals: &i32| {
            let shifted = step * 10_f64.powi(*decimals);
            (shifted - shifted.round()).abs() < 1e-6 && shifted >= 1.0
        };
        (0..6).find(is_whole).unwrap_or(6) as usize
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let Range { start, end } = self.range;
        let part = if self.logarithmic {
            (value / start).ln() / (end / start).ln()
        } else {
            (value - start) / (end - start)
        };
        from + (f64::from(to - from) * part).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Fine lines between the marks would only be in the way.
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.clone()
        }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// The next number from here that people like to count in.
fn round_step(least: f64) -> f64 {
    let unit = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0].into_iter();
    let step = round.map(|n| n * unit).find(|&step| step >= least);
    step.unwrap_or(10.0 * unit)
}

/// Places that are at least `gap` apart and within a range, as near as can be to the wanted ones,
/// which are in order; closer together if there are too many.
pub(super) fn spread(wanted: &[i32], gap: i32, within: Range<i32>) -> Vec<i32> {
    let between = wanted.len().saturating_sub(1).max(1) as i32;
    let gap = gap.min((within.end - within.start) / between);
    let mut places: Vec<i32> = Vec::with_capacity(wanted.len());
    for &place in wanted {
        let least = places.last().map_or(within.start, |last| last + gap);
        places.push(place.max(least));
    }
    // What was pushed beyond the end pushes back.
    let mut most = within.end;
    for place in places.iter_mut().rev() {
        *place = most.min(*place);
        most = *place - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(43.0, &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0], 0)]
    // Not quite at the top.
    #[case(60.0, &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0], 0)]
    #[case(61.0, &[0.0, 20.0, 40.0, 60.0, 80.0], 0)]
    #[case(13.0, &[0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0], 1)]
    #[case(1.25, &[0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5], 2)]
    #[case(2e9, &[0.0, 5e8, 1e9, 1.5e9, 2e9, 2.5e9], 0)]
    fn costs_have_round_marks(
        #[case] highest: f64,
        #[case] ticks: &[f64],
        #[case] decimals: usize,
    ) {
        let axis = Axis::of_costs(highest);
        assert_eq!(axis.ticks, ticks);
        assert_eq!(axis.decimals(), decimals);
        assert!(axis.range.contains(&highest));
    }

    #[test]
    fn costs_of_nothing_have_an_axis_all_the_same() {
        let axis = Axis::of_costs(0.0);
        assert!(axis.range.end > 1.0);
        assert!(axis.ticks.len() > 4);
    }

    #[rstest]
    #[case(&[1e4, 1e6, 1e5, 1e4], &[1e4, 1e5, 1e6])]
    #[case(&[2.0, 10.0, 100.0, 1_000.0], &[2.0, 10.0, 100.0, 1_000.0])]
    #[case(&[7.0], &[7.0])]
    // Some are too close to one that is told.
    #[case(&[1e3, 1.1e3, 1e4, 0.99e6, 1e6], &[1e3, 1e4, 1e6])]
    fn sizes_are_marked_where_they_were_measured(#[case] sizes: &[f64], #[case] ticks: &[f64]) {
        let axis = Axis::of_sizes(sizes.to_vec());
        assert_eq!(axis.ticks, ticks);
        assert!(sizes.iter().all(|size| axis.range.contains(size)));
    }

    #[rstest]
    #[case(&[10, 50, 90], &[10, 50, 90])]
    #[case(&[50, 50, 52], &[50, 70, 90])]
    #[case(&[90, 95, 99], &[60, 80, 100])]
    #[case(&[-5, 200], &[0, 100])]
    #[case(&[70], &[70])]
    #[case(&[], &[])]
    // More than there is room for.
    #[case(&[5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], &[0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])]
    fn labels_keep_apart(#[case] wanted: &[i32], #[case] places: &[i32]) {
        assert_eq!(spread(wanted, 20, 0..100), places);
    }
}
