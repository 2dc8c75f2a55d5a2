//! Rounds of a workload and of its floor in turn, and what they come to.

use std::time::Duration;

use anyhow::Result;

use crate::client::Target;
use crate::load::{self, Latencies, Load, Pace, Round, Until, Workload};
use crate::report::{Ratio, Row, Wanted};
use crate::usage;

/// How long each side runs unmeasured before the first round, as a share of a round.
const WARM_UP: f64 = 0.1;

/// How often and how long, and at which pace.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    pub(crate) count: usize,
    pub(crate) lasting: Duration,
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
}

/// What the rounds of one side came to.
pub(crate) struct Series {
    rates: Vec<f64>,
    latencies: Latencies,
    requests: u64,
    elapsed: Duration,
    cpu: Option<Duration>,
    peak: Option<u64>,
}

impl Series {
    pub(crate) fn new() -> Self {
        Self {
            rates: Vec::new(),
            latencies: Latencies::new(),
            requests: 0,
            elapsed: Duration::ZERO,
            cpu: None,
            peak: None,
        }
    }

    /// Runs one more round; how many requests it had.
    pub(crate) fn run<W: Workload>(
        &mut self,
        target: &Target,
        workload: &W,
        load: Load,
    ) -> Result<u64> {
        target.pid.iter().copied().for_each(usage::forget_peak);
        let round = load::run(target, workload, load)?;
        if let Some(used) = round.cpu {
            self.cpu = Some(self.cpu.unwrap_or_default() + used);
        }
        self.peak = self.peak.max(target.pid.and_then(usage::peak));
        self.add(&round)?;
        Ok(round.requests)
    }

    /// Adds a round that was run elsewhere.
    pub(crate) fn add(&mut self, round: &Round) -> Result<()> {
        self.rates.push(round.per_second());
        self.requests += round.requests;
        self.elapsed += round.elapsed;
        self.latencies.add_all(&round.latencies)
    }

    /// The median of the rounds.
    pub(crate) fn per_second(&self) -> f64 {
        median(self.rates.clone())
    }

    /// All requests by the time of all rounds, which counts long ones for more.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn overall(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn quantile(&self, share: f64) -> f64 {
        self.latencies.quantile(share)
    }

    /// Processor time of one request, in microseconds.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn cpu_us(&self) -> Option<f64> {
        let requests = self.requests.max(1) as f64;
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / requests)
    }

    /// The most memory that the target held in any round, in bytes.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.peak
    }

    /// As a row of the report.
    pub(crate) fn row(&self, name: &'static str, what: &str, connections: usize) -> Row {
        Row {
            name,
            what: what.to_owned(),
            connections,
            fixed_rate: None,
            per_second: self.per_second(),
            rounds: self.rates.clone(),
            p50_ms: self.quantile(0.5),
            p99_ms: self.quantile(0.99),
            p999_ms: self.quantile(0.999),
            floor: None,
            ratio: None,
            cpu_us: self.cpu_us(),
            peak_bytes: self.peak,
            disk_bytes: None,
        }
    }

    /// The same, compared with the rate of a floor.
    pub(crate) fn row_over(
        &self,
        (name, what, connections): (&'static str, &str, usize),
        (floor, of_floor): (&'static str, &Self),
        wanted: Wanted,
    ) -> Row {
        let value = self.per_second() / of_floor.per_second();
        Row {
            floor: Some(floor),
            ratio: Some(Ratio { value, wanted }),
            ..self.row(name, what, connections)
        }
    }
}

/// Runs the floor and the workload in turn, after both have warmed up; the floor first, if there is one.
pub(crate) fn in_turn<F: Workload, W: Workload>(
    floor: Option<(&Target, &F)>,
    (target, workload): (&Target, &W),
    rounds: Rounds,
    mut between: impl FnMut() -> Result<()>,
) -> Result<(Series, Series)> {
    let load = |share: f64, first: u64| Load {
        connections: rounds.connections,
        pace: rounds.pace,
        until: Until::Lasting(rounds.lasting.mul_f64(share)),
        first,
    };
    let (mut ignored, mut asked_floor, mut asked) = (Series::new(), 0, 0);
    if let Some((target, floor)) = floor {
        asked_floor += ignored.run(target, floor, load(WARM_UP, asked_floor))?;
    }
    asked += ignored.run(target, workload, load(WARM_UP, asked))?;
    let (mut of_floor, mut measured) = (Series::new(), Series::new());
    for _ in 0..rounds.count {
        between()?;
        if let Some((target, floor)) = floor {
            asked_floor += of_floor.run(target, floor, load(1.0, asked_floor))?;
        }
        asked += measured.run(target, workload, load(1.0, asked))?;
    }
    Ok((of_floor, measured))
}

/// The middle one, or what is halfway between the middle two; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    f64::midpoint(at(low), at(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(requests: u64, millis: u64) -> Round {
        let mut latencies = Latencies::new();
        for _ in 0..requests {
            latencies.add(Duration::from_millis(millis));
        }
        Round {
            requests,
            elapsed: Duration::from_secs(1),
            latencies,
            cpu: None,
        }
    }

    #[test]
    fn of_an_even_number_of_rounds_none_is_preferred() {
        for (values, middle) in [
            (vec![], 0.0),
            (vec![7.0], 7.0),
            (vec![9.0, 1.0], 5.0),
            (vec![9.0, 1.0, 2.0], 2.0),
            (vec![9.0, 1.0, 2.0, 4.0], 3.0),
        ] {
            assert!((median(values) - middle).abs() < 1e-9, "{middle}");
        }
    }

    #[test]
    fn a_row_has_the_median_of_the_rounds() {
        let (mut floor, mut series) = (Series::new(), Series::new());
        for requests in [100, 900, 200] {
            series.add(&round(requests, 2)).unwrap();
            floor.add(&round(1_000, 1)).unwrap();
        }
        let row = series.row_over(("W1", "send", 8), ("echo", &floor), Wanted::AtLeast(0.2));
        assert!((row.per_second - 200.0).abs() < 1e-9);
        assert_eq!(row.rounds, [100.0, 900.0, 200.0]);
        let ratio = row.ratio.unwrap();
        assert!((ratio.value - 0.2).abs() < 1e-9 && ratio.is_met());
        assert!((row.p50_ms - 2.0).abs() < 0.01);
        assert_eq!((row.cpu_us, row.peak_bytes), (None, None));
    }
}
