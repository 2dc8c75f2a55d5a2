//! The workloads that change nothing.

use anyhow::Result;

use super::{Bench, EASY, Named, compared};
use crate::load::{Pace, Workload};
use crate::measure::in_turn;
use crate::options::CONNECTIONS;
use crate::progress::step;
use crate::report::{Row, Wanted};
use crate::workloads::{Constant, Deep, Echo, Hot, Unseen};

impl Bench<'_> {
    pub(super) fn reads(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        if self.options.wants("w2h") {
            let named = Named {
                name: "W2h",
                what: "GET /messages, newest 50",
                wanted: Wanted::AtLeast(0.5),
            };
            let hot = Hot::new(&self.world, &self.history)?;
            let page = self.floor.as_ref().map_or(&[][..], |floor| &floor.page);
            rows.extend(self.read(named, &hot, ("page", &Constant(page)))?);
        }
        if self.options.wants("w2") {
            let named = Named {
                name: "W2",
                what: "GET /messages, 50 before any",
                wanted: Wanted::AtLeast(0.2),
            };
            let deep = Deep::new(&self.world, &self.history)?;
            rows.extend(self.read(named, &deep, ("echo", &Echo))?);
        }
        if self.options.wants("w3") {
            let named = Named {
                name: "W3",
                what: "GET /messages/unseen/:id",
                wanted: Wanted::AtLeast(0.25),
            };
            let unseen = Unseen::new(&self.world, &self.history)?;
            rows.extend(self.read(named, &unseen, ("echo", &Echo))?);
        }
        Ok(rows)
    }

    /// A workload that changes nothing: in a closed loop beside its floor, and at a rate that it can keep.
    fn read<W: Workload, F: Workload>(
        &self,
        named: Named,
        workload: &W,
        (of_floor, floor): (&'static str, &F),
    ) -> Result<Vec<Row>> {
        if let Some(rate) = self.options.rate {
            return Ok(vec![self.paced(named, workload, rate, CONNECTIONS)?]);
        }
        step(format_args!("{}: {}", named.name, named.what));
        let target = self.floor.as_ref().map(|floor| floor.child.target());
        let beside = target.as_ref().map(|target| (target, floor));
        let rounds = self.rounds(CONNECTIONS, Pace::Closed);
        let (below, series) = in_turn(beside, (&self.target, workload), rounds, || Ok(()))?;
        let easy = series.per_second() * EASY;
        let mut rows = vec![compared(
            &series,
            named,
            CONNECTIONS,
            beside.map(|_| (of_floor, &below)),
        )];
        rows.push(self.paced(named, workload, easy, CONNECTIONS)?);
        if beside.is_some() {
            rows.push(below.row(of_floor, "floor", CONNECTIONS));
        }
        Ok(rows)
    }
}
